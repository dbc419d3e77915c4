"""One pass of the outbox, now: for cron, for operators and for checks from outside."""

import json
import signal
from threading import Event

from django.core.management.base import BaseCommand

from messaging import outbox


class Command(BaseCommand):
    help = (
        "Send what is due in the outbox and print how it went as one JSON object. "
        "Ends on SIGTERM, after the message it is sending."
    )

    def handle(self, *args: object, **options: object) -> None:
        asked = Event()
        before = signal.signal(signal.SIGTERM, lambda number, frame: asked.set())
        try:
            results = outbox.deliver_due(patient=True, is_over=asked.is_set)
        finally:
            signal.signal(signal.SIGTERM, before)
        self.stdout.write(json.dumps(results))
