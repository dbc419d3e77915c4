"""The three spans between a handoff’s milestones; knows nothing of deadlines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from handoffs.models import Handoff
from handoffs.models.event import EventKind
from sla.models import Spans
from sla.models.clock import hours_of
from sla.script import Entry
from team.models import CalendarVersion

MILESTONES = (EventKind.SUBMITTED, EventKind.ACCEPTED, EventKind.CONTACTED)


def keep(
    handoff: Handoff,
    log: Sequence[Entry],
    calendar: Callable[[], CalendarVersion | None],
) -> None:
    """Write the spans that the log has reached; `calendar` is asked once, at the submission.

    The first submission, the first acceptance and the first contact after it count.
    """
    submitted, accepted, contacted = milestones(log)
    if submitted is None:
        return
    row = Spans.objects.filter(handoff=handoff).select_related("calendar_version").first()
    known = row or Spans(handoff=handoff, calendar_version=calendar())
    working = hours_of(known.calendar_version)
    values: dict[str, int | None] = {}
    for name, start, end in (
        ("accept", submitted, accepted),
        ("contact", accepted, contacted),
        ("whole", submitted, contacted),
    ):
        business, wall = None, None
        if start is not None and end is not None:
            business = round(working.elapsed(start, end).total_seconds())
            wall = round(max(end - start, timedelta()).total_seconds())
        values |= {f"{name}_business": business, f"{name}_calendar": wall}
    if row is None:
        Spans.objects.create(handoff=handoff, calendar_version=known.calendar_version, **values)
    elif any(getattr(row, name) != value for name, value in values.items()):
        Spans.objects.filter(pk=row.pk).update(**values)


def milestones(
    log: Sequence[Entry],
) -> tuple[datetime | None, datetime | None, datetime | None]:
    """When it was submitted, accepted and first followed by a contact."""
    first: dict[str, datetime] = {}
    for entry in log:
        first.setdefault(entry.kind, entry.at)
    found = tuple(first.get(kind) for kind in MILESTONES)
    return found[0], found[1], found[2]
