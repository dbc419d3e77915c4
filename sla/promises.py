"""How one promise stands, in the words that every page shows for it; no queries."""

from datetime import datetime, timedelta
from typing import NamedTuple

from handoffs.models import Handoff
from handoffs.time_left import TimeLeft, span, time_left
from sla.models import Clock, ClockKind
from sla.models.policy import OF_THE_OWNER


class Standing(NamedTuple):
    """A promise as its chip says it: `limit` is what was promised, in words.

    `which` tells it from others of its kind on the handoff; empty for the first.
    """

    clock: Clock
    which: str
    left: TimeLeft
    missed: bool
    limit: str


def standing(clock: Clock, handoff: Handoff, now: datetime) -> Standing:
    """How `clock` on `handoff` stands at `now`."""
    missed = clock.is_missed(now)
    if clock.state == Clock.State.RUNNING:
        left = time_left(clock.due_at, clock.warn_at, now, clock.working_hours())
    elif clock.state == Clock.State.PAUSED:
        left = TimeLeft("is-info", "Paused", f"paused, {_rest(clock, now)}", clock.due_at or now)
    else:
        used = span(clock.elapsed_at(now))
        colour, words = ("is-bad", "missed: took") if missed else ("is-good", "kept: took")
        if clock.cycle and clock.holder_id != handoff.owner_id and not missed:
            colour, words = "", "passed on after"
        left = TimeLeft(colour, "Done", f"{words} {used}", clock.stopped_at)
    return Standing(clock, _which(clock), left, missed, span(clock.limit))


def _which(clock: Clock) -> str:
    if not clock.cycle:
        return ""
    if clock.kind in OF_THE_OWNER:
        return f"for {clock.holder}, since it changed hands"
    what = "question" if clock.kind == ClockKind.ANSWER else "meeting"
    return f"{what} {clock.cycle + 1}"


def _rest(clock: Clock, now: datetime) -> str:
    rest = clock.left_at(now)
    return f"{span(rest)} left" if rest > timedelta(0) else f"overdue by {span(-rest)}"
