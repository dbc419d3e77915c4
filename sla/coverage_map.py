"""The coverage map: territory by hour of a week, who is there and when nobody is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from handoffs.models import LeadSource
from sla.arrivals import Arrivals, arrivals
from sla.intervals import Interval, common, length
from sla.models import ClockKind, PolicyVersion, Target
from sla.presence import Presence, Watch, absences_between, territories_with_people, watch
from team.business_time import ZERO
from team.models import Territory, User
from team.zones import zone_named

MOST_WEEKS = 52  # ahead or back
MOST_HOLES = 5  # told in words above a map


class Cell(NamedTuple):
    """One hour of one day. `short` stands in the box, `words` say it in full."""

    state: str  # closed, works, covered or nobody
    short: str
    words: str


class Row(NamedTuple):
    hour: str  # such as 09:00
    cells: list[Cell]


class Hole(NamedTuple):
    """Open time in which nobody is there; `expected` handoffs come in it, None if unknown."""

    start: datetime
    end: datetime
    expected: float | None


class Map(NamedTuple):
    """One territory's week. `rows` are the hours in which it is open on any day."""

    territory: Territory
    zone: str
    days: list[date]
    rows: list[Row]
    people: list[tuple[str, Presence]]
    holes: list[Hole]
    more_holes: int
    uncovered: timedelta
    arrivals: Arrivals | None
    always_on: list[str]


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def maps(monday: date, now: datetime) -> list[Map]:
    """Every territory in the week that begins on `monday`, in a fixed number of queries."""
    territories = territories_with_people()
    around = timedelta(days=2)  # its first and last hour lie elsewhere in UTC
    begin = datetime.combine(monday, time(), UTC)
    absences = absences_between(begin - around, begin + timedelta(days=7) + around)
    watches = []
    for territory in territories:
        zone = zone_named(territory.calendar.time_zone)
        edges = _local(monday, 0, zone), _local(monday + timedelta(days=7), 0, zone)
        watches.append((watch(territory, *edges, absences), zone))
    holed = {one.territory.pk: zone for one, zone in watches if one.holes}
    expected = arrivals(holed, now) if holed else {}
    promised = _promised()
    return [
        _map(one, zone, monday, expected.get(one.territory.pk), _always_on(one.territory, promised))
        for one, zone in watches
    ]


def _map(
    seen: Watch, zone: ZoneInfo, monday: date, expected: Arrivals | None, always_on: list[str]
) -> Map:
    days = [monday + timedelta(days=n) for n in range(7)]
    there = [presence for presence in seen.line if presence.at]
    short = _initials([presence.user for presence in there])
    rows = []
    for hour in range(24):
        hours = [(_local(day, hour, zone), _local(day, hour + 1, zone)) for day in days]
        cells = [_cell(seen, there, short, edges) for edges in hours]
        if any(cell.state != "closed" for cell in cells):
            rows.append(Row(f"{hour:02}:00", cells))
    holes = [
        Hole(start, end, expected.expected([(start, end)]) if expected else None)
        for start, end in seen.holes
    ]
    people = {presence.user.pk: (short[presence.user.pk], presence) for presence in there[::-1]}
    order = dict.fromkeys(presence.user.pk for presence in there)
    return Map(
        territory=seen.territory,
        zone=zone.key,
        days=days,
        rows=rows,
        people=[people[pk] for pk in order],
        holes=holes[:MOST_HOLES],
        more_holes=max(len(holes) - MOST_HOLES, 0),
        uncovered=length(seen.holes),
        arrivals=expected,
        always_on=always_on,
    )


def _cell(seen: Watch, there: Sequence[Presence], short: dict[int, str], edges: Interval) -> Cell:
    opens = common(seen.opens, [edges])
    if not opens:
        return Cell("closed", "", "closed")
    missing = length(common(seen.holes, opens))
    first = next(((p, at) for p in there if (at := common(p.at, opens))), None)
    if first is None:
        return Cell("nobody", "nobody", "nobody is there")
    presence, at = first
    initials, minutes = short[presence.user.pk], int(missing.total_seconds()) // 60
    if missing > ZERO:
        words = f"{presence.user}, but nobody for {minutes} minutes of it"
        return Cell("nobody", f"{initials} –{minutes}′", words)
    primary = seen.territory.primary_id
    is_first = presence.user.pk == primary or primary is None
    if is_first and length(at) == length(opens):
        return Cell("works", initials, f"{presence.user} works")
    others = [p for p in there if p is not presence and common(p.at, opens)]
    if is_first and others:
        words = f"{presence.user} works part of it, then {others[0].user} ({others[0].because})"
        return Cell("covered", f"{initials} {short[others[0].user.pk]}", words)
    return Cell("covered", initials, f"{presence.user} ({presence.because})")


def _promised() -> dict[tuple[str, int | None], Target]:
    """What is promised for accepting, by lead source and territory (None: everywhere)."""
    rows = Target.objects.filter(
        kind=ClockKind.ACCEPT, version__state=PolicyVersion.State.ACTIVE
    ).select_related("version__policy")
    return {(row.version.policy.lead_source, row.version.policy.territory_id): row for row in rows}


def _always_on(territory: Territory, promised: dict[tuple[str, int | None], Target]) -> list[str]:
    """The lead sources whose acceptance is promised around the clock here."""
    found = []
    for source in LeadSource:
        target = promised.get((source, territory.pk)) or promised.get((source, None))
        if target and target.hours != Target.Hours.BUSINESS:
            found.append(str(source.label))
    return found


def _initials(people: Sequence[User]) -> dict[int, str]:
    """Two letters each; who would share them gets a third.

    Ana Silva is AS, and beside Ada Stone she is ASi and the other ASt.
    """
    names = {user.pk: str(user).split() or ["?"] for user in people}
    two = {pk: (words[0][:1] + (words[-1][:1] if words[1:] else "")) for pk, words in names.items()}
    shared = {pk for pk in two if list(two.values()).count(two[pk]) > 1}
    return {
        pk: (words[0][:1] + words[-1][:2] if pk in shared and words[1:] else two[pk]).strip()
        for pk, words in names.items()
    }


def _local(day: date, hour: int, zone: ZoneInfo) -> datetime:
    """An hour of a local day as an instant; 24 is the midnight after it."""
    midnight = datetime.combine(day + timedelta(days=hour // 24), time(hour % 24), zone)
    return midnight.astimezone(UTC)
