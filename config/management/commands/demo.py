"""Fills an empty database with a believable team and its history."""

from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from config.demo.cast import PASSWORD
from config.demo.multiply import multiply
from config.demo.play import play
from handoffs.models import Handoff
from reports import facts, rollup
from team.models import User

# Longer histories are played this far and then copied
PLAYED = 300


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--handoffs", type=int, default=240)
        parser.add_argument("--months", type=int, default=6)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument(
            "--if-empty", action="store_true", help="Do nothing when somebody is already there."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if User.objects.exists():
            if options["if_empty"]:
                return
            raise CommandError("The demo goes into an empty database only; this one has people.")
        if settings.HTTPS:
            raise CommandError("The demo’s sign-ins are known to everybody: not behind https://.")
        if not 1 <= options["months"] <= 60 or not 0 <= options["handoffs"] <= 5_000_000:
            raise CommandError("Give 1 to 60 months and up to 5,000,000 handoffs.")
        play(
            handoffs=min(options["handoffs"], PLAYED),
            months=options["months"],
            seed=options["seed"],
            say=self.stdout.write,
        )
        if options["handoffs"] > PLAYED:
            facts.catch_up()
            multiply(to=options["handoffs"], say=self.stdout.write)
            rollup.count_all_anew()
        facts.catch_up()
        rollup.roll(timezone.now())
        ended = Counter(Handoff.objects.order_by().values_list("status", flat=True))
        for status, count in sorted(ended.items()):
            self.stdout.write(f"  {count:9,} {status}")
        self.stdout.write(f"Sign in as sdr, ae, backup, manager or revops, password {PASSWORD}.")
