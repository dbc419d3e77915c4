"""Imports people with managers and territories from a file."""

from team.imports import PeopleImporter
from team.sheets.command import ImportCommand


class Command(ImportCommand):
    help = "Imports people from a .csv or .xlsx file. All or nothing, unless --skip-bad-rows."
    importer = PeopleImporter
