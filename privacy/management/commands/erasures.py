"""`manage.py erasures`: digests of who was erased, to be kept beside backups and applied again."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from privacy import people


class Command(BaseCommand):
    help = "Print the digests of erased addresses; --apply takes in a list and erases who is back."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--apply", type=Path, metavar="FILE", help="such a list")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["apply"] is None:
            for line in people.erasures():
                self.stdout.write(line)
            return
        try:
            lines = options["apply"].read_text().split("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{options['apply']} cannot be read.") from error
        try:
            added = people.take_erasures([line for line in lines if line.strip()])
        except ValueError as error:
            raise CommandError(str(error)) from error
        back = people.erase_again(at=timezone.now())
        self.stdout.write(f"{added} digests added, {back} people erased again.")
