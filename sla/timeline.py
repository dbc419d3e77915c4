"""One clock's story read from its events: time used, deadline, state; no rows, no rules, no now."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from operator import itemgetter
from typing import NamedTuple

from team.business_time import ZERO, BusinessHours, to_utc


class Measure(NamedTuple):
    elapsed: timedelta  # open time used
    due: datetime | None  # UTC; None while there is no deadline
    state: str  # idle, running, paused or stopped
    met: bool  # elapsed <= target: minutes decide, instants inform


class Stretch(NamedTuple):
    """A part of a clock's story in one state: [start, end), UTC."""

    start: datetime
    end: datetime
    state: str  # running, paused or stopped


def measure(
    hours: BusinessHours,
    events: Iterable[tuple[datetime, str]],
    target: timedelta,
    as_of: datetime,
) -> Measure:
    """How a clock that may use `target` of open time stands at `as_of`.

    Events are (instant, "start" | "pause" | "resume" | "stop"), in any order; those at one instant
    count in the order given, those after `as_of` not at all. A start begins anew, a resume after a
    stop reopens, and what makes no sense in a state does nothing. While paused `due` is None unless
    it was reached before; once stopped it is the deadline that was in force then.
    ValueError if an instant is naive, an event unknown or the target negative.
    """
    as_of = to_utc(as_of)
    state, elapsed, since = "idle", ZERO, as_of
    due: datetime | None = None
    for at, what in _past(events, as_of):
        match what, state:
            case "start", _:
                state, elapsed, since = "running", ZERO, at
                due = hours.add(at, target)
            case "resume", "paused" | "stopped":
                if due is None or due > since:  # since: when it last ran
                    due = hours.add(at, max(target - elapsed, ZERO))
                state, since = "running", at
            case (("pause" | "stop"), "running"):
                elapsed += hours.elapsed(since, at)
                if what == "pause" and due is not None and due > at:
                    due = None
                state, since = ("paused" if what == "pause" else "stopped"), at
            case "stop", "paused":
                state = "stopped"
            case (("pause" | "resume" | "stop"), _):
                pass
            case _:
                raise ValueError(f"A clock knows start, pause, resume and stop, not {what}.")
    if state == "running":
        elapsed += hours.elapsed(since, as_of)
    return Measure(elapsed, due, state, elapsed <= target)


def stretches(events: Iterable[tuple[datetime, str]], as_of: datetime) -> list[Stretch]:
    """What `measure` adds up: open time in the running ones is its `elapsed`, the rest is none.

    In order, without gaps, from the last start to `as_of` or to the stop; the one that lasts is the
    last, however short. Same errors.
    """
    as_of = to_utc(as_of)
    found: list[Stretch] = []
    state, since = "idle", as_of
    for at, what in _past(events, as_of):
        becomes = _BECOMES.get((what, state), state)
        if what == "start":
            found = []
        elif becomes != state:
            found.append(Stretch(since, at, state))
        if what == "start" or becomes != state:
            state, since = becomes, at
    found = [stretch for stretch in found if stretch.start < stretch.end]
    if state in ("running", "paused"):
        found.append(Stretch(since, as_of, state))
    return found


_BECOMES = {
    **{("start", state): "running" for state in ("idle", "running", "paused", "stopped")},
    ("resume", "paused"): "running",
    ("resume", "stopped"): "running",
    ("pause", "running"): "paused",
    ("stop", "running"): "stopped",
    ("stop", "paused"): "stopped",
}


def _past(events: Iterable[tuple[datetime, str]], as_of: datetime) -> list[tuple[datetime, str]]:
    """The events up to `as_of` in order of time, those of one instant as they were given."""
    past = [(at, what) for at, what in ((to_utc(at), what) for at, what in events) if at <= as_of]
    return sorted(past, key=itemgetter(0))
