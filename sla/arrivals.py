"""How many handoffs to expect in a stretch of time, from when they came in the past weeks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Count
from django.db.models.functions import TruncHour

from handoffs.models import HandoffEvent
from handoffs.models.event import EventKind
from sla.intervals import Interval

WEEKS = 8
FEWEST_WEEKS, FEWEST = 4, 20  # below either nothing is foretold
WEEK, HOUR = timedelta(weeks=1), timedelta(hours=1)


class Arrivals(NamedTuple):
    """When handoffs came in a territory: how many by weekday and hour in its own zone."""

    zone: ZoneInfo
    by_hour: Counter[tuple[int, int]]
    weeks: int

    @property
    def total(self) -> int:
        return self.by_hour.total()

    @property
    def is_enough(self) -> bool:
        """Whether there is enough to say anything about what is to come."""
        return self.weeks >= FEWEST_WEEKS and self.total >= FEWEST

    def expected(self, intervals: Iterable[Interval]) -> float | None:
        """How many come in these stretches in an average week like those; None if too little data.

        Eight on Mondays between nine and ten in eight weeks make one for that hour, half a one
        for half of it.
        """
        if not self.is_enough:
            return None
        found = 0.0
        for start, end in intervals:
            at = start
            while at < end:
                local = at.astimezone(self.zone)
                whole = local.replace(minute=0, second=0, microsecond=0).astimezone(UTC) + HOUR
                until = min(max(whole, at + timedelta(seconds=1)), end)
                share = (until - at) / HOUR
                found += self.by_hour[local.weekday(), local.hour] * share / self.weeks
                at = until
        return found


def arrivals(zones: dict[int, ZoneInfo], now: datetime) -> dict[int, Arrivals]:
    """Those of these territories (id: zone) in the last eight weeks. A query each and one more."""
    since = now - WEEKS * WEEK
    submitted = HandoffEvent.objects.filter(kind=EventKind.SUBMITTED).order_by()
    rows = (
        submitted.filter(occurred_at__gte=since, occurred_at__lt=now, handoff__territory__in=zones)
        .annotate(hour=TruncHour("occurred_at", tzinfo=UTC))
        .values_list("handoff__territory", "hour")
        .annotate(n=Count("pk"))
    )
    found: dict[int, list[tuple[datetime, int]]] = {territory: [] for territory in zones}
    for territory, hour, n in rows:
        found[territory].append((hour, n))
    told = {}
    for territory, zone in zones.items():
        older = submitted.filter(occurred_at__lt=since, handoff__territory=territory).exists()
        hours = found[territory]
        first = since if older else min((hour for hour, _ in hours), default=now)
        weeks = max((now - first) // WEEK, 0)
        begin = now - weeks * WEEK
        by_hour: Counter[tuple[int, int]] = Counter()
        for hour, n in hours:
            if hour >= begin.replace(minute=0, second=0, microsecond=0):
                local = hour.astimezone(zone)
                by_hour[local.weekday(), local.hour] += n
        told[territory] = Arrivals(zone, by_hour, weeks)
    return told
