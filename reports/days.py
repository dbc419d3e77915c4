"""Which days of a period are counted already, and which stretches have to be read from the facts.

Days are UTC’s; a month of another zone begins and ends within one. Such a day is taken whole for
the month that has most of it, and the rest of it is moved by reading just that stretch.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import NamedTuple

from django.db.models import F, Max, Min

from reports.counting import Stretch
from reports.models import Day
from reports.periods import Period

A_DAY = timedelta(days=1)
MOST_STRETCHES = 90  # beyond that many, the days between some are read from the facts as well
WIDEST_GAP = 62  # days without anything, such as a weekend, are counted too, as nothing


class Plan(NamedTuple):
    """`days` maps each counted day to the number of its period."""

    days: dict[date, int]
    stretches: list[Stretch]


def fresh(now: datetime) -> frozenset[date]:
    """The days that need not be read from the facts; some hundreds."""
    return frozenset(Day.objects.fresh(now).values_list("day", flat=True))


def plan(periods: Sequence[Period], fresh: Collection[date]) -> Plan:
    """How to come by these periods, which are in order and do not overlap.

    Without `fresh` days all of it is read from the facts.
    """
    first = periods[0].start.astimezone(UTC).date()
    last = periods[-1].end.astimezone(UTC).date()
    days: dict[date, int] = {}
    stretches: list[Stretch] = []
    for day, pieces in _cut(periods, first, last):
        if day in fresh:
            number = max(pieces, key=lambda piece: piece.end - piece.start).adds
            if number >= 0:
                days[day] = number
            stretches += [p._replace(takes=number) for p in pieces if p.adds != number]
        else:
            _extend(stretches, [piece for piece in pieces if piece.adds >= 0])
    if len(stretches) > MOST_STRETCHES:
        return plan(periods, ())
    return Plan(days, stretches)


def touch(instants: Iterable[datetime | None]) -> None:
    """Note that facts on the days of these instants change; in their own transaction."""
    days = sorted({at.astimezone(UTC).date() for at in instants if at is not None})
    if not days:
        return
    Day.objects.bulk_create([Day(day=day) for day in days], ignore_conflicts=True)
    rows = Day.objects.filter(day__in=days)
    # In the order of days, so that two who write facts never wait for each other
    list(rows.order_by("day").select_for_update().values_list("day"))
    rows.update(version=F("version") + 1)


def fill_gaps() -> None:
    """Make days on which nothing happened known as such."""
    ends = Day.objects.aggregate(first=Min("day"), last=Max("day"))
    if ends["first"] is None:
        return
    known = list(Day.objects.order_by("day").values_list("day", flat=True))
    missing = [
        Day(day=before + timedelta(days=n))
        for before, after in pairwise(known)
        if 1 < (after - before).days <= WIDEST_GAP
        for n in range(1, (after - before).days)
    ]
    Day.objects.bulk_create(missing, ignore_conflicts=True)


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _cut(
    periods: Sequence[Period], first: date, last: date
) -> Iterator[tuple[date, list[Stretch]]]:
    """Each day with its pieces: of a period, or of none."""
    bounds = [(p.start.astimezone(UTC), p.end.astimezone(UTC)) for p in periods]
    number, day = 0, first
    while day <= last:
        at, end = midnight(day), midnight(day) + A_DAY
        pieces = []
        while at < end:
            while number < len(bounds) and bounds[number][1] <= at:
                number += 1
            if number == len(bounds):
                pieces.append(Stretch(at, end, -1))
                break
            begins, ends = bounds[number]
            if begins > at:
                pieces.append(Stretch(at, min(begins, end), -1))
            else:
                pieces.append(Stretch(at, min(ends, end), number))
            at = pieces[-1].end
        yield day, pieces
        day += A_DAY


def _extend(stretches: list[Stretch], pieces: list[Stretch]) -> None:
    """Add to what is read from the facts, as one stretch where it goes on."""
    for piece in pieces:
        before = stretches[-1] if stretches else None
        if before and (before.end, before.adds, before.takes) == (piece.start, piece.adds, -1):
            stretches[-1] = before._replace(end=piece.end)
        else:
            stretches.append(piece)
