"""Counts of periods: of days that are counted already as they stand, of all others from the facts.

It comes to the same either way; only the time differs. Definitions are in `reports.metrics`, which
counted days a question can use in `reports.slices`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from reports import days, waits
from reports.counting import Counting, Counts, Stretch, count
from reports.models import Tally
from reports.periods import Period
from reports.scope import Scope
from reports.slices import COLUMNS, Slice, slice_by, slice_of
from reports.waits import Waits
from team.models import User

KINDS = ("business", "calendar", "left_business", "left_calendar")


def by_period(
    countings: Sequence[Counting], periods: Sequence[Period], scope: Scope
) -> list[dict[str, Counts]]:
    """Each of these periods, which are in order and do not overlap: what each counting comes to."""
    found = [{one.key: [0] * len(one.parts()) for one in countings} for _ in periods]
    slice_ = slice_of(scope)
    plan = _plan(slice_, periods, scope, countings[0].now)
    if slice_ and plan.days:
        rows = Tally.objects.filter(slice_.where, day__in=list(plan.days)).order_by()
        names = [name for one in countings for name in _columns(one)]
        for day, apart, *sums in rows.values_list("day_id", "apart", *names):
            counts, feed = found[plan.days[day]], iter(sums)
            for one in countings:
                values = [next(feed) for _ in _columns(one)]
                values += apart.get(one.key) or [0] * (len(one.parts()) - len(values))
                counts[one.key] = [a + b for a, b in zip(counts[one.key], values, strict=True)]
    for (number, _), moved in count(countings, plan.stretches, scope).items():
        for n, sign in _signs(plan.stretches[number]):
            _add(found[n], moved, sign)
    return found


def by_value(
    countings: Sequence[Counting], dimension: str, periods: Sequence[Period], scope: Scope
) -> list[dict[Any, dict[str, Counts]]]:
    """The same for each value of a dimension (an id or a code); without what is printed apart."""
    if dimension == "manager":
        return [_of_managers(found) for found in by_value(countings, "ae", periods, scope)]
    plain = [one._replace(apart=()) for one in countings]
    found: list[dict[Any, dict[str, Counts]]] = [
        defaultdict(lambda: {one.key: [0, 0] for one in countings}) for _ in periods
    ]
    slice_ = slice_by(dimension, scope)
    plan = _plan(slice_, periods, scope, countings[0].now)
    if slice_ and plan.days:
        rows = Tally.objects.filter(slice_.where, day__in=list(plan.days)).order_by()
        names = [name for one in countings for name in _columns(one)]
        for day, value, *sums in rows.values_list("day_id", "value", *names):
            counts, feed = found[plan.days[day]][slice_.value(value)], iter(sums)
            _add(counts, {one.key: [next(feed) for _ in _columns(one)] for one in countings})
    for (number, value), moved in count(plain, plan.stretches, scope, COLUMNS[dimension]).items():
        for n, sign in _signs(plan.stretches[number]):
            _add(found[n][value], moved, sign)
    return [
        {value: counts for value, counts in one.items() if any(map(any, counts.values()))}
        for one in found
    ]


def waits_by_period(
    periods: Sequence[Period],
    scope: Scope,
    now: datetime,
    sinces: Sequence[str],
    *,
    calendar: bool = True,
) -> dict[str, list[Waits]]:
    """How long people waited since each of `sinces`, for each of these periods; without `calendar`
    in business time."""
    found = {since: [Waits() for _ in periods] for since in sinces}
    slice_ = slice_of(scope)
    plan = _plan(slice_, periods, scope, now)
    if slice_ and plan.days:
        rows = Tally.objects.filter(slice_.where, day__in=list(plan.days)).order_by()
        kinds = KINDS if calendar else KINDS[::2]
        for day, *columns in rows.values_list("day_id", *_names(sinces, kinds)):
            feed = iter(columns)
            for since in sinces:
                _add_counted(found[since][plan.days[day]], kinds, feed)
    for (since, number, _), waited in waits.of(plan.stretches, periods, scope, now, sinces).items():
        _add_waits(found[since], number, plan.stretches, waited)
    if not calendar:
        for waited in (one for ones in found.values() for one in ones):
            waited.calendar.clear()
            waited.left_calendar.clear()
    return found


def waits_by_value(
    dimension: str, period: Period, scope: Scope, now: datetime, since: str
) -> dict[Any, Waits]:
    """How long people waited in business time, for each value of a dimension."""
    if dimension == "manager":
        managers = _managers()
        led: dict[Any, Waits] = defaultdict(Waits)
        for ae, waited in waits_by_value("ae", period, scope, now, since).items():
            led[managers.get(ae)].add(waited)
        return dict(led)
    found: dict[Any, list[Waits]] = defaultdict(lambda: [Waits()])
    slice_ = slice_by(dimension, scope)
    plan = _plan(slice_, [period], scope, now)
    if slice_ and plan.days:
        rows = Tally.objects.filter(slice_.where, day__in=list(plan.days)).order_by()
        kinds = KINDS[::2]
        for value, *columns in rows.values_list("value", *_names([since], kinds)):
            if any(columns):
                _add_counted(found[slice_.value(value)][0], kinds, iter(columns))
    column = COLUMNS[dimension]
    read = waits.of(plan.stretches, [period], scope, now, [since], column)
    for (_, number, value), waited in read.items():
        _add_waits(found[value], number, plan.stretches, waited)
    return {value: waited for value, (waited,) in found.items() if not waited.is_empty()}


def _plan(
    slice_: Slice | None, periods: Sequence[Period], scope: Scope, now: datetime
) -> days.Plan:
    fresh = scope.recall(("fresh", now), lambda: days.fresh(now)) if slice_ else ()
    return days.plan(periods, fresh)


def _columns(one: Counting) -> tuple[str, ...]:
    """Where a day’s numerator and denominator stand; of what happened they are the same."""
    if one.is_beside:
        return ()
    if one.key.endswith("_happened"):
        return one.key, one.key
    return f"{one.key}_counted", f"{one.key}_of"


def _names(sinces: Sequence[str], kinds: Sequence[str]) -> list[str]:
    return [f"{since}_{name}" for since in sinces for name in (*kinds, "promised", "in_time")]


def _signs(stretch: Stretch) -> list[tuple[int, int]]:
    """The periods that what lies in a stretch is added to, and taken from."""
    return [(n, sign) for n, sign in ((stretch.adds, 1), (stretch.takes, -1)) if n >= 0]


def _add(counts: dict[str, Counts], moved: Mapping[str, Counts], sign: int = 1) -> None:
    for key, values in moved.items():
        counts[key] = [a + sign * b for a, b in zip(counts[key], values, strict=True)]


def _add_counted(waited: Waits, kinds: Sequence[str], feed: Iterable[Any]) -> None:
    """What a day’s columns say, in the order of `_names`."""
    columns = iter(feed)
    for kind in kinds:
        getattr(waited, kind).update(waits.unpack(next(columns)))
    waited.promised += next(columns)
    waited.in_time += next(columns)


def _add_waits(
    found: Sequence[Waits], number: int, stretches: Sequence[Stretch], waited: Waits
) -> None:
    """Beyond the stretches come the numbers of the periods, for those who still wait."""
    if number >= len(stretches):
        found[number - len(stretches)].add(waited)
        return
    for n, sign in _signs(stretches[number]):
        (found[n].add if sign > 0 else found[n].take)(waited)


def _of_managers(found: dict[Any, dict[str, Counts]]) -> dict[Any, dict[str, Counts]]:
    managers = _managers()
    led: dict[Any, dict[str, Counts]] = {}
    for ae, counts in found.items():
        sums = led.setdefault(managers.get(ae), {key: [0, 0] for key in counts})
        _add(sums, counts)
    return led


def _managers() -> dict[int, int | None]:
    return dict(User.objects.values_list("pk", "reports_to_id"))
