"""What a manager's page shows: what is late, at risk, unassigned, or waits for a cause.

Reads only. Lateness is computed from the clocks at `now`, so it is right without any worker.
"""

from datetime import datetime
from typing import NamedTuple

from django.db.models import QuerySet

from handoffs.models import Handoff
from handoffs.time_left import TimeLeft, span, time_left
from sla.models import Breach, Clock
from team.models import User

MOST_ROWS = 50


class Late(NamedTuple):
    """One running clock that needs somebody's attention."""

    clock: Clock
    handoff: Handoff
    left: TimeLeft


class Waiting(NamedTuple):
    """A breach without a cause: `missed_by` in words, `proposed` what we think it was."""

    breach: Breach
    handoff: Handoff
    missed_by: str


def late_clocks(user: User, now: datetime) -> list[Late]:
    """Running clocks past their limit on handoffs that `user` looks after, the oldest first."""
    return _late(Clock.objects.overdue(now).order_by("due_at", "pk"), user, now)


def clocks_at_risk(user: User, now: datetime) -> list[Late]:
    """Running clocks past their warning, what is due next first."""
    return _late(Clock.objects.at_risk(now).order_by("due_at", "pk"), user, now)


def unassigned(user: User) -> list[Handoff]:
    """Submitted handoffs that nobody has, the oldest first."""
    rows = Handoff.objects.visible_to(user).unassigned().order_by("submitted_at", "pk")
    return list(rows.select_related("account", "sdr", "territory")[:MOST_ROWS])


def waiting_for_a_cause(user: User) -> list[Waiting]:
    """Breaches nobody has explained yet, the latest first."""
    rows = (
        breaches_of(user)
        .filter(cause="")
        .select_related(
            "clock__handoff__account", "clock__handoff__owner", "clock__handoff__sdr", "holder"
        )
    )
    return [
        Waiting(breach, breach.clock.handoff, _missed_by(breach)) for breach in rows[:MOST_ROWS]
    ]


def breaches_of(user: User) -> QuerySet[Breach]:
    """The breaches on handoffs that `user` may see; what they may explain, where they lead."""
    return Breach.objects.filter(Handoff.objects.seen_by(user, "clock__handoff_id"))


def _late(clocks: QuerySet[Clock], user: User, now: datetime) -> list[Late]:
    mine = clocks.filter(Handoff.objects.seen_by(user))
    rows = mine.select_related(
        "handoff__account", "handoff__owner", "handoff__sdr", "holder", "calendar_version"
    )
    # A promise on a handoff that changed hands has several clocks; what is asked is one thing
    first: dict[tuple[int, str], Clock] = {}
    for clock in rows[:MOST_ROWS]:
        first.setdefault((clock.handoff_id, clock.kind), clock)
    return [
        Late(
            clock, clock.handoff, time_left(clock.due_at, clock.warn_at, now, clock.working_hours())
        )
        for clock in first.values()
    ]


def _missed_by(breach: Breach) -> str:
    clock = breach.clock
    if clock.stopped_at is None or clock.stopped_at <= breach.fell_due_at:
        return "still open"
    return f"late by {span(clock.stopped_at - breach.fell_due_at)}"
