"""What waiting costs: the share of the chance to convert that a prospect's wait has used up.

Units: hours of calendar time since submission, for a prospect waits at night as well; shares from
0 to 1. Until the team has enough cases of its own the benchmark counts: every hour costs a tenth
of the chance that is left (the article this product answers to, citing Optifai on 939 companies).

The team's own curve is measured once a day from its handoffs and stored; a page only reads it.
It says what went with what, not what caused it: inbound requests convert better and are called
sooner as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from django.db.models import Exists, OuterRef

from handoffs.models import Handoff, HandoffEvent, SpeedCurve
from handoffs.models.event import EventKind

LOST_PER_HOUR = 0.10
CASES_NEEDED = 100  # first contacts with an outcome
BUCKETS = 5  # of equal size, so 20 cases in each at the least
WINDOW = timedelta(days=365)
DECIDED = (Handoff.Status.QUALIFIED, Handoff.Status.DISQUALIFIED)

Point = tuple[float, float]  # hours of waiting, share that converted


@dataclass(frozen=True)
class Curve:
    """How conversion falls with the hours of waiting; without points, the benchmark."""

    points: tuple[Point, ...] = ()
    cases: int = 0

    @property
    def is_measured(self) -> bool:
        return bool(self.points)

    def lost(self, since: datetime, now: datetime) -> float:
        """The share of the chance at `since` that is gone by `now`."""
        hours = max((now - since).total_seconds(), 0) / 3600
        if not self.points:
            return 1 - (1 - LOST_PER_HOUR) ** hours
        return 1 - self._share(hours) / self.points[0][1]

    def _share(self, hours: float) -> float:
        """The share at `hours`, straight from point to point and level beyond the ends."""
        if hours <= self.points[0][0]:
            return self.points[0][1]
        for (left, before), (right, after) in pairwise(self.points):
            if left <= hours < right:
                return before + (after - before) * (hours - left) / (right - left)
        return self.points[-1][1]


def current() -> Curve:
    """The curve in force: the team's own where the last measurement had enough cases. One query."""
    row = SpeedCurve.objects.first()
    if row is None:
        return Curve()
    return Curve(tuple((hours, share) for hours, share in row.points), row.cases)


def measure(now: datetime) -> SpeedCurve:
    """Measure anew over the first contacts of the last 12 months that have an outcome."""
    duplicates = HandoffEvent.objects.filter(
        handoff=OuterRef("pk"), kind=EventKind.DISQUALIFIED, reason__code="after_duplicate"
    )
    decided = Handoff.objects.filter(
        status__in=DECIDED, first_contact_at__gte=now - WINDOW, first_contact_at__lte=now
    ).exclude(Exists(duplicates))
    cases = [
        ((contacted - submitted).total_seconds() / 3600, status == Handoff.Status.QUALIFIED)
        for submitted, contacted, status in decided.values_list(
            "submitted_at", "first_contact_at", "status"
        ).iterator(chunk_size=5000)
        if submitted and contacted
    ]
    row, _ = SpeedCurve.objects.update_or_create(
        pk=1,
        defaults={"measured_at": now, "cases": len(cases), "points": fit(cases)},
    )
    return row


def fit(cases: Sequence[tuple[float, bool]]) -> list[Point]:
    """Points of the curve through `cases` of (hours waited, converted); none if they are too few.

    Buckets of equal size by rank, each a point at its median wait. Where a later bucket converted
    better than the one before, both get their common share: chance must not make waiting pay.
    """
    if len(cases) < CASES_NEEDED:
        return []
    ranked = sorted(cases)
    edges = [len(ranked) * number // BUCKETS for number in range(BUCKETS + 1)]
    buckets = [ranked[left:right] for left, right in pairwise(edges)]
    shares = _falling([(sum(won for _, won in bucket), len(bucket)) for bucket in buckets])
    if not shares[0]:
        return []
    medians = [bucket[len(bucket) // 2][0] for bucket in buckets]
    return list(zip(medians, shares, strict=True))


def _falling(counts: Sequence[tuple[int, int]]) -> list[float]:
    """The shares of (won, cases), pooled with the one before wherever they would rise."""
    pools: list[tuple[int, int, int]] = []
    for won, cases in counts:
        width = 1
        while pools and won * pools[-1][1] > pools[-1][0] * cases:
            before = pools.pop()
            won, cases, width = won + before[0], cases + before[1], width + before[2]
        pools.append((won, cases, width))
    return [won / cases for won, cases, width in pools for _ in range(width)]
