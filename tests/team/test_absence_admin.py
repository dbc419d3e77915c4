"""Absences as people enter them: whose, how long, who covers, and what is refused."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from team.models import Absence, Territory, User
from tests.admin_pages import change, said
from tests.factories import submitted

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
