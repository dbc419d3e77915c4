"""`manage.py run_worker`: the worker and the supervisor that keeps it alive."""

from argparse import ArgumentParser, ArgumentTypeError
from dataclasses import fields
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from config import processes
from config.worker import Limits, Supervisor


class Command(BaseCommand):
    help = (
        "Runs the worker: fires SLA steps, sends messages. Watches it, and replaces it when it "
        "falls silent. Ends on SIGTERM or Ctrl-C, after the running tasks."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--cluster",
            action="store_true",
            help="Only the cluster, without its supervisor: what the supervisor itself starts.",
        )
        for limit in fields(Limits):
            parser.add_argument(
                f"--{limit.name.replace('_', '-')}",
                type=_seconds,
                default=limit.default,
                metavar="SECONDS",
                help="default %(default)s",
            )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["cluster"]:
            processes.keep_family_together()
            call_command("qcluster")
        else:
            Supervisor(
                Limits(**{limit.name: options[limit.name] for limit in fields(Limits)})
            ).run()


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < 86400:
        raise ArgumentTypeError("has to be more than 0 and less than a day")
    return seconds
