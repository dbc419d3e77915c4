"""Tries a policy version on past handoffs: what it would have missed, and whom it would have woken.

Nothing is written. Without a version the newest draft is tried, else the newest version.
"""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from sla.models import ClockKind, PolicyVersion
from sla.simulation import MOST_HANDOFFS, Trial, try_out
from team.models import User


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("version", nargs="?", type=int, help="The number in its address.")
        parser.add_argument("--days", type=int, default=90, help="How far back (default 90).")
        parser.add_argument(
            "--limit",
            action="append",
            default=[],
            metavar="PROMISE=MINUTES",
            help="Another limit, such as accept=20; may be given several times.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        version = _version(options["version"])
        if not 1 <= options["days"] <= 3650:
            raise CommandError("Give 1 to 3650 days.")
        now = timezone.now()
        trial = try_out(
            version,
            since=now - timedelta(days=options["days"]),
            until=now,
            now=now,
            limits=_limits(options["limit"]),
        )
        for line in told(version, trial):
            self.stdout.write(line)


def told(version: PolicyVersion, trial: Trial) -> list[str]:
    """The trial in lines of text."""
    lines = [
        f"{version}: {trial.handoffs:,} handoffs submitted since {trial.since:%d %b %Y}.",
    ]
    if trial.is_cut:
        lines.append(f"There were more: these are the newest {MOST_HANDOFFS:,}.")
    lines.append(f"{'':34}{'as promised':>14}{'as tried':>14}")

    def row(name: str, before: str, after: str) -> None:
        lines.append(f"{name:34}{before:>14}{after:>14}")

    for kind in trial.kinds():
        sides = [f"{side.missed[kind]:,} of {side.clocks[kind]:,}" for side in _sides(trial)]
        row(f"Missed: {kind.label}", *sides)
    for action in trial.actions():
        row(f"Woken: {action.label}", *(f"{side.steps[action]:,}" for side in _sides(trial)))
    names = User.objects.in_bulk([pk for side in _sides(trial) for pk in side.people if pk])
    people = trial.before.people + trial.after.people
    for pk, _ in people.most_common(15):
        name = str(names[pk]) if pk else "nobody"
        row(f"Missed by {name}", *(f"{side.people[pk]:,}" for side in _sides(trial)))
    lines.append(
        f"{len(trial.newly_missed):,} handoffs would have missed a promise that they kept, "
        f"{len(trial.newly_kept):,} the other way round."
    )
    if trial.differs:
        lines.append(f"The replay differs from history on {trial.differs:,} clocks: do not use it.")
    else:
        lines.append("The replay of what was really promised equals history.")
    return lines


def _sides(trial: Trial) -> tuple[Any, Any]:
    return trial.before, trial.after


def _version(pk: int | None) -> PolicyVersion:
    rows = PolicyVersion.objects.select_related("policy")
    if pk is not None:
        found = rows.filter(pk=pk).first()
        if found is None:
            known = ", ".join(f"{row.pk} ({row})" for row in rows.order_by("-pk")[:12])
            raise CommandError(f"There is no version {pk}. There are: {known}.")
        return found
    drafts = rows.filter(state=PolicyVersion.State.DRAFT)
    found = drafts.order_by("-pk").first() or rows.order_by("-pk").first()
    if found is None:
        raise CommandError("There is no policy yet. Run manage.py migrate first.")
    return found


def _limits(given: list[str]) -> dict[str, timedelta]:
    limits = {}
    for pair in given:
        kind, _, minutes = pair.partition("=")
        if kind not in ClockKind.values or not minutes.isdigit() or not 0 < int(minutes) < 10**6:
            promises = ", ".join(ClockKind.values)
            raise CommandError(f"Write --limit PROMISE=MINUTES with one of {promises}.")
        limits[kind] = timedelta(minutes=int(minutes))
    return limits
