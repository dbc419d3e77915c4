"""Who is there for a territory's handoffs, hour by hour: the same line that routing asks.

Its primary, whoever covers for them while they are away, its backups by rank, then its team. Each
counts while their own hours are open and they are not away; how much they hold is not foreseen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db.models import Prefetch

from sla.intervals import Interval, common, union, without
from sla.models.clock import AROUND_THE_CLOCK
from team.availability import MOST_HOPS
from team.business_time import BusinessHours
from team.models import Absence, Coverage, Territory, User, WorkCalendar


class Presence(NamedTuple):
    """Somebody in the line, why, and when they are there."""

    user: User
    because: str
    at: list[Interval]


class Watch(NamedTuple):
    """A territory in [start, end): when it is open, who is there, and when nobody is."""

    territory: Territory
    opens: list[Interval]
    line: list[Presence]
    holes: list[Interval]


def territories_with_people() -> list[Territory]:
    """Those in use, with everything that `watch` looks at."""
    return list(_with_people(Territory.objects.filter(is_active=True)))


def territories_of(person: User) -> list[Territory]:
    """Those in use in whose line this person stands."""
    mine = Territory.objects.worked_by(person).filter(is_active=True).values("pk")
    return list(_with_people(Territory.objects.filter(pk__in=mine)))


def absences_between(start: datetime, end: datetime) -> list[Absence]:
    """Everybody's absences that touch [start, end), with who covers."""
    rows = Absence.objects.filter(starts_at__lt=end, ends_at__gt=start).order_by("starts_at", "pk")
    return list(
        rows.select_related("cover__calendar").prefetch_related(
            "cover__calendar__intervals", "cover__calendar__holidays"
        )
    )


def watch(
    territory: Territory, start: datetime, end: datetime, absences: Iterable[Absence]
) -> Watch:
    """Who is there for `territory` in [start, end) with these absences; no queries."""
    away: dict[int, list[Absence]] = {}
    for absence in absences:
        away.setdefault(absence.user_id, []).append(absence)
    opens = hours_of(territory.calendar).segments(start, end)
    line: list[Presence] = []
    for user, because in _in_line(territory):
        line += _presences(user, because, [(start, end)], territory, away, {user.pk})
    there = union(interval for presence in line for interval in presence.at)
    return Watch(territory, opens, line, without(opens, there))


def hours_of(calendar: WorkCalendar) -> BusinessHours:
    """What it says now; around the clock where it says nothing, as for a clock."""
    try:
        return calendar.hours()
    except ValueError:
        return AROUND_THE_CLOCK


def _in_line(territory: Territory) -> list[tuple[User, str]]:
    found: list[tuple[User, str]] = []
    if territory.primary:
        found.append((territory.primary, "primary AE"))
    found += [(row.backup, f"backup {row.rank}") for row in territory.coverage.all()]
    found += [(member, "in the team") for member in territory.team.all()]
    first = {user.pk: (user, because) for user, because in reversed(found)}
    order = dict.fromkeys(user.pk for user, _ in found)
    return [first[pk] for pk in order if first[pk][0].is_active]


def _presences(
    user: User,
    because: str,
    asked: Sequence[Interval],
    territory: Territory,
    away: dict[int, list[Absence]],
    seen: set[int],
) -> list[Presence]:
    """When `user` is there within `asked`, and whoever covers for them while they are not."""
    gone = away.get(user.pk, [])
    working = hours_of(user.calendar or territory.calendar)
    shifts = [part for start, end in asked for part in working.segments(start, end)]
    out = [(absence.starts_at, absence.ends_at) for absence in gone]
    found = [Presence(user, because, without(shifts, out))]
    for absence in gone:
        cover = absence.cover
        meanwhile = common(asked, [(absence.starts_at, absence.ends_at)])
        if cover and cover.is_active and cover.pk not in seen and len(seen) <= MOST_HOPS:
            found += _presences(
                cover, f"covers for {user}", meanwhile, territory, away, seen | {cover.pk}
            )
    return found


def _with_people(territories: object) -> list[Territory]:
    people = User.objects.select_related("calendar").prefetch_related(
        "calendar__intervals", "calendar__holidays"
    )
    coverage = Coverage.objects.order_by("rank", "pk").prefetch_related(
        Prefetch("backup", queryset=people)
    )
    rows = territories.select_related("calendar").prefetch_related(  # type: ignore[attr-defined]
        "calendar__intervals",
        "calendar__holidays",
        Prefetch("primary", queryset=people),
        Prefetch("team", queryset=people.order_by("pk")),
        Prefetch("coverage", queryset=coverage),
    )
    return list(rows)
