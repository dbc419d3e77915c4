"""Territories, absences and calendars as people edit them, with what is refused and why."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from team.forms import as_clock
from team.models import Absence, Coverage, Territory, User, WorkCalendar
from tests.factories import make_user, submitted


def said(response: Any) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def change(obj: Any) -> str:
    meta = obj._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[obj.pk])


def rows(prefix: str, values: list[dict[str, Any]], stored: int = 0) -> dict[str, Any]:
    """The post of an inline formset."""
    data: dict[str, Any] = {
        f"{prefix}-TOTAL_FORMS": len(values),
        f"{prefix}-INITIAL_FORMS": stored,
        f"{prefix}-MIN_NUM_FORMS": 0,
        f"{prefix}-MAX_NUM_FORMS": 1000,
    }
    for number, row in enumerate(values):
        data |= {f"{prefix}-{number}-{name}": value for name, value in row.items()}
    return data


@pytest.fixture
def as_revops(client: Client, revops: User) -> Client:
    client.force_login(revops)
    return client


# --- Territories ---------------------------------------------------------------------------------


def territory_form(
    territory: Territory, backups: list[dict[str, Any]] | None = None, **changes: Any
) -> dict[str, Any]:
    values: dict[str, Any] = {
        "name": territory.name,
        "countries": ", ".join(territory.countries),
        "calendar": territory.calendar_id,
        "is_active": "on",
        "primary": territory.primary_id or "",
        "team": list(territory.team.values_list("pk", flat=True)),
        "manager": territory.manager_id or "",
    }
    if backups is None:
        backups = [
            {"id": row.pk, "territory": territory.pk, "rank": row.rank, "backup": row.backup_id}
            for row in territory.coverage.all()
        ]
        stored = len(backups)
    else:
        stored = sum(bool(row.get("id")) for row in backups)
    return values | changes | rows("coverage", backups, stored)


def test_countries_are_entered_as_codes_in_a_line(as_revops: Client, north: Territory) -> None:
    assert as_revops.post(
        change(north), territory_form(north, countries=" at,DE ; ch")
    ).status_code == (302)
    north.refresh_from_db()
    assert north.countries == ["AT", "CH", "DE"]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("DE, Germany", "“GERMANY”: not a country code"),
        ("XX", "“XX”: not a country code"),
        ("UK", "the United Kingdom is GB"),
        ("DE, IT", "IT already belongs to South"),
    ],
)
def test_a_country_that_cannot_be_is_named(
    as_revops: Client, north: Territory, south: Territory, typed: str, sentence: str
) -> None:
    answer = as_revops.post(change(north), territory_form(north, countries=typed))
    assert answer.status_code == 200
    assert sentence in answer.content.decode()


def test_the_primary_cannot_back_themselves_up(
    as_revops: Client, north: Territory, ae: User
) -> None:
    backups = [{"id": "", "territory": north.pk, "rank": 2, "backup": ae.pk}]
    answer = as_revops.post(change(north), territory_form(north, backups))
    assert "The primary AE cannot be their own backup." in answer.content.decode()


def test_a_backup_who_becomes_primary_has_to_leave_the_backups(
    as_revops: Client, north: Territory, backup: User
) -> None:
    answer = as_revops.post(change(north), territory_form(north, primary=backup.pk))
    assert "The primary AE cannot be their own backup." in answer.content.decode()


def test_two_backups_of_one_rank_are_refused(
    as_revops: Client, north: Territory, backup: User, ae2: User
) -> None:
    stored = north.coverage.get()
    backups = [
        {"id": stored.pk, "territory": north.pk, "rank": 1, "backup": backup.pk},
        {"id": "", "territory": north.pk, "rank": 1, "backup": ae2.pk},
    ]
    answer = as_revops.post(change(north), territory_form(north, backups))
    assert "Ben Okafor and Cleo Marsh both have rank 1" in answer.content.decode()


def test_the_same_backup_twice_is_refused(
    as_revops: Client, north: Territory, backup: User
) -> None:
    stored = north.coverage.get()
    backups = [
        {"id": stored.pk, "territory": north.pk, "rank": 1, "backup": backup.pk},
        {"id": "", "territory": north.pk, "rank": 2, "backup": backup.pk},
    ]
    answer = as_revops.post(change(north), territory_form(north, backups))
    assert answer.status_code == 200
    assert "The same AE stands there twice" in answer.content.decode()
    assert Coverage.objects.count() == 1


def test_a_territory_without_anybody_is_saved_with_a_warning(
    as_revops: Client, calendar: WorkCalendar
) -> None:
    form = {"name": "West", "countries": "FR", "calendar": calendar.pk, "is_active": "on"}
    answer = as_revops.post("/admin/team/territory/add/", form | rows("coverage", []))
    assert answer.status_code == 302
    assert "Nobody would get the handoffs of West" in said(answer)


def test_a_territory_with_handoffs_is_switched_off_not_deleted(
    as_revops: Client, north: Territory, sdr: User, account: Any, contact: Any
) -> None:
    submitted(sdr=sdr, account=account, contact=contact)
    address = reverse("admin:team_territory_delete", args=[north.pk])
    answer = as_revops.post(address, {"post": "yes"})
    assert "North cannot be deleted: it is used by" in said(answer)
    assert Territory.objects.filter(pk=north.pk).exists()


@pytest.mark.parametrize("who", ["sdr", "ae", "manager"])
def test_only_admins_change_territories(
    client: Client, who: str, north: Territory, request: pytest.FixtureRequest
) -> None:
    client.force_login(request.getfixturevalue(who))
    assert client.get(change(north)).status_code == 200
    assert client.post(change(north), territory_form(north, name="Mine")).status_code == 403
    north.refresh_from_db()
    assert north.name == "North"


# --- Absences ------------------------------------------------------------------------------------

ADD = "/admin/team/absence/add/"


def absence_form(first: str, last: str, **changes: Any) -> dict[str, Any]:
    return {
        "starts_at_0": first,
        "starts_at_1": "",
        "ends_at_0": last,
        "ends_at_1": "",
        "cover": "",
        "note": "",
    } | changes


def test_everybody_enters_their_own_absence_in_whole_days(
    client: Client, ae: User, north: Territory
) -> None:
    ae.time_zone = "Europe/Berlin"
    ae.save()
    client.force_login(ae)
    assert client.post(ADD, absence_form("2026-03-09", "2026-03-10")).status_code == 302
    absence = Absence.objects.get()
    assert absence.user == ae
    assert absence.starts_at == datetime(2026, 3, 8, 23, tzinfo=UTC)
    assert absence.ends_at == datetime(2026, 3, 10, 23, tzinfo=UTC)
    html = client.get("/admin/team/absence/").content.decode()
    assert "9 Mar 2026 to 10 Mar 2026" in html


def test_a_day_is_a_day_of_whoever_is_away_not_of_whoever_enters_it(
    client: Client, ae: User, manager: User, north: Territory
) -> None:
    User.objects.filter(pk=ae.pk).update(time_zone="America/New_York")
    User.objects.filter(pk=manager.pk).update(time_zone="Europe/Berlin")
    client.force_login(manager)
    form = absence_form("2026-03-03", "2026-03-04", user=ae.pk, ends_at_1="18:00")
    assert client.post(ADD, form).status_code == 302
    absence = Absence.objects.get()
    assert absence.starts_at == datetime(2026, 3, 3, 5, tzinfo=UTC), "midnight in New York"
    assert absence.ends_at == datetime(2026, 3, 4, 17, tzinfo=UTC), "a time is the manager’s"
    assert str(absence) == "Ana Silva away 3 Mar 2026 to 4 Mar 2026"


def test_an_absence_is_named_by_its_last_day_and_nobody_covers_for_themselves(
    client: Client, ae: User, backup: User, north: Territory, south: Territory
) -> None:
    backup.time_zone = "Europe/Berlin"
    backup.save()
    Territory.objects.filter(pk=south.pk).update(primary=backup)
    south.coverage.create(rank=1, backup=ae)
    client.force_login(backup)
    form = client.get(ADD).content.decode()
    assert "in North Mara Lindt" in form
    assert "in South Ana Silva, then" in form
    html = client.post(ADD, absence_form("2026-03-09", "2026-03-10"), follow=True).content.decode()
    assert "Ben Okafor away 9 Mar 2026 to 10 Mar 2026" in html
    assert "Ana Silva" in html
    assert "then Ben Okafor" not in html


def test_an_absence_may_begin_and_end_at_an_hour(client: Client, ae: User) -> None:
    client.force_login(ae)
    hours = {"starts_at_1": "09:00", "ends_at_1": "12:30"}
    client.post(ADD, absence_form("2026-03-09", "2026-03-09", **hours))
    absence = Absence.objects.get()
    assert absence.ends_at - absence.starts_at == timedelta(hours=3, minutes=30)


@pytest.mark.parametrize(
    ("first", "last", "sentence"),
    [
        ("2026-03-10", "2026-03-09", "The absence has to end after it starts."),
        ("", "2026-03-09", "Enter a date."),
        ("2026-02-30", "2026-03-09", "Enter a valid date."),
        ("0001-01-01", "2026-03-09", "Enter a date between 2000 and 2099."),
        ("2026-03-09", "9999-12-31", "Enter a date between 2000 and 2099."),
    ],
)
def test_an_impossible_time_is_refused_in_words(
    client: Client, ae: User, first: str, last: str, sentence: str
) -> None:
    client.force_login(ae)
    answer = client.post(ADD, absence_form(first, last))
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert not Absence.objects.exists()


def test_a_second_absence_at_the_same_time_is_refused(client: Client, ae: User) -> None:
    client.force_login(ae)
    client.post(ADD, absence_form("2026-03-09", "2026-03-13"))
    answer = client.post(ADD, absence_form("2026-03-13", "2026-03-14"))
    assert "already away 9 Mar 2026 to 13 Mar 2026" in answer.content.decode()
    assert client.post(ADD, absence_form("2026-03-14", "2026-03-15")).status_code == 302


def test_nobody_covers_themselves(client: Client, ae: User) -> None:
    client.force_login(ae)
    answer = client.post(ADD, absence_form("2026-03-09", "2026-03-10", cover=ae.pk))
    assert "Somebody else has to cover." in answer.content.decode()


def test_covers_who_are_away_in_a_circle_are_refused(
    client: Client, ae: User, backup: User
) -> None:
    client.force_login(backup)
    client.post(ADD, absence_form("2026-03-09", "2026-03-13", cover=ae.pk))
    client.force_login(ae)
    answer = client.post(ADD, absence_form("2026-03-10", "2026-03-11", cover=backup.pk))
    assert "nobody would be left" in answer.content.decode()


def test_a_cover_who_is_away_too_is_pointed_out(client: Client, ae: User, backup: User) -> None:
    client.force_login(backup)
    client.post(ADD, absence_form("2026-03-09", "2026-03-13"))
    client.force_login(ae)
    answer = client.post(ADD, absence_form("2026-03-10", "2026-03-11", cover=backup.pk))
    assert answer.status_code == 302
    assert "Ben Okafor is away too" in said(answer)


def test_the_form_says_who_covers_and_what_is_open(
    client: Client, ae: User, sdr: User, account: Any, contact: Any
) -> None:
    submitted(sdr=sdr, account=account, contact=contact)
    client.force_login(ae)
    html = client.get(ADD).content.decode()
    assert "Ana Silva holds 1 open handoff now." in html
    assert "in North Ben Okafor, then Mara Lindt" in html


def test_a_person_cannot_enter_an_absence_for_somebody_else(
    client: Client, ae: User, backup: User
) -> None:
    client.force_login(ae)
    client.post(ADD, absence_form("2026-03-09", "2026-03-10", user=backup.pk))
    assert Absence.objects.get().user == ae


def test_a_manager_enters_the_teams_absences_and_no_others(
    client: Client, manager: User, ae: User, other_ae: User
) -> None:
    client.force_login(manager)
    client.post(ADD, absence_form("2026-03-09", "2026-03-10", user=ae.pk))
    assert Absence.objects.get().user == ae
    answer = client.post(ADD, absence_form("2026-03-09", "2026-03-10", user=other_ae.pk))
    assert answer.status_code == 200
    assert Absence.objects.count() == 1


def test_other_peoples_absences_are_not_there(
    client: Client, ae: User, backup: User, manager: User, other_manager: User, revops: User
) -> None:
    now = timezone.now()
    absence = backup.absences.create(starts_at=now, ends_at=now + timedelta(days=1))
    seen = {}
    for person in (ae, backup, manager, other_manager, revops):
        client.force_login(person)
        seen[person.username] = client.get(change(absence)).status_code
    assert seen == {"ae": 404, "backup": 200, "manager": 200, "other_manager": 404, "revops": 200}
    client.force_login(ae)
    address = reverse("admin:team_absence_delete", args=[absence.pk])
    assert client.post(address, {"post": "yes"}).status_code == 404
    assert Absence.objects.exists()


# --- Calendars -----------------------------------------------------------------------------------


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


@pytest.mark.parametrize("path", ["territory", "absence", "workcalendar"])
def test_a_list_asks_no_more_for_many_rows(
    as_revops: Client, north: Territory, path: str, django_assert_max_num_queries: Any
) -> None:
    now = timezone.now()
    address = f"/admin/team/{path}/"
    north.primary.absences.create(starts_at=now, ends_at=now + timedelta(days=1))
    with django_assert_max_num_queries(20) as few:
        as_revops.get(address)
    for number in range(20):
        calendar = WorkCalendar.objects.create(name=f"Calendar {number}", time_zone="UTC")
        person = make_user(f"person{number}", "ae")
        other = Territory.objects.create(name=f"T{number}", calendar=calendar, primary=person)
        Coverage.objects.create(territory=other, backup=north.primary)
        person.absences.create(starts_at=now, ends_at=now + timedelta(days=1))
    with django_assert_max_num_queries(len(few)):
        as_revops.get(address)


def test_hours_may_be_typed_as_people_write_them() -> None:
    assert [as_clock(text) for text in ("9", "9:30", "9.30", "24:00", "noon")] == [
        "09:00",
        "09:30",
        "09:30",
        "24:00",
        "noon",
    ]


def test_a_word_in_the_place_of_an_id_is_refused_at_its_field(client: Client, revops: User) -> None:
    client.force_login(revops)
    answer = client.post(
        "/admin/team/territory/add/",
        {
            "name": "West",
            "primary": "<script>",
            "team": ["7x"],
            "coverage-TOTAL_FORMS": "0",
            "coverage-INITIAL_FORMS": "0",
        },
    )
    assert answer.status_code == 200
    assert "not one of the available choices" in answer.content.decode()
    assert not Territory.objects.exists()
