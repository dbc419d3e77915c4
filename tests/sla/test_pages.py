"""The manager's page, the coverage check, and the promises on the brief."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, Contact
from handoffs import lifecycle
from handoffs.models import Handoff, LeadSource
from sla import coverage, desks
from sla.clocks import sweep
from sla.models import Breach
from team.models import Absence, Territory, User
from tests.factories import complete_package, submitted

pytestmark = pytest.mark.django_db


@pytest.fixture
def late(sdr: User, account: Account, contact: Contact, clock) -> Handoff:  # type: ignore[no-untyped-def]
    """An inbound request whose acceptance was due an hour ago, noticed by the sweep."""
    handoff = submitted(sdr=sdr, account=account, contact=contact, lead_source=LeadSource.INBOUND)
    clock.shift(timedelta(hours=1, minutes=10))
    sweep(timezone.now())
    return handoff


def open_page(user: User, name: str, *args: object, **query: str):  # type: ignore[no-untyped-def]
    client = Client()
    client.force_login(user)
    return client.get(reverse(name, args=args), query)


def test_what_is_late_stands_on_the_managers_page(late: Handoff, manager: User) -> None:
    page = open_page(manager, "attention").content.decode()
    assert "Missed and still open" in page
    assert "Overdue by 10 min" in page
    assert reverse("handoff_reassign", args=[late.pk]) in page


def test_a_promise_that_changed_hands_stands_there_once(
    late: Handoff, manager: User, backup: User, clock
) -> None:  # type: ignore[no-untyped-def]
    lifecycle.reassign(late, to=backup, why="Ana is in a meeting.", by=manager)
    clock.shift(timedelta(hours=1, minutes=10))
    assert late.clocks.overdue(timezone.now()).filter(kind="accept").count() == 2
    page = open_page(manager, "attention").content.decode()
    assert page.count("Overdue by ") == 1
    assert "Overdue by 1 h 20 min" in page


def test_lateness_shows_without_any_worker(
    sdr: User, account: Account, contact: Contact, manager: User, clock
) -> None:  # type: ignore[no-untyped-def]
    submitted(sdr=sdr, account=account, contact=contact, lead_source=LeadSource.INBOUND)
    clock.shift(timedelta(minutes=61))
    (row,) = desks.late_clocks(manager, timezone.now())
    assert row.left.words == "overdue by 1 min"


def test_another_team_sees_nothing_of_it(late: Handoff, other_manager: User) -> None:
    page = open_page(other_manager, "attention").content.decode()
    assert "Nothing needs you right now." in page


def test_an_unassigned_handoff_asks_for_somebody(
    sdr: User,
    account: Account,
    contact: Contact,
    manager: User,
    ae: User,
    backup: User,
    ae2: User,
) -> None:
    User.objects.filter(pk__in=[ae.pk, backup.pk, ae2.pk]).update(is_active=False)
    draft = complete_package(sdr=sdr, account=account, contact=contact)
    handoff = lifecycle.submit(draft, by=sdr)
    page = open_page(manager, "attention").content.decode()
    assert "Nobody has these" in page
    assert reverse("handoff_reassign", args=[handoff.pk]) in page


def test_the_manager_names_the_cause(late: Handoff, manager: User) -> None:
    breach = Breach.objects.get()
    client = Client()
    client.force_login(manager)
    address = reverse("explain_breach", args=[breach.pk])
    answer = client.post(address, {"cause": "overload", "note": ""})
    assert answer.status_code == 302
    breach.refresh_from_db()
    assert (breach.cause, breach.explained_by) == ("overload", manager)


@pytest.mark.parametrize(
    ("cause", "note", "words"),
    [
        ("other", "no", "Say in a sentence what the cause was."),
        ("nonsense", "", "Choose a cause from the list."),
        ("late", "x" * 501, "500 characters"),
    ],
)
def test_a_cause_that_is_none_is_refused_and_kept(
    late: Handoff, manager: User, cause: str, note: str, words: str
) -> None:
    breach = Breach.objects.get()
    client = Client()
    client.force_login(manager)
    answer = client.post(
        reverse("explain_breach", args=[breach.pk]), {"cause": cause, "note": note}
    )
    assert answer.status_code == 422
    page = answer.content.decode()
    assert words in page
    assert note in page
    breach.refresh_from_db()
    assert breach.cause == ""


def test_only_the_responsible_manager_names_a_cause(
    late: Handoff, other_manager: User, revops: User, ae: User
) -> None:
    breach = Breach.objects.get()
    for person, status in ((other_manager, 404), (revops, 403), (ae, 403)):
        client = Client()
        client.force_login(person)
        address = reverse("explain_breach", args=[breach.pk])
        assert client.post(address, {"cause": "late"}).status_code == status
    breach.refresh_from_db()
    assert breach.cause == ""


@pytest.mark.parametrize("name", ["attention", "coverage"])
def test_the_pages_are_for_managers(name: str, sdr: User, ae: User, manager: User) -> None:
    assert open_page(sdr, name).status_code == 403
    assert open_page(ae, name).status_code == 403
    assert open_page(manager, name).status_code == 200
    assert Client().get(reverse(name)).status_code == 302


def test_coverage_says_who_would_be_told(
    north: Territory, ae: User, manager: User, director: User, backup: User
) -> None:
    lines = coverage.check(timezone.now())
    assert {line.lead_source for line in lines} == set(LeadSource)
    assert not [line.problem for line in lines if line.problem]
    told = {step.step.action: step.told for step in lines[0].steps}
    assert told == {
        "remind": [ae],
        "manager": [manager],
        "backup": [backup],
        "upper": [director],
    }


def test_coverage_finds_the_hole(north: Territory, revops: User) -> None:
    User.objects.exclude(pk=revops.pk).update(is_active=False)
    assert {line.problem for line in coverage.check(timezone.now())} == {
        "Only the admins would be told."
    }
    User.objects.update(is_active=False)
    assert {line.problem for line in coverage.check(timezone.now())} == {"Nobody would be told."}


def test_coverage_at_night_asks_about_the_next_holiday(
    north: Territory, ae: User, manager: User
) -> None:
    north.calendar.holidays.create(day="2026-04-03", name="Good Friday")
    night = coverage.deepest_night(north, timezone.now())
    assert night.isoformat() == "2026-04-03T03:00:00+00:00"
    Absence.objects.create(
        user=ae, starts_at=night - timedelta(days=1), ends_at=night + timedelta(days=1)
    )
    lines = coverage.check(timezone.now(), at_night=True)
    remind = lines[0].steps[0]
    assert remind.told == [manager]
    assert remind.passed == ["Ana Silva: away until 04 Apr 2026"]


def test_coverage_asks_of_each_territory_only_who_stands_in(
    north: Territory, ae: User, backup: User
) -> None:
    with CaptureQueriesContext(connection) as before:
        coverage.check(timezone.now())
    for name in ("East", "West"):
        other = Territory.objects.create(
            name=name, calendar=north.calendar, manager=north.manager, primary=ae
        )
        other.coverage.create(backup=backup, rank=1)

    with CaptureQueriesContext(connection) as after:
        lines = coverage.check(timezone.now())

    assert len(lines) == 3 * len(LeadSource)
    assert len(after) - len(before) <= 2 * 3  # is the primary away, who are the backups, are they


def test_the_brief_shows_promises_and_what_was_done(late: Handoff, manager: User) -> None:
    page = open_page(manager, "handoff", late.pk).content.decode()
    assert "Promises" in page
    assert "around the clock" in page
    assert "Remind the owner" in page
    assert "Alert the manager" in page
