"""`manage.py sweep`: one pass over what is due, now."""

import json
from typing import Any

from django.core.management.base import BaseCommand

from sla import clocks


class Command(BaseCommand):
    help = "Fire what is due on the SLA clocks now; prints what was done as one JSON object."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(json.dumps(clocks.sweep()))
