"""`manage.py backup FILE`: a copy of the database, taken while people work."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from config.backups import taking
from config.backups.archive import BackupRefused


class Command(BaseCommand):
    help = "Writes a backup of the whole database to FILE. Nobody has to stop working for it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            manifest = taking.take(options["file"], now=timezone.now())
        except BackupRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        size = options["file"].stat().st_size / 1e6
        rows = sum(manifest.rows.values())
        self.stdout.write(f"{options['file']}: {rows} rows, {size:.1f} MB.")
