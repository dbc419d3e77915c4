"""One pass of the outbox, now: for cron, for operators and for checks from outside."""

import json

from django.core.management.base import BaseCommand

from messaging import outbox


class Command(BaseCommand):
    help = "Send what is due in the outbox and print how it went as one JSON object."

    def handle(self, *args: object, **options: object) -> None:
        self.stdout.write(json.dumps(outbox.deliver_due(patient=True)))
