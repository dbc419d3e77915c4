"""Work calendars as people edit them: a week that makes sense, holidays, versions."""

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from team.forms.calendars import as_clock
from team.models import Territory, User, WorkCalendar
from tests.admin_pages import change, rows, said


@pytest.fixture
def as_revops(client: Client, revops: User) -> Client:
    client.force_login(revops)
    return client


def calendar_form(
    hours: list[tuple[str, str, str]], days: list[tuple[str, str]] | None = None, **changes: Any
) -> dict[str, Any]:
    week = [{"weekday": day, "opens": a, "closes": b} for day, a, b in hours]
    off = [{"day": day, "name": name} for day, name in days or []]
    own = {"name": "Lisbon", "time_zone": "Europe/Lisbon", "country": "pt", "subdivision": ""}
    return own | changes | rows("intervals", week) | rows("holidays", off)


NEW = "/admin/team/workcalendar/add/"


def test_a_saved_calendar_has_a_version_to_promise_by(as_revops: Client) -> None:
    hours = [("mon", "9", "12.30"), ("mon", "13:30", "24:00")]
    assert as_revops.post(NEW, calendar_form(hours, [("2026-04-25", "Freedom Day")])).status_code
    calendar = WorkCalendar.objects.get()
    version = calendar.versions.get()
    assert version.weekly_hours == {"mon": [["09:00", "12:30"], ["13:30", "24:00"]]}
    assert version.holidays == ["2026-04-25"]
    assert calendar.country == "PT"


def test_a_new_calendar_is_offered_an_ordinary_week(as_revops: Client) -> None:
    html = as_revops.get(NEW).content.decode()
    assert html.count('value="09:00"') == 5


@pytest.mark.parametrize(
    ("hours", "sentence"),
    [
        ([], "There are no opening hours on any day."),
        ([("mon", "09:00", "25:00")], "is not a time"),
        ([("mon", "17:00", "13:00")], "closes before it opens"),
        ([("mon", "09:00", "12:00"), ("mon", "11:00", "15:00")], "overlap"),
        ([("mon", "09:00", "09:00")], "closes as it opens"),
        ([("mon", "09:00", "")], "This field is required."),
    ],
)
def test_hours_that_make_no_week_are_refused_in_words(
    as_revops: Client, hours: list[tuple[str, str, str]], sentence: str
) -> None:
    answer = as_revops.post(NEW, calendar_form(hours))
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert not WorkCalendar.objects.exists()


@pytest.mark.parametrize(
    ("days", "sentence"),
    [
        ([("3000-01-01", "Far off")], "Enter a date between 2000 and 2099."),
        ([("2026-05-01", "May Day"), ("2026-05-01", "Labour Day")], "stands there twice"),
    ],
)
def test_holidays_that_cannot_be_are_refused(
    as_revops: Client, days: list[tuple[str, str]], sentence: str
) -> None:
    answer = as_revops.post(NEW, calendar_form([("mon", "09:00", "17:00")], days))
    assert sentence in answer.content.decode()


@pytest.mark.parametrize("zone", ["Mars/Phobos", "EST5", ""])
def test_a_calendar_needs_a_real_time_zone(as_revops: Client, zone: str) -> None:
    answer = as_revops.post(NEW, calendar_form([("mon", "09:00", "17:00")], time_zone=zone))
    assert answer.status_code == 200
    assert not WorkCalendar.objects.exists()


def fill_in(calendar: WorkCalendar) -> str:
    return reverse("admin:team_workcalendar_fill_in_holidays", args=[calendar.pk])


def years(first: int, last: int, country: str = "DE", subdivision: str = "") -> dict[str, Any]:
    return {
        "_form_submitted": "true",
        "country": country,
        "subdivision": subdivision,
        "first_year": first,
        "last_year": last,
    }


def test_public_holidays_are_filled_in_and_what_stands_there_is_kept(
    as_revops: Client, calendar: WorkCalendar
) -> None:
    calendar.holidays.create(day=date(2026, 12, 25), name="Our own name for it")
    answer = as_revops.post(fill_in(calendar), years(2026, 2027, "DE", "by"))
    assert answer.status_code == 302
    assert "1 stood there already" in said(answer)
    named = dict(calendar.holidays.values_list("day", "name"))
    assert named[date(2026, 12, 25)] == "Our own name for it"
    assert named[date(2027, 1, 6)] == "Epiphany"
    assert "2027-01-06" in calendar.versions.first().holidays
    again = as_revops.post(fill_in(calendar), years(2026, 2027, "DE", "by"))
    assert "Added 0 public holidays" in said(again)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (years(2026, 2026, "XX"), "No holidays are known for “XX”"),
        (years(2026, 2026, "DE", "ZZ"), "“ZZ” is not a region of DE"),
        (years(2027, 2026), "The last year comes before the first."),
        (years(2026, 2056), "at most 10 years"),
        (years(1900, 1901), "between 2000 and 2099"),
    ],
)
def test_unknown_places_and_years_are_refused_in_the_dialog(
    as_revops: Client, calendar: WorkCalendar, asked: dict[str, Any], sentence: str
) -> None:
    answer = as_revops.post(fill_in(calendar), asked)
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert not calendar.holidays.exists()


def test_opening_the_dialog_changes_nothing(as_revops: Client, calendar: WorkCalendar) -> None:
    answer = as_revops.get(fill_in(calendar))
    assert answer.status_code == 200
    assert not calendar.holidays.exists()


@pytest.mark.parametrize("who", ["sdr", "ae", "manager"])
def test_only_admins_fill_in_holidays(
    client: Client, who: str, calendar: WorkCalendar, request: pytest.FixtureRequest
) -> None:
    client.force_login(request.getfixturevalue(who))
    assert client.post(fill_in(calendar), years(2026, 2026)).status_code == 403


def test_a_button_on_a_calendar_that_is_not_there_is_a_404(as_revops: Client, db: None) -> None:
    for identifier in ("999", "abc", str(10**30)):
        address = f"/admin/team/workcalendar/{identifier}/fill_in_holidays/"
        assert as_revops.post(address, years(2026, 2026)).status_code == 404


def test_a_calendar_in_use_is_not_deleted(as_revops: Client, north: Territory) -> None:
    calendar = north.calendar
    address = reverse("admin:team_workcalendar_delete", args=[calendar.pk])
    answer = as_revops.post(address, {"post": "yes"})
    assert "Office hours cannot be deleted: it is used by 1 territory" in said(answer)
    assert WorkCalendar.objects.exists()


def test_a_calendar_nobody_uses_goes_with_its_versions(
    as_revops: Client, calendar: WorkCalendar
) -> None:
    calendar.current_version()
    address = reverse("admin:team_workcalendar_delete", args=[calendar.pk])
    assert as_revops.get(address).status_code == 200
    as_revops.post(address, {"post": "yes"})
    assert not WorkCalendar.objects.exists()


def test_the_page_names_what_was_promised_under_each_version(
    as_revops: Client, sdr: User, account: Any, contact: Any, north: Territory
) -> None:
    north.calendar.current_version()
    html = as_revops.get(change(north.calendar)).content.decode()
    assert "Version 1 of 2 Mar 2026" in html
    assert "North" in html


def test_hours_may_be_typed_as_people_write_them() -> None:
    assert [as_clock(text) for text in ("9", "9:30", "9.30", "24:00", "noon")] == [
        "09:00",
        "09:30",
        "09:30",
        "24:00",
        "noon",
    ]
