"""Public holidays from the `holidays` library, put into a calendar as rows that people edit."""

from datetime import date

import holidays as library
from django.core.exceptions import ValidationError
from django.db import transaction

from team.bounds import EARLIEST, LATEST
from team.models import Holiday, WorkCalendar

MOST_YEARS = 10
SPOKEN = "en_US"


def public_holidays(
    country: str, subdivision: str, first_year: int, last_year: int
) -> dict[date, str]:
    """The public holidays of these years, both included, by day and with an English name if known.

    Raises ValidationError, in words and at the field, for a place or years it does not know.
    """
    country, subdivision = country.strip().upper(), subdivision.strip().upper()
    _check_years(first_year, last_year)
    places = library.list_supported_countries()
    if len(country) != 2 or country not in places:
        raise ValidationError(
            {"country": f"No holidays are known for “{country}”. Enter a code such as DE or US."}
        )
    known = places[country]
    if subdivision and subdivision not in known:
        raise ValidationError({"subdivision": _unknown_subdivision(country, subdivision, known)})
    spoken = library.list_localized_countries().get(country, [])
    found = library.country_holidays(
        country,
        subdiv=subdivision or None,
        years=range(first_year, last_year + 1),
        language=SPOKEN if SPOKEN in spoken else None,
    )
    return dict(sorted(found.items()))


def fill(
    calendar: WorkCalendar, country: str, subdivision: str, first_year: int, last_year: int
) -> tuple[int, int]:
    """Add the holidays that the calendar lacks: (added, already there). Rows are never changed.

    Errors as for `public_holidays`.
    """
    found = public_holidays(country, subdivision, first_year, last_year)
    with transaction.atomic():
        there = set(calendar.holidays.filter(day__in=list(found)).values_list("day", flat=True))
        Holiday.objects.bulk_create(
            Holiday(calendar=calendar, day=day, name=name[:120])
            for day, name in found.items()
            if day not in there
        )
    return len(found) - len(there), len(there)


def _check_years(first: int, last: int) -> None:
    if last < first:
        raise ValidationError({"last_year": "The last year comes before the first."})
    if last - first >= MOST_YEARS:
        raise ValidationError({"last_year": f"Fill in at most {MOST_YEARS} years at a time."})
    if not (EARLIEST.year <= first and last < LATEST.year):
        raise ValidationError({"first_year": "Enter years between 2000 and 2099."})


def _unknown_subdivision(country: str, subdivision: str, known: list[str]) -> str:
    if not known:
        return f"{country} has no regions with holidays of their own: leave this empty."
    shown = ", ".join(known[:20]) + (" …" if len(known) > 20 else "")
    return f"“{subdivision}” is not a region of {country}. It has {shown}."
