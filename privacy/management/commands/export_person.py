"""`manage.py export_person MAIL`: prints everything we hold about a person as JSON."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from privacy import exporting, people


class Command(BaseCommand):
    help = "Print everything we hold about the person with this e-mail address, as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--zip", type=Path, help="write data and a readable page into it")

    def handle(self, *args: Any, **options: Any) -> None:
        found = people.export(options["email"], by=None, at=timezone.now())
        if options["zip"] is None:
            self.stdout.write(exporting.as_json(found))
            return
        try:
            options["zip"].touch(mode=0o600, exist_ok=False)
        except OSError as error:
            raise CommandError(f"{options['zip']}: {error.strerror}.") from error
        options["zip"].write_bytes(exporting.archive(found))
        self.stdout.write(f"Written to {options['zip']}.")
