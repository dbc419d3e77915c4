"""The lists of contacts to check again and of accounts to enrich first."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import (
    Account,
    Contact,
    ContactChange,
    DecayRate,
    EnrichmentSource,
    GrowthSignal,
    Lookup,
    Verification,
)
from handoffs import data_work
from handoffs.models import CommitteeMember
from team.models import User
from tests.factories import complete_package, make_account, make_contact, submitted


@pytest.fixture
def desk(sdr: User, client: Client) -> Client:
    client.force_login(sdr)
    return client


@pytest.fixture
def stale(contact: Contact) -> Contact:
    """A contact whose e-mail was verified too long ago, and whose dial ages."""
    contact.verifications.filter(field="email").update(
        verified_at=timezone.now() - timedelta(days=100)
    )
    contact.verifications.filter(field="dial").update(
        verified_at=timezone.now() - timedelta(days=50)
    )
    return contact


def due(user: User) -> list[tuple[str, list[str], bool]]:
    first, rest = data_work.to_recheck(user, timezone.now())
    return [(str(r.contact), [str(f.field) for f in r.fields], bool(r.work)) for r in first + rest]


def test_people_at_work_stand_first_and_only_what_is_not_fresh(
    standard: Any, stale: Contact, account: Account, sdr: User
) -> None:
    other = make_contact(account, first_name="Zoe", last_name="Old", verified=False)
    make_contact(account)  # fresh
    gone = make_contact(account, verified=False, left_on=timezone.now().date())
    complete_package(sdr=sdr, account=account, contact=stale)

    assert gone.pk
    assert due(sdr) == [
        ("Priya Nair", ["email", "dial"], True),
        (str(other), ["email", "dial", "title", "employer"], False),
    ]


def test_a_meeting_that_comes_sooner_stands_higher(
    standard: Any, north: Any, ae: User, sdr: User, account: Account
) -> None:
    for days, name in ((2, "Quince"), (1, "Alder")):
        company = make_account(territory=north, name=name)
        person = make_contact(company, last_name=name)
        person.verifications.filter(field="title").delete()
        at = timezone.now() + timedelta(days=days)
        submitted(sdr=sdr, account=company, contact=person, next_step_at=at)
    assert [who for who, _, _ in due(sdr)] == ["Priya Alder", "Priya Quince"]
    rows = data_work.to_enrich(sdr, timezone.now())
    assert [row.account.name for row in rows] == ["Alder", "Quince"]


def test_the_validity_expected_goes_by_how_the_source_decayed(stale: Contact, sdr: User) -> None:
    stale.verifications.update(method="vendor", source="Clearfeed")
    DecayRate.objects.create(
        source="Clearfeed", field="email", per_year=2.0, wrong=9, contact_years=3,
        measured_at=timezone.now(),
    )  # fmt: skip
    (row,) = data_work.to_recheck(sdr, timezone.now())[1]
    # exp(-2 x 100 / 365)
    assert row.fields[0].freshness.expected_validity == pytest.approx(0.5782, abs=1e-4)


def test_one_click_notes_what_was_found_out(desk: Client, stale: Contact, sdr: User) -> None:
    sent = {"field": "email", "method": "replied", "value": stale.email}
    page = desk.post(reverse("recheck_verified", args=[stale.pk]), sent, follow=True)

    assert "Noted: E-mail".lower() in page.content.decode().lower()
    check = stale.verifications.first()
    assert check is not None
    assert (check.field, check.method, check.verified_by, check.verified_at) == (
        "email", "replied", sdr, timezone.now(),
    )  # fmt: skip
    assert due(sdr) == []


def test_a_wrong_number_goes_into_the_history(desk: Client, stale: Contact) -> None:
    sent = {"field": "dial", "method": "bounce", "value": str(stale.phone)}
    desk.post(reverse("recheck_verified", args=[stale.pk]), sent)
    assert ContactChange.objects.get().kind == "wrong"


def test_what_changed_meanwhile_is_not_vouched_for(desk: Client, stale: Contact) -> None:
    count = Verification.objects.count()
    sent = {"field": "email", "method": "replied", "value": "old@acme-robotics.example"}
    page = desk.post(reverse("recheck_verified", args=[stale.pk]), sent, follow=True)
    assert "has changed meanwhile" in page.content.decode()
    assert Verification.objects.count() == count


@pytest.mark.parametrize(
    "sent", [{}, {"field": "email"}, {"field": "email", "method": "spoke"}, {"field": "shoe"}]
)
def test_only_the_buttons_count(desk: Client, stale: Contact, sent: dict[str, str]) -> None:
    assert desk.post(reverse("recheck_verified", args=[stale.pk]), sent).status_code == 400


def test_others_people_do_not_exist(client: Client, stale: Contact, other_sdr: User) -> None:
    client.force_login(other_sdr)
    sent = {"field": "email", "method": "replied", "value": stale.email}
    assert client.post(reverse("recheck_verified", args=[stale.pk]), sent).status_code == 404
    assert client.post(reverse("enrich_account", args=[stale.account_id])).status_code == 404


def test_the_pages_say_what_to_do_when_there_is_nothing(desk: Client, contact: Contact) -> None:
    assert "Nothing to recheck" in desk.get(reverse("recheck")).content.decode()
    assert "Nothing to enrich" in desk.get(reverse("enrich_first")).content.decode()


def test_accounts_at_work_that_are_not_ready_are_listed_with_what_is_missing(
    standard: Any, desk: Client, sdr: User, account: Account, contact: Contact
) -> None:
    complete_package(sdr=sdr, account=account, contact=contact)
    GrowthSignal.objects.all().delete()

    page = desk.get(reverse("enrich_first")).content.decode()
    assert "70 of 100" in page and "a growth signal of the last year" in page
    assert "No data source can be asked yet" in page

    EnrichmentSource.objects.create(
        name="Clearfeed", slug="c", asked="web", company_url="https://a.example/{domain}"
    )
    answer = desk.post(reverse("enrich_account", args=[account.pk]), follow=True)
    assert "1 question about Acme Robotics asked" in answer.content.decode()
    assert Lookup.objects.get().account == account


@pytest.mark.parametrize("name", ["recheck", "enrich_first"])
def test_the_lists_cost_the_same_for_few_and_for_many(
    name: str, standard: Any, desk: Client, sdr: User, north: Any,
    django_assert_max_num_queries: Callable[..., Any],
) -> None:  # fmt: skip
    for number in range(12):
        company = make_account(territory=north, sdr=sdr, name=f"Firm {number}")
        person = make_contact(company, verified=number % 2 == 0)
        complete_package(sdr=sdr, account=company, contact=person)
    with django_assert_max_num_queries(20):
        assert desk.get(reverse(name)).status_code == 200


def test_a_contact_in_the_committee_is_at_work_as_well(
    standard: Any, north: Any, sdr: User, ae: User
) -> None:
    company = make_account(territory=north)
    handoff = submitted(sdr=sdr, account=company, contact=make_contact(company))
    member = make_contact(company, verified=False)
    CommitteeMember.objects.filter(handoff=handoff).update(contact=member)
    assert str(member) in [who for who, _, at_work in due(sdr) if at_work]
