"""What a rate counts, as conditions on rows, and counting just that from the rows themselves.

No definitions here: those are in `reports.metrics`. How most rows need not be read again, because
their day has been counted before, is in `reports.tally`.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When

from reports.models import Chain, Fact
from reports.periods import Period
from reports.scope import Scope


class Counting(NamedTuple):
    """What is counted over what, on one table, as seen at `now`.

    `date` says which period a row belongs to. `denominator` are the rows that can be judged,
    `numerator` those of the denominator that are counted; `apart` is what is printed beside. With
    `is_beside` the days keep all of it with what is printed apart, in no columns of its own.
    """

    key: str
    now: datetime
    table: type[Chain] | type[Fact]
    date: str
    denominator: Q
    numerator: Q
    apart: tuple[tuple[str, Q], ...] = ()
    is_beside: bool = False

    @property
    def handoff(self) -> str:
        """The column that says which handoff a row is about."""
        return "fact_id" if self.table is Chain else "pk"

    def parts(self) -> list[Q]:
        """All that is counted: numerator, denominator, then what is printed apart."""
        return [self.numerator, self.denominator, *(condition for _, condition in self.apart)]


class Stretch(NamedTuple):
    """[start, end): rows in it count for the period number `adds`, and not for `takes`.

    -1 stands for no period.
    """

    start: datetime
    end: datetime
    adds: int
    takes: int = -1


Counts = list[int]  # of one counting: numerator, denominator, what is printed apart


def within(date: str, period: Period | Stretch) -> Q:
    """Rows whose `date` is in [start, end)."""
    return Q(**{f"{date}__gte": period.start, f"{date}__lt": period.end})


def rows_of(counting: Counting, period: Period, scope: Scope) -> QuerySet[Any]:
    """The rows that belong to a period, whether they are counted or not."""
    return counting.table._default_manager.filter(within(counting.date, period), scope.condition())


def in_stretches(rows: QuerySet[Any], date: str, stretches: Sequence[Stretch]) -> QuerySet[Any]:
    """Those of `rows` that lie in any of the stretches, with its number as `stretch`."""
    anywhere = Q(pk__in=[])
    for one in stretches:
        anywhere |= within(date, one)
    whens = [When(within(date, one), then=Value(n)) for n, one in enumerate(stretches)]
    number = Case(*whens, default=Value(-1), output_field=IntegerField())
    return rows.filter(anywhere).annotate(stretch=number)


def by_date(countings: Iterable[Counting]) -> list[list[Counting]]:
    """Those that one query can count together, because they are on one table and one date."""
    groups: dict[tuple[type, str], list[Counting]] = {}
    for one in countings:
        groups.setdefault((one.table, one.date), []).append(one)
    return list(groups.values())


def count(
    countings: Sequence[Counting],
    stretches: Sequence[Stretch],
    scope: Scope,
    dimension: str = "",
) -> dict[tuple[int, Any], dict[str, Counts]]:
    """What the rows in each stretch come to: by its number and, if asked, a value of `dimension`.

    One query for all: what is on different dates is put below each other.
    """
    if not stretches:
        return {}
    groups = by_date(countings)
    width = max(sum(len(one.parts()) for one in group) for group in groups)
    asked = [
        _counted(group, n, width, stretches, scope, dimension) for n, group in enumerate(groups)
    ]
    found: dict[tuple[int, Any], dict[str, Counts]] = {}
    for n, stretch, *rest in asked[0].union(*asked[1:], all=True):
        value, feed = rest.pop(0) if dimension else "", iter(rest)
        own = found.setdefault((stretch, value), {})
        for one in groups[n]:
            own[one.key] = [next(feed) for _ in one.parts()]
    return found


def _counted(
    group: Sequence[Counting],
    n: int,
    width: int,
    stretches: Sequence[Stretch],
    scope: Scope,
    dimension: str,
) -> QuerySet[Any, Any]:
    """The query for one group: its number, the stretch, the value if asked, `width` counts."""
    conditions = [part for one in group for part in one.parts()]
    rows = group[0].table._default_manager.filter(scope.condition())
    by = ["stretch", dimension] if dimension else ["stretch"]
    padding: dict[str, Any] = {
        f"count_{k}": Value(0, output_field=IntegerField()) for k in range(len(conditions), width)
    }
    counts = {f"count_{k}": Count("pk", filter=part) for k, part in enumerate(conditions)}
    names = [f"count_{k}" for k in range(width)]
    return (
        in_stretches(rows, group[0].date, stretches)
        .order_by()
        .values(*by)
        .annotate(**counts, **padding, group=Value(n, output_field=IntegerField()))
        .values_list("group", *by, *names)
    )
