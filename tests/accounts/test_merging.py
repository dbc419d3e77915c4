"""Two records that are one: everything moves, nothing is lost, and it can be taken back."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import duplicates, merging, origins
from accounts.models import Account, AccountTechnology, Contact, Merge, Verification
from handoffs.models import Handoff
from team.models import User
from tests.factories import accepted, make_account, make_contact

CONFIRM = {"_form_submitted": "true"}


def everything() -> dict[str, Any]:
    """Accounts and contacts as they stand, but for when they were last touched."""
    return {
        "accounts": [
            {k: v for k, v in row.items() if k != "updated_at"}
            for row in Account.objects.order_by("pk").values()
        ],
        "contacts": list(Contact.objects.order_by("pk").values()),
        "technologies": list(AccountTechnology.objects.order_by("pk").values()),
        "checks": list(Verification.objects.order_by("pk").values()),
        "handoffs": list(Handoff.objects.order_by("pk").values("pk", "account", "contact")),
    }


@pytest.fixture
def twin(account: Account) -> Account:
    return make_account(
        name="ACME Robotics GmbH",
        domain="",
        city="Ulm",
        external_id="X-1",
        territory=account.territory,
    )


def test_accounts_become_one_with_everything_that_points_at_them(
    account: Account, twin: Account, contact: Contact, sdr: User, revops: User
) -> None:
    colleague = make_contact(twin)
    child = make_account(name="Acme Ulm", parent=twin)
    handoff = accepted(sdr=sdr, account=account, contact=contact)
    Handoff.objects.filter(pk=handoff.pk).update(account=twin)
    AccountTechnology.objects.create(account=twin, name="HubSpot")

    merging.merge(account, twin, by=revops, at=timezone.now())

    account.refresh_from_db()
    for row in (colleague, child, handoff):
        row.refresh_from_db()
    assert (colleague.account, child.parent, handoff.account) == (account, account, account)
    assert (account.city, account.external_id) == ("Ulm", "X-1")
    assert account.name == "Acme Robotics"
    assert set(account.technologies.values_list("name", flat=True)) == {
        "HubSpot",
        "SAP ERP",
        "Salesforce",
    }
    assert not Account.objects.filter(pk=twin.pk).exists()


def test_a_merge_is_undone_to_the_last_value(
    account: Account, twin: Account, contact: Contact, sdr: User, revops: User
) -> None:
    make_contact(twin)
    handoff = accepted(sdr=sdr, account=account, contact=contact)
    Handoff.objects.filter(pk=handoff.pk).update(account=twin)
    before = everything()
    done = merging.merge(account, twin, by=revops, at=timezone.now())
    assert everything() != before

    merging.undo(done, by=revops, at=timezone.now())

    assert everything() == before
    with pytest.raises(ValidationError, match="undone already"):
        merging.undo(done, by=revops, at=timezone.now())


def test_contacts_become_one_and_two_again(
    account: Account, contact: Contact, sdr: User, revops: User
) -> None:
    twin = make_contact(
        account, first_name="P.", last_name="Nair", phone="", mobile="+491711234567"
    )
    origins.note(contact, ["title"], by=sdr, at=timezone.now())
    origins.note(twin, ["title", "mobile"], by=sdr, at=timezone.now())
    handoff = accepted(sdr=sdr, account=account, contact=contact)
    handoff.committee.update(contact=twin)
    before = everything()

    done = merging.merge(contact, twin, by=revops, at=timezone.now())

    contact.refresh_from_db()
    assert str(contact.mobile).replace(" ", "") == "+491711234567"
    assert contact.email == "priya.nair@acme-robotics.example"
    assert handoff.committee.get().contact == contact
    assert sorted(contact.origins.values_list("field", flat=True)) == ["mobile", "title"]
    merging.undo(done, by=revops, at=timezone.now())
    assert everything() == before
    assert twin.origins.count() == 2
    assert handoff.committee.get().contact == twin


def test_what_was_added_or_changed_since_stays(
    account: Account, twin: Account, revops: User
) -> None:
    done = merging.merge(account, twin, by=revops, at=timezone.now())
    new = make_contact(account)
    Account.objects.filter(pk=account.pk).update(city="Bonn")
    merging.undo(done, by=revops, at=timezone.now())
    account.refresh_from_db()
    new.refresh_from_db()
    assert (account.city, account.external_id) == ("Bonn", "")
    assert new.account == account
    assert Account.objects.get(pk=twin.pk).external_id == "X-1"


def test_an_undo_is_refused_where_another_has_its_id_by_now(
    account: Account, twin: Account, revops: User
) -> None:
    done = merging.merge(account, twin, by=revops, at=timezone.now())
    Account.objects.filter(pk=account.pk).update(external_id="")
    make_account(name="Other", external_id="X-1")
    with pytest.raises(ValidationError, match="Another record has"):
        merging.undo(done, by=revops, at=timezone.now())
    assert Merge.objects.get().undone_at is None


def test_after_thirty_days_it_is_too_late_and_forgotten(
    account: Account, twin: Account, revops: User, clock: time_machine.Traveller
) -> None:
    done = merging.merge(account, twin, by=revops, at=timezone.now())
    clock.shift(timedelta(days=30, seconds=1))
    with pytest.raises(ValidationError, match="too late"):
        merging.undo(done, by=revops, at=timezone.now())
    assert merging.forget(timezone.now()) == 1


def test_a_parent_is_not_taken_into_its_child(account: Account, revops: User) -> None:
    child = make_account(name="Acme Ulm", parent=account)
    with pytest.raises(ValidationError, match="is above Acme Ulm"):
        merging.merge(child, account, by=revops, at=timezone.now())
    with pytest.raises(ValidationError, match="the same one"):
        merging.merge(child, child, by=revops, at=timezone.now())


def test_parents_in_a_circle_hold_up_no_merge(account: Account, revops: User) -> None:
    first = make_account(name="First")
    second = make_account(name="Second", parent=first)
    Account.objects.filter(pk=first.pk).update(parent=second)
    Account.objects.filter(pk=account.pk).update(parent=first)
    twin = make_account(name="Acme Robotics Ltd", domain="")

    merging.merge(account, twin, by=revops, at=timezone.now())

    assert not Account.objects.filter(pk=twin.pk).exists()


def test_candidates_come_with_their_reason(account: Account, twin: Account) -> None:
    stranger = make_account(name="Stranger", domain="stranger.example")
    make_contact(account, email="kim@stranger.example")
    make_account(name="Acme Robotics", domain="acme-robotics.it")  # told apart by its domain
    found = [(match.found, match.reason) for match in duplicates.of_account(account)]
    assert found == [
        (twin, "same company name"),
        (stranger, "its people write from this company’s domain"),
    ]


def test_contacts_with_one_phone_or_name_are_candidates(account: Account, contact: Contact) -> None:
    same = make_contact(account, first_name="P", last_name="Nair", email="", phone="+493090182010")
    make_contact(account, first_name="Other", last_name="Person")
    found = [(match.found, match.reason) for match in duplicates.of_contact(contact)]
    assert found == [(same, "same phone and last name")]


def test_a_merge_and_its_undo_in_the_admin(
    account: Account, twin: Account, manager: User, client: Client
) -> None:
    client.force_login(manager)
    button = reverse("admin:accounts_account_merge_other", args=[account.pk])
    assert "same company name" in client.get(button).content.decode()
    client.post(button, CONFIRM | {"likely": twin.pk})
    assert not Account.objects.filter(pk=twin.pk).exists()
    done = Merge.objects.get()
    assert done.by == manager
    client.post(reverse("admin:accounts_merge_undo", args=[done.pk]), CONFIRM)
    assert Account.objects.filter(pk=twin.pk).exists()


def test_whoever_may_not_merge_accounts_may_not_part_them(
    account: Account, twin: Account, contact: Contact, revops: User, sdr: User, client: Client
) -> None:
    of_accounts = merging.merge(account, twin, by=revops, at=timezone.now())
    other = make_contact(account, email="p@acme-robotics.example")
    of_contacts = merging.merge(contact, other, by=revops, at=timezone.now())
    client.force_login(sdr)

    undo = reverse("admin:accounts_merge_undo", args=[of_accounts.pk])
    assert client.post(undo, CONFIRM).status_code == 403
    client.post(reverse("admin:accounts_merge_undo", args=[of_contacts.pk]), CONFIRM)

    assert not Account.objects.filter(pk=twin.pk).exists()
    assert Contact.objects.filter(pk=other.pk).exists()


def test_nobody_merges_what_they_do_not_see(
    account: Account, sdr: User, manager: User, south: Any, client: Client
) -> None:
    theirs = make_account(name="Acme Robotics Srl", domain="", territory=south)
    client.force_login(manager)
    button = reverse("admin:accounts_account_merge_other", args=[account.pk])
    page = client.post(button, CONFIRM | {"number": theirs.pk})
    assert "no such record" in page.content.decode()
    assert Account.objects.filter(pk=theirs.pk).exists()
    assert client.post(button, CONFIRM | {"number": 10**30}).status_code == 200
    client.force_login(sdr)
    assert client.post(button, CONFIRM | {"number": theirs.pk}).status_code == 403
