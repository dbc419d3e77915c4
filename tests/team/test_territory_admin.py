"""Territories as people edit them, with what is refused and why; lists of many rows."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from team.models import Coverage, Territory, User, WorkCalendar
from tests.admin_pages import change, rows, said
from tests.factories import make_user, submitted


@pytest.fixture
def as_revops(client: Client, revops: User) -> Client:
    client.force_login(revops)
    return client


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
