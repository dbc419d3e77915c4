"""Imports accounts from a file in the columns of any of the known systems."""

from accounts.imports.accounts import AccountImporter
from team.sheets.command import ImportCommand


class Command(ImportCommand):
    help = "Imports accounts from a .csv or .xlsx file. All or nothing, unless --skip-bad-rows."
    importer = AccountImporter
