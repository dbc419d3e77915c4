"""The demo's people, territories and calendars."""

from datetime import datetime, timedelta
from typing import NamedTuple

from team.holidays import fill
from team.models import Absence, Coverage, Territory, User, WorkCalendar, WorkInterval

PASSWORD = "demo"  # noqa: S105  demo data only; refused outside an empty database
# Those that are worth trying, and that the tour of the demo is for
SIGN_INS = ("sdr", "ae", "backup", "manager", "revops")
WEEK = ("mon", "tue", "wed", "thu", "fri")

# username, name, roles, reports to, time zone
PEOPLE = [
    ("director", "Dora Quinn", "manager", None, "Europe/Berlin"),
    ("manager", "Mara Lindt", "manager", "director", "Europe/Berlin"),
    ("theo", "Theo Grant", "manager", "director", "America/New_York"),
    ("revops", "Rita Vance", "revops", "director", "Europe/Berlin"),
    ("sdr", "Sam Ortiz", "sdr", "theo", "Europe/Berlin"),
    ("uma", "Uma Reyes", "sdr", "theo", "America/New_York"),
    ("leo", "Leo Brandt", "sdr", "theo", "Europe/Berlin"),
    ("nia", "Nia Cole", "sdr", "theo", "Europe/London"),
    ("ae", "Ana Silva", "ae", "manager", "Europe/Berlin"),
    ("backup", "Ben Okafor", "ae", "manager", "Europe/Berlin"),
    ("cleo", "Cleo Marsh", "ae", "manager", "America/New_York"),
    ("omar", "Omar Haddad", "ae", "manager", "Europe/London"),
    ("ingrid", "Ingrid Falk", "ae", "manager", "America/New_York"),
]


class Region(NamedTuple):
    name: str
    zone: str
    country: str
    hours: tuple[tuple[str, str], ...]
    countries: list[str]
    primary: str  # empty: the team takes turns
    team: list[str]
    backups: list[str]


REGIONS = [
    Region(
        "Central Europe",
        "Europe/Berlin",
        "DE",
        (("08:30", "12:30"), ("13:30", "17:30")),
        ["AT", "CH", "CZ", "DE", "DK", "NO", "PL", "SE"],
        "ae",
        ["ae", "backup", "omar"],
        ["backup", "omar"],
    ),
    Region(
        "Americas",
        "America/New_York",
        "US",
        (("09:00", "17:30"),),
        ["BR", "CA", "MX", "US"],
        "",
        ["cleo", "ingrid"],
        ["ingrid", "backup"],
    ),
    Region(
        "UK and West",
        "Europe/London",
        "GB",
        (("09:00", "17:00"),),
        ["BE", "ES", "FR", "GB", "IE", "IT", "NL", "PT"],
        "omar",
        ["omar", "backup", "ae"],
        ["backup", "ae"],
    ),
]


# Who keeps other hours than their territory: name of the calendar, hours by day
OWN_HOURS = {
    "cleo": ("Cleo Marsh, short Fridays", {**dict.fromkeys(WEEK[:4], "17:30"), "fri": "15:00"}),
    "ingrid": ("Ingrid Falk, four days", dict.fromkeys(WEEK[:4], "17:30")),
}

# Who works for more than one region, by the one whose hours they keep
AT_HOME_IN = {"ae": "Central Europe", "backup": "Central Europe", "omar": "UK and West"}


def address_of(first: str, last: str) -> str:
    """The e-mail of somebody of the cast."""
    return f"{first}.{last}@desk.example".lower()


def hire() -> dict[str, User]:
    """Everybody by username; they all sign in with PASSWORD."""
    people: dict[str, User] = {}
    for username, name, role, boss, zone in PEOPLE:
        first, last = name.split(" ", 1)
        person = User(
            username=username,
            first_name=first,
            last_name=last,
            email=address_of(first, last),
            time_zone=zone,
            reports_to=people[boss] if boss else None,
            **{f"is_{role}": True},
        )
        person.set_password(PASSWORD)
        person.save()
        people[username] = person
    return people


def open_offices(people: dict[str, User], years: list[int]) -> dict[str, Territory]:
    """Three territories with calendars, holidays, primaries and backups."""
    territories = {}
    for region in REGIONS:
        calendar = WorkCalendar.objects.create(
            name=f"{region.name} hours", time_zone=region.zone, country=region.country
        )
        WorkInterval.objects.bulk_create(
            WorkInterval(calendar=calendar, weekday=day, opens=opens, closes=closes)
            for day in WEEK
            for opens, closes in region.hours
        )
        fill(calendar, region.country, "", years[0], years[-1])
        calendar.current_version()
        territory = Territory.objects.create(
            name=region.name,
            countries=region.countries,
            calendar=calendar,
            manager=people["manager"],
            primary=people.get(region.primary),
        )
        territory.team.set([people[name] for name in region.team])
        for rank, name in enumerate(region.backups, start=1):
            Coverage.objects.create(territory=territory, backup=people[name], rank=rank)
        territories[region.name] = territory
    _keep_own_hours(people, territories)
    return territories


def _keep_own_hours(people: dict[str, User], territories: dict[str, Territory]) -> None:
    """Part-timers leave a hole that the coverage map shows: Friday afternoons in the Americas."""
    for username, region in AT_HOME_IN.items():
        people[username].calendar = territories[region].calendar
        people[username].save(update_fields=["calendar"])
    for username, (name, closes) in OWN_HOURS.items():
        calendar = WorkCalendar.objects.create(name=name, time_zone=people[username].time_zone)
        WorkInterval.objects.bulk_create(
            WorkInterval(calendar=calendar, weekday=day, opens="09:00", closes=closing)
            for day, closing in closes.items()
        )
        calendar.current_version()
        people[username].calendar = calendar
        people[username].save(update_fields=["calendar"])


def go_away(people: dict[str, User], now: datetime) -> None:
    """A few holidays, one of them now."""
    for name, cover, start, days in [
        ("omar", "backup", -2, 5),
        ("cleo", "ingrid", -60, 10),
        ("ae", "backup", -95, 7),
        ("ingrid", "cleo", 9, 12),
    ]:
        Absence.objects.create(
            user=people[name],
            cover=people[cover],
            starts_at=now + timedelta(days=start),
            ends_at=now + timedelta(days=start + days),
            created_at=min(now, now + timedelta(days=start - 14)),
            note="On leave",
        )
