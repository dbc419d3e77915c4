"""What an absence would leave uncovered, and how many handoffs are expected then; saves nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sla.arrivals import FEWEST, FEWEST_WEEKS, Arrivals, arrivals
from sla.intervals import Interval, common, length, without
from sla.presence import absences_between, territories_of, watch
from team.models import Absence, Territory
from team.zones import zone_named

FURTHEST = timedelta(days=366)  # of a longer absence only the first year is looked at
MOST_TOLD = 3  # stretches named one by one


class Foreseen(NamedTuple):
    """One territory while somebody is away: the open time that nobody would be there for.

    `passed_on` is how many handoffs are expected in the open hours that they would have been
    first for; both counts are None where there is too little data.
    """

    territory: Territory
    holes: list[Interval]
    expected: float | None
    passed_on: float | None

    @property
    def sentence(self) -> str:
        """Such as “In North nobody would be there Thu 5 Mar 14:00 to 17:00 …”."""
        zone = zone_named(self.territory.calendar.time_zone)
        if not self.holes:
            came = "" if self.passed_on is None else f"; {_about(self.passed_on)} go there"
            return f"In {self.territory} somebody else is there in every open hour{came}."
        named = "; ".join(_stretch(hole, zone) for hole in self.holes[:MOST_TOLD])
        if more := len(self.holes) - MOST_TOLD:
            named += f"; and {more} more" if more > 0 else ""
        hours = length(self.holes).total_seconds() / 3600
        if self.expected is None:
            data = f"there are fewer than {FEWEST} handoffs or {FEWEST_WEEKS} weeks to judge by"
            came = f"How many handoffs to expect then cannot be said: {data}."
        else:
            came = f"{_about(self.expected).capitalize()} are expected then."
        return (
            f"In {self.territory} nobody would be there for {hours:.3g} open hours: {named} "
            f"({zone.key}). {came}"
        )


def foresee(absence: Absence, now: datetime) -> list[Foreseen]:
    """What this absence, saved or not, changes in each territory its person takes handoffs in.

    Only what is still to come counts; nothing where it is over.
    """
    start = max(absence.starts_at, now)
    end = min(absence.ends_at, start + FURTHEST)
    if end <= start:
        return []
    others = [one for one in absences_between(start, end) if one.pk != absence.pk]
    territories = territories_of(absence.user)
    told = arrivals({t.pk: zone_named(t.calendar.time_zone) for t in territories}, now)
    return [
        _in(territory, absence, others, (start, end), told[territory.pk])
        for territory in territories
    ]


def _in(
    territory: Territory,
    absence: Absence,
    others: Sequence[Absence],
    when: Interval,
    expected: Arrivals,
) -> Foreseen:
    before = watch(territory, *when, others)
    after = watch(territory, *when, [*others, absence])
    holes = without(after.holes, before.holes)
    passed_on = None
    if territory.primary_id == absence.user_id and before.line:
        passed_on = expected.expected(common(before.line[0].at, before.opens))
    return Foreseen(territory, holes, expected.expected(holes), passed_on)


def _about(count: float) -> str:
    if count < 0.05:
        return "no handoffs"
    return f"about {count:.1f} handoffs"


def _stretch(hole: Interval, zone: ZoneInfo) -> str:
    start, end = (at.astimezone(zone) for at in hole)
    last = f"{end:%H:%M}" if start.date() == end.date() else f"{end:%a} {end.day} {end:%b %H:%M}"
    return f"{start:%a} {start.day} {start:%b %H:%M} to {last}"
