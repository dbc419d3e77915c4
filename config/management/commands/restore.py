"""`manage.py restore FILE`: puts a backup back, whole or not at all."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.backups import taking
from config.backups.archive import BackupRefused


class Command(BaseCommand):
    help = (
        "Puts the backup FILE into the database, then brings it up to this release. End the web "
        "part and the workers first."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--yes", action="store_true", help="Overwrite what the database holds now."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            manifest, done = taking.restore(options["file"], overwrite=options["yes"])
        except BackupRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        rows = sum(manifest.rows.values())
        self.stdout.write(f"Restored {rows} rows as of {manifest.taken_at}.")
        for sentence in done:
            self.stdout.write(sentence)
