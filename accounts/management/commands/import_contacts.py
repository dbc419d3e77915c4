"""Imports contacts from a file in the columns of any of the known systems."""

from accounts.imports.contacts import ContactImporter
from team.sheets.command import ImportCommand


class Command(ImportCommand):
    help = "Imports contacts from a .csv or .xlsx file. All or nothing, unless --skip-bad-rows."
    importer = ContactImporter
    takes_country = True
