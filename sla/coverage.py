"""Who would be told: for each tier and territory, what a breach now, at night, on a holiday does.

A dry run of the escalation over a handoff that does not exist; writes nothing.
"""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from handoffs.models import Handoff, LeadSource
from sla.models import ClockKind, EscalationStep, PolicyVersion, Target
from sla.policies import Book
from sla.reach import LAST_RESORT, Action, Crowd, first_reachable, in_line
from team.availability import Hop, stand_ins
from team.models import Territory, User
from team.zones import zone_named


class Reached(NamedTuple):
    """One step at the moment asked about: whom it reaches, and who was passed over."""

    step: EscalationStep
    told: list[User]
    passed: list[str]
    is_last_resort: bool


class Line(NamedTuple):
    """One tier in one territory. `problem` is empty when a breach would reach somebody."""

    at: datetime
    lead_source: LeadSource
    territory: Territory
    version: PolicyVersion | None
    target: Target | None
    steps: list[Reached]
    problem: str


def check(now: datetime, *, at_night: bool = False) -> list[Line]:
    """Every tier in every active territory, as a breach at `now` would go, or in deepest night."""
    territories = Territory.objects.filter(is_active=True).select_related(
        "manager__reports_to", "primary__reports_to", "calendar"
    )
    book, crowds = Book(), dict[datetime, Crowd]()
    for source in LeadSource:
        book.read(source, [None, *(territory.pk for territory in territories)])
    lines = []
    for territory in territories:
        at = deepest_night(territory, now) if at_night else now
        crowd = crowds.setdefault(at, Crowd(at))
        hops = list(stand_ins(territory.primary, territory, at))
        lines += [_line(source, territory, book, crowd, hops) for source in LeadSource]
    return lines


def deepest_night(territory: Territory, now: datetime) -> datetime:
    """The next three in the morning on a holiday of this territory, or on its next Sunday."""
    zone = zone_named(territory.calendar.time_zone)
    local = now.astimezone(zone)
    holiday = territory.calendar.holidays.filter(day__gt=local.date()).first()
    day = holiday.day if holiday else local.date() + timedelta(days=(6 - local.weekday()) or 7)
    return datetime(day.year, day.month, day.day, 3, tzinfo=zone).astimezone(UTC)


def _line(
    source: LeadSource, territory: Territory, book: Book, crowd: Crowd, hops: list[Hop]
) -> Line:
    version = book.version_at(source, territory.pk, None)
    if version is None:
        return Line(
            crowd.now,
            source,
            territory,
            None,
            None,
            [],
            "No active policy: nothing can be submitted.",
        )
    target = book.target(version.pk, ClockKind.ACCEPT)
    handoff = Handoff(lead_source=source, territory=territory, owner=territory.primary, sdr=User())
    steps = [
        _reached(step, handoff, crowd, hops) for step in book.steps(version.pk, ClockKind.ACCEPT)
    ]
    problem = ""
    alerts = [reached for reached in steps if reached.step.action != Action.CHANNEL]
    if not alerts:
        problem = "No step tells a person."
    elif not any(reached.told for reached in alerts):
        problem = "Nobody would be told."
    elif all(reached.is_last_resort or not reached.told for reached in alerts):
        problem = "Only the admins would be told."
    return Line(crowd.now, source, territory, version, target, steps, problem)


def _reached(step: EscalationStep, handoff: Handoff, crowd: Crowd, hops: list[Hop]) -> Reached:
    """`hops`: whoever may stand in for the owner."""
    if step.action == Action.CHANNEL:
        return Reached(step, [], [], False)
    if step.action == Action.BACKUP:
        able = [hop.user for hop in hops if not hop.verdict][:1]
        passed = [f"{hop.user}: {hop.verdict}" for hop in hops if hop.verdict]
        if able:
            return Reached(step, able, passed, False)
    told, tried = first_reachable(in_line(step.action, handoff.owner, handoff, crowd), crowd)
    passed = [f"{asked.user}: {asked.verdict}" for asked in tried if asked.verdict]
    last = bool(told) and told[0].because == LAST_RESORT
    return Reached(step, [asked.user for asked in told], passed, last)
