"""The minute ledger: the time of each promise as a sum of stretches, with who had it and why.

Read from the log each time, so nothing is stored and nothing can disagree. Every length is in
whole seconds, rounded where the clock's own row is, so the lines add up to what stands there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import prefetch_related_objects

from handoffs.history import sentence_of
from handoffs.models import Handoff, HandoffEvent
from handoffs.models.event import EventKind
from sla.ledger import Ledger
from sla.models import Clock, Spans
from sla.models.clock import hours_of
from sla.promises import Standing, standing
from sla.script import THE_END, Script
from sla.spans import milestones
from sla.timeline import Stretch, stretches
from team.business_time import ZERO, BusinessHours
from team.models import User

SECOND = timedelta(seconds=1)
MOST_PARTS = 10  # working days listed one by one; more of them are told by the week
MEETING_OVER = "The meeting’s time had come."

# Which entry of the log explains a mark of a clock, where several share its instant
EXPLAINS = {
    "start": (
        EventKind.REASSIGNED,
        EventKind.RETURNED,
        EventKind.ACCEPTED,
        EventKind.SUBMITTED,
        EventKind.ASSIGNED,
    ),
    "pause": (EventKind.RETURNED, EventKind.PAUSED),
    "resume": (EventKind.ANSWERED, EventKind.ACCEPTED, EventKind.RESUMED),
    "stop": (
        EventKind.ACCEPTED,
        EventKind.ANSWERED,
        EventKind.CONTACTED,
        EventKind.CONFIRMATION_SENT,
        EventKind.REASSIGNED,
        *THE_END,
    ),
    "holder": (EventKind.REASSIGNED, EventKind.ASSIGNED, EventKind.ACCEPTED),
}


class Part(NamedTuple):
    """Open time within a line: one opening of the calendar, or a week of them."""

    start: datetime
    end: datetime
    length: timedelta
    is_week: bool = False


class Line(NamedTuple):
    """A stretch in one person's hands. Only `counted` counts; the other two explain the rest."""

    start: datetime
    end: datetime
    state: str  # running or paused
    holder: User | None
    sentence: str
    note: str
    counted: timedelta
    paused: timedelta
    closed: timedelta
    parts: list[Part]


class Slice(NamedTuple):
    """A piece of the bar over the wall clock's time, in % of it."""

    kind: str  # counted, paused or closed
    x: float
    width: float


class Account(NamedTuple):
    """One promise unfolded: its lines, their sums, and what stands about it elsewhere."""

    clock: Clock
    standing: Standing
    lines: list[Line]
    ending: str
    counted: timedelta
    paused: timedelta
    closed: timedelta
    left: timedelta  # negative: over the limit

    @property
    def over(self) -> timedelta:
        return -self.left

    @property
    def wall(self) -> timedelta:
        """Counted or not, since it started."""
        return self.counted + self.paused + self.closed

    def bar(self) -> list[Slice]:
        """Where the time went, line by line; within a line what counted comes first."""
        slices, so_far = list[Slice](), ZERO
        for line in self.lines:
            for kind in ("counted", "paused", "closed"):
                if length := getattr(line, kind):
                    x, width = 100 * (so_far / self.wall), 100 * (length / self.wall)
                    slices.append(Slice(kind, round(x, 2), round(width, 2)))
                    so_far += length
        return slices


class Milestone(NamedTuple):
    """The time between two milestones, as the reports count it: what was open, what was not."""

    name: str
    start: datetime
    end: datetime
    counted: timedelta
    closed: timedelta
    parts: list[Part]


def accounts_of(
    handoff: Handoff, events: Sequence[HandoffEvent], now: datetime
) -> tuple[list[Account], list[Milestone]]:
    """Every promise on this handoff and the spans between its milestones. Ten queries."""
    ledger = Ledger()
    case = ledger.load([handoff])[handoff.pk]
    prefetch_related_objects(list(case.clocks.values()), "holder", "calendar_version__calendar")
    stories = {story.key: story for story in ledger.scripts_of(case)}
    people = User.objects.in_bulk({pk for s in stories.values() for _, pk in s.holders if pk})
    accounts = [
        account_of(clock, stories[key], handoff, people, events, now)
        for key, clock in sorted(case.clocks.items(), key=lambda item: item[1].pk)
        if key in stories
    ]
    spans = Spans.objects.filter(handoff=handoff).select_related("calendar_version").first()
    reached = milestones(case.log)
    return accounts, _milestones(spans, reached) if spans else []


def account_of(
    clock: Clock,
    story: Script,
    handoff: Handoff,
    people: dict[int, User],
    events: Iterable[HandoffEvent],
    now: datetime,
) -> Account:
    """One clock's time at `now`. Its `counted` is the row's `elapsed_at(now)`, in whole seconds."""
    hours, log = clock.hours(), list(events)
    lines: list[Line] = []
    open_time = wall = waited = ZERO  # exactly; what is shown of them is whole seconds
    counted = paused = closed = ZERO
    for stretch in _by_holder(stretches(story.marks, now), story):
        length = stretch.end - stretch.start
        if stretch.state == "running":
            open_time += hours.elapsed(stretch.start, stretch.end)
            wall += length
        else:
            waited += length
        before = counted, paused, closed
        counted = _whole(open_time)
        paused = waited // SECOND * SECOND
        closed = (wall - open_time) // SECOND * SECOND
        holder = story.held_by(stretch.start)
        event = _explaining(stretch.start, story, log)
        line = Line(
            start=stretch.start,
            end=stretch.end,
            state=stretch.state,
            holder=people.get(holder) if holder else None,
            sentence=sentence_of(event) if event else MEETING_OVER,
            note=event.note if event else "",
            counted=counted - before[0],
            paused=paused - before[1],
            closed=closed - before[2],
            parts=_parts(hours, clock, stretch, counted - before[0]),
        )
        lines.append(line)
    stopped = clock.stopped_at if clock.state == Clock.State.STOPPED else None
    ended = _find(log, stopped, EXPLAINS["stop"]) if stopped else None
    return Account(
        clock=clock,
        standing=standing(clock, handoff, now),
        lines=lines,
        ending=sentence_of(ended) if ended else "",
        counted=counted,
        paused=paused,
        closed=closed,
        left=clock.limit - counted,
    )


def _by_holder(story: list[Stretch], script: Script) -> list[Stretch]:
    """The stretches, cut where it changed hands."""
    cuts = sorted({at for at, _ in script.holders})
    found = []
    for stretch in story:
        inside = [at for at in cuts if stretch.start < at < stretch.end]
        edges = [stretch.start, *inside, stretch.end]
        found += [Stretch(start, end, stretch.state) for start, end in pairwise(edges)]
    return found


def _explaining(at: datetime, script: Script, log: list[HandoffEvent]) -> HandoffEvent | None:
    """What happened at `at` that made the clock go on in another way."""
    whats = [what for when, what in script.marks if when == at] or ["holder"]
    return _find(log, at, EXPLAINS[whats[-1]])


def _find(log: list[HandoffEvent], at: datetime, kinds: Sequence[str]) -> HandoffEvent | None:
    there = [event for event in log if event.occurred_at == at]
    return next((event for kind in kinds for event in there if event.kind == kind), None)


def _parts(hours: BusinessHours, clock: Clock, stretch: Stretch, total: timedelta) -> list[Part]:
    """The openings that a running line adds up; none where it simply runs around the clock."""
    if stretch.state != "running" or clock.calendar_version_id is None:
        return []
    return _openings(hours, stretch.start, stretch.end, total)


def _openings(hours: BusinessHours, start: datetime, end: datetime, total: timedelta) -> list[Part]:
    """The openings in [start, end), whose lengths add up to `total`; many of them by the week."""
    pieces = [[opening] for opening in hours.segments(start, end)]
    if by_week := len(pieces) > MOST_PARTS:
        zone = ZoneInfo(hours.time_zone)
        weeks: dict[tuple[int, int], list[tuple[datetime, datetime]]] = {}
        for (opening,) in pieces:
            local = opening[0].astimezone(zone)
            weeks.setdefault(local.isocalendar()[:2], []).append(opening)
        pieces = list(weeks.values())
    parts, exact, told = [], ZERO, ZERO
    for piece in pieces:
        exact += sum((close - open_ for open_, close in piece), ZERO)
        length = min(_whole(exact), total) - told
        told += length
        parts.append(Part(piece[0][0], piece[-1][1], length, by_week))
    if parts and told != total:  # a fraction of a second that the whole rounds the other way
        parts[-1] = parts[-1]._replace(length=parts[-1].length + total - told)
    return parts


def _milestones(
    spans: Spans, reached: tuple[datetime | None, datetime | None, datetime | None]
) -> list[Milestone]:
    submitted, accepted, contacted = reached
    hours = hours_of(spans.calendar_version)
    found = []
    for field, name, start, end in (
        ("accept", "submitted to accepted", submitted, accepted),
        ("contact", "accepted to first contact", accepted, contacted),
        ("whole", "submitted to first contact", submitted, contacted),
    ):
        business = getattr(spans, f"{field}_business")
        if start is None or end is None or business is None:
            continue
        counted = timedelta(seconds=business)
        whole = timedelta(seconds=getattr(spans, f"{field}_calendar"))
        parts = (
            _openings(hours, start, end, counted) if spans.calendar_version_id is not None else []
        )
        found.append(Milestone(name, start, end, counted, max(whole - counted, ZERO), parts))
    return found


def _whole(length: timedelta) -> timedelta:
    """Whole seconds, rounded up as the clock's row is."""
    return timedelta(seconds=math.ceil(length / SECOND))
