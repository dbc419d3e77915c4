"""`manage.py retention`: forgets now what is too old, as the worker does every night."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from privacy import retention


class Command(BaseCommand):
    help = "Forget what is older than settings.RETENTION says; prints how much of each, as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count, and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        found = retention.forget(timezone.now(), dry_run=options["dry_run"])
        self.stdout.write(json.dumps({"dry_run": options["dry_run"], **found}, indent=2))
