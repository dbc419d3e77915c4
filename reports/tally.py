"""Counts of periods: of days that are counted already as they stand, of all others from the facts.

It comes to the same either way; only the time differs. Definitions are in `reports.metrics`.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import Q, Sum

from reports import days, waits
from reports.counting import Counting, Counts, Stretch, count
from reports.models import Tally
from reports.periods import Period
from reports.scope import Scope
from reports.waits import Waits
from team.models import User

COLUMNS = {
    "sdr": "sdr_id",
    "ae": "ae_id",
    "territory": "territory_id",
    "lead_source": "lead_source",
    "framework_version": "framework_version_id",
}
CREW = "crew"
KINDS = ("business", "calendar", "left_business", "left_calendar")


def by_period(
    countings: Sequence[Counting], periods: Sequence[Period], scope: Scope
) -> list[dict[str, Counts]]:
    """Each of these periods, which are in order and do not overlap: what each counting comes to."""
    found = [{one.key: [0] * len(one.parts()) for one in countings} for _ in periods]
    where = _where(scope)
    plan = days.plan(periods, countings[0].now, is_rolled=where is not None)
    if where is not None and plan.days:
        _add_tallies(found, countings, where, plan.days)
    for together in _by_date(countings):
        for (number, _), counts in count(together, plan.stretches, scope).items():
            stretch = plan.stretches[number]
            for key, values in counts.items():
                _move(values, found, key, stretch)
    return found


def by_value(
    countings: Sequence[Counting], dimension: str, period: Period, scope: Scope
) -> dict[Any, dict[str, Counts]]:
    """Each value of a dimension (an id or a code) in a period; without what is printed apart."""
    if dimension == "manager":
        return _of_managers(by_value(countings, "ae", period, scope))
    plain = [one._replace(apart=()) for one in countings]
    found: dict[Any, list[dict[str, Counts]]] = defaultdict(
        lambda: [{one.key: [0, 0] for one in countings}]
    )
    is_rolled = scope == Scope()
    plan = days.plan([period], countings[0].now, is_rolled=is_rolled)
    if plan.days:
        rows = Tally.objects.filter(dimension=dimension, day__in=list(plan.days)).order_by()
        names = {name for one in countings for name in _columns(one)}
        sums = {f"all_{name}": Sum(name) for name in names}
        summed: Any = rows.values("value").annotate(**sums)
        for row in summed:
            for one in countings:
                counted, of = (row[f"all_{name}"] for name in _columns(one))
                found[_read(dimension, row["value"])][0][one.key] = [counted, of]
    for together in _by_date(plain):
        for (number, value), counts in count(
            together, plan.stretches, scope, COLUMNS[dimension]
        ).items():
            for key, values in counts.items():
                _move(values, found[value], key, plan.stretches[number])
    return {value: counts for value, (counts,) in found.items() if any(map(any, counts.values()))}


def waits_by_period(
    periods: Sequence[Period], scope: Scope, now: datetime, since: str, *, calendar: bool = True
) -> list[Waits]:
    """How long people waited, for each of these periods; without `calendar` in business time."""
    found = [Waits() for _ in periods]
    where = _where(scope)
    plan = days.plan(periods, now, is_rolled=where is not None)
    if where is not None and plan.days:
        rows = Tally.objects.filter(where, day__in=list(plan.days)).order_by()
        kinds = KINDS if calendar else KINDS[::2]
        names = [f"{since}_{name}" for name in (*kinds, "promised", "in_time")]
        for day, *packed, promised, in_time in rows.values_list("day_id", *names):
            waited = found[plan.days[day]]
            for kind, values in zip(kinds, packed, strict=True):
                getattr(waited, kind).update(waits.unpack(values))
            waited.promised += promised
            waited.in_time += in_time
    for (number, _), waited in waits.over(plan.stretches, scope, now, since).items():
        stretch = plan.stretches[number]
        if stretch.adds >= 0:
            found[stretch.adds].add(waited)
        if stretch.takes >= 0:
            found[stretch.takes].take(waited)
    for (number, _), waited in waits.still(periods, scope, now, since).items():
        found[number].add(waited)
    if not calendar:
        for waited in found:
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
    found: dict[Any, Waits] = defaultdict(Waits)
    plan = days.plan([period], now, is_rolled=scope == Scope())
    if plan.days:
        rows = Tally.objects.filter(dimension=dimension, day__in=list(plan.days)).order_by()
        names = [f"{since}_{name}" for name in (*KINDS[::2], "promised", "in_time")]
        for value, reached, left, promised, in_time in rows.values_list("value", *names):
            if promised or reached or left:
                waited = found[_read(dimension, value)]
                waited.business.update(waits.unpack(reached))
                waited.left_business.update(waits.unpack(left))
                waited.promised += promised
                waited.in_time += in_time
    column = COLUMNS[dimension]
    for (number, value), waited in waits.over(plan.stretches, scope, now, since, column).items():
        if plan.stretches[number].adds >= 0:
            found[value].add(waited)
        else:
            found[value].take(waited)
    for (_, value), waited in waits.still([period], scope, now, since, column).items():
        found[value].add(waited)
    return {value: waited for value, waited in found.items() if not waited.is_empty()}


def _add_tallies(
    found: list[dict[str, Counts]],
    countings: Sequence[Counting],
    where: Q,
    chosen: dict[date, int],
) -> None:
    rows = Tally.objects.filter(where, day__in=list(chosen)).order_by()
    names = [name for one in countings for name in _columns(one)]
    for day, apart, *sums in rows.values_list("day_id", "apart", *names):
        counts, feed = found[chosen[day]], iter(sums)
        for one in countings:
            values = [next(feed) for _ in _columns(one)]
            values += apart.get(one.key) or [0] * (len(one.parts()) - len(values))
            counts[one.key] = [a + b for a, b in zip(counts[one.key], values, strict=True)]


def crew(sdr: int, ae: int | None) -> str:
    """The value of the dimension CREW: who hands over to whom."""
    return f"{sdr}-{ae or ''}"


def _where(scope: Scope) -> Q | None:
    """Which tallies a scope comes to; None where days are not counted for anything like it."""
    if (one := scope.slice()) is not None:
        return Q(dimension=one[0], value=one[1])
    if scope.team is None or scope != Scope(team=scope.team):
        return None
    # Each handoff is of one crew only, so the crews that have one of the team add up exactly
    team = {str(pk) for pk in scope.team}
    known = Tally.objects.filter(dimension=CREW).order_by().values_list("value", flat=True)
    theirs = [value for value in known.distinct() if team & set(value.split("-"))]
    return Q(dimension=CREW, value__in=theirs)


def _columns(one: Counting) -> tuple[str, ...]:
    """Where a day’s numerator and denominator stand; of what happened they are the same."""
    if one.is_beside:
        return ()
    if one.key.endswith("_happened"):
        return one.key, one.key
    return f"{one.key}_counted", f"{one.key}_of"


def _by_date(countings: Sequence[Counting]) -> Iterable[list[Counting]]:
    groups: dict[tuple[type, str], list[Counting]] = {}
    for one in countings:
        groups.setdefault((one.table, one.date), []).append(one)
    return groups.values()


def _move(values: Counts, found: Sequence[dict[str, Counts]], key: str, stretch: Stretch) -> None:
    for number, sign in ((stretch.adds, 1), (stretch.takes, -1)):
        if number >= 0:
            before = found[number][key]
            found[number][key] = [a + sign * b for a, b in zip(before, values, strict=True)]


def _read(dimension: str, value: str) -> Any:
    """A value as the facts have it."""
    if dimension == "lead_source":
        return value
    return int(value) if value else None


def _of_managers(found: dict[Any, dict[str, Counts]]) -> dict[Any, dict[str, Counts]]:
    managers = _managers()
    led: dict[Any, dict[str, Counts]] = {}
    for ae, counts in found.items():
        sums = led.setdefault(managers.get(ae), {})
        for key, values in counts.items():
            before = sums.get(key, [0] * len(values))
            sums[key] = [a + b for a, b in zip(before, values, strict=True)]
    return led


def _managers() -> dict[int, int | None]:
    return dict(User.objects.values_list("pk", "reports_to_id"))
