"""`manage.py erase_person MAIL`: takes a person out of every row and keeps them out."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from privacy import people
from privacy.erasing import NotErasable


class Command(BaseCommand):
    help = (
        "Erase the person with this e-mail address everywhere and keep the address from coming "
        "back. Prints how many rows it changed, as JSON; nothing in it is personal."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--dry-run", action="store_true", help="count, and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            result = people.erase(
                options["email"], by=None, at=timezone.now(), dry_run=options["dry_run"]
            )
        except NotErasable as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps({"dry_run": options["dry_run"], **result.as_data()}, indent=2))
