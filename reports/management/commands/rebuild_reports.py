"""`manage.py rebuild_reports`: reads the whole log anew for the reports and counts every day."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from reports import facts, rollup


class Command(BaseCommand):
    help = (
        "Read the whole log anew for the reports and count every day again. The same figures come "
        "of it: this is for after a restored backup, or a doubt. Prints JSON."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--days-only", action="store_true", help="keep the facts and count only the days anew"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        handoffs = 0
        if options["days_only"]:
            rollup.count_all_anew()
            facts.catch_up()
        else:
            handoffs = facts.rebuild()
        counted = rollup.roll(timezone.now())
        self.stdout.write(json.dumps({"handoffs": handoffs, "days": counted}))
