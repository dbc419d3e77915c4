"""How long people waited for their first contact, gathered from rows; the statistics of it are in
`reports.figures`."""

import struct
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import CharField, F, Q, QuerySet, Value

from reports import facts
from reports.counting import Stretch, in_stretches
from reports.figures import Span, quantile, wilson
from reports.models import Fact
from reports.periods import Period
from reports.scope import Scope

NAMES = {"accepted": "contact", "submitted": "whole"}  # the spans of a fact, by what they begin at
STILL_WAITS = Q(contacted_at=None, closed_at=None)


@dataclass
class Waits:
    """Full minutes of waiting and how many waited so long: until the first contact, or without one
    (`left`) until the end of the handoff or until now."""

    business: Counter[int] = field(default_factory=Counter)
    calendar: Counter[int] = field(default_factory=Counter)
    left_business: Counter[int] = field(default_factory=Counter)
    left_calendar: Counter[int] = field(default_factory=Counter)
    promised: int = 0
    in_time: int = 0

    def add(self, other: "Waits") -> None:
        for mine, theirs in zip(self._counters(), other._counters(), strict=True):
            mine.update(theirs)
        self.promised += other.promised
        self.in_time += other.in_time

    def take(self, other: "Waits") -> None:
        for mine, theirs in zip(self._counters(), other._counters(), strict=True):
            mine.subtract(theirs)
        self.promised -= other.promised
        self.in_time -= other.in_time

    def _counters(self) -> tuple[Counter[int], ...]:
        return self.business, self.calendar, self.left_business, self.left_calendar

    def is_empty(self) -> bool:
        return not (self.promised or any(map(Counter.total, self._counters())))

    def span(self) -> Span:
        reached, left = self.business.total(), self.left_business.total()
        share = self.in_time / self.promised if self.promised else None
        low, high = wilson(self.in_time, self.promised) if self.promised else (None, None)
        minutes = sum(minute * count for minute, count in self.business.items())
        return Span(
            median=quantile(self.business, self.left_business, 0.5),
            p90=quantile(self.business, self.left_business, 0.9),
            count=reached + left,
            within_sla=share,
            uncontacted=left,
            calendar_median=quantile(self.calendar, self.left_calendar, 0.5),
            calendar_p90=quantile(self.calendar, self.left_calendar, 0.9),
            in_time=self.in_time,
            promised=self.promised,
            low=low,
            high=high,
            mean=minutes / reached if reached else None,
        )


def owed(since: str) -> Q:
    """Handoffs whose prospect was owed a contact: see `metrics.time_to_first_contact`."""
    ended_in_time = Q(contacted_at=None, accepted_at=None, closed_at__isnull=False) & ~Q(
        in_time=False
    )
    return ~ended_in_time if since == "submitted" else Q()


def of(
    stretches: Sequence[Stretch],
    periods: Sequence[Period],
    scope: Scope,
    now: datetime,
    sinces: Sequence[str],
    by: str = "",
) -> dict[tuple[str, int, Any], Waits]:
    """By where the wait began, number of the stretch, and value of the dimension `by`.

    Stretches are read for those whose waiting is over. Those who have had no contact and still may
    wait longer all the while, so they are read for whole periods, numbered on from the stretches.
    """
    whole = [Stretch(each.start, each.end, n) for n, each in enumerate(periods)]
    asked = []
    for since in sinces:
        rows = Fact.objects.filter(scope.condition())
        over = rows.filter(owed(since)).exclude(STILL_WAITS)
        still = rows.filter(STILL_WAITS)
        if stretches:
            asked.append(_rows(over, stretches, 0, since, by))
        asked.append(_rows(still, whole, len(stretches), since, by))
    found: dict[tuple[str, int, Any], list[Any]] = {}
    for since, number, *row in asked[0].union(*asked[1:], all=True):
        value = row.pop(0) if by else ""
        found.setdefault((since, number, value), []).append(row)
    return {key: waits_of(group, now) for key, group in found.items()}


def _rows(
    rows: QuerySet[Fact], stretches: Sequence[Stretch], first: int, since: str, by: str
) -> QuerySet[Fact, Any]:
    """Rows as `waits_of` takes them, after where the wait began, the number, and the value."""
    numbered = in_stretches(rows, f"{since}_at", stretches).annotate(
        since=Value(since, output_field=CharField()), number=F("stretch") + first
    )
    name = NAMES[since]
    columns = [f"{since}_at", "contacted_at", "closed_at", f"{name}_business", f"{name}_calendar"]
    columns += ["in_time", "is_promised", "calendar_version_id"]
    by_value = [by] if by else []
    return numbered.order_by().values_list("since", "number", *by_value, *columns)


def waits_of(rows: Iterable[Sequence[Any]], now: datetime) -> Waits:
    """Rows are (since, contacted, closed, business and calendar seconds, in time?, promised?,
    calendar version)."""
    found = Waits()
    left = []
    for row in rows:
        since, contacted, closed, business, calendar, in_time, is_promised, version = row
        found.promised += is_promised
        if contacted is None:
            left.append((since, max(min(closed or now, now), since), version))
            continue
        found.in_time += bool(is_promised and in_time)
        found.business[business // 60] += 1
        found.calendar[calendar // 60] += 1
    hours = facts.hours_by_version({version for _, _, version in left})
    for since, until, version in left:
        found.left_business[int(hours[version].elapsed(since, until).total_seconds()) // 60] += 1
        found.left_calendar[int((until - since).total_seconds()) // 60] += 1
    return found


def pack(minutes: Counter[int]) -> bytes:
    """Every wait as four bytes, shortest first."""
    values = sorted(minutes.elements())
    return struct.pack(f"<{len(values)}I", *values)


def unpack(packed: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(packed) // 4}I", packed)
