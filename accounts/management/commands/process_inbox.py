"""One pass of the inbox, now: for cron, for operators and for checks from outside."""

import json

from django.core.management.base import BaseCommand

from accounts.hooks import inbox


class Command(BaseCommand):
    help = "Read the received updates that wait and print how it went as one JSON object."

    def handle(self, *args: object, **options: object) -> None:
        self.stdout.write(json.dumps(inbox.process_due()))
