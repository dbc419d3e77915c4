"""A champion changes or leaves: those who work with them hear of it once, and the brief says so."""

from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import champions
from accounts.changes import found_wrong, history
from accounts.hooks import inbox
from accounts.models import (
    Account,
    Contact,
    ContactChange,
    Departure,
    EnrichmentSource,
    InboundEvent,
    Method,
    Verification,
    VerifiedField,
)
from handoffs import lifecycle, news
from handoffs.handover import gaps_since_handover
from handoffs.models import Handoff
from messaging.models import Message
from team.models import User
from tests.accounts.hooks import event, post
from tests.factories import accepted, complete_package, make_account, make_contact

CONFIRM = {"_form_submitted": "true"}


@pytest.fixture
def taken(sdr: User, account: Account, contact: Contact) -> Handoff:
    handoff = accepted(sdr=sdr, account=account, contact=contact)
    Message.objects.all().delete()
    return handoff


def changed(contact: Contact, **values: Any) -> ContactChange:
    return ContactChange.objects.create(
        **{"contact": contact, "field": "title", "old": "CFO", "new": "COO", "source": "Clearfeed"}
        | values
    )


def told() -> list[tuple[str, str]]:
    return sorted(
        (message.person.username if message.person else "", message.medium)
        for message in Message.objects.filter(kind="contact_changed")
    )


def tell() -> None:
    news.tell_due(timezone.now())


# --- Who is told, and once -------------------------------------------------------------------


def test_a_new_title_is_told_to_the_owner_and_the_author_once(
    taken: Handoff, contact: Contact
) -> None:
    changed(contact)
    tell()
    tell()
    assert told() == [("ae", "email"), ("sdr", "email")]
    message = Message.objects.filter(kind="contact_changed").first()
    assert message is not None
    assert message.subject == "Acme Robotics: the primary contact has a new title"
    assert "is now “COO”, no longer “CFO”" in message.body
    assert "Priya" not in message.subject + message.body
    assert message.about == f"handoff:{taken.pk}"


def test_somebody_with_two_handoffs_about_the_contact_hears_once(
    taken: Handoff, sdr: User, account: Account, contact: Contact
) -> None:
    complete_package(sdr=sdr, account=account, contact=contact)
    changed(contact)
    tell()
    assert told() == [("ae", "email"), ("sdr", "email")]


def test_others_write_between_two_contacts(
    taken: Handoff, contact: Contact, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[None] = []
    monkeypatch.setattr("handoffs.news.give_way", lambda: made.append(None))
    changed(contact)
    changed(make_contact(account))

    tell()

    assert len(made) == 2


def test_several_changes_at_once_are_one_message(taken: Handoff, contact: Contact) -> None:
    changed(contact)
    changed(contact, kind="left", field="employer", old="Acme Robotics", new="Northwind")
    tell()
    assert len(told()) == 2
    body = Message.objects.filter(kind="contact_changed")[0].body
    assert "COO" in body and "has left Acme Robotics for Northwind" in body


def test_who_made_the_change_is_not_told(taken: Handoff, contact: Contact, sdr: User) -> None:
    changed(contact, changed_by=sdr)
    tell()
    assert told() == [("ae", "email")]


def test_a_seat_in_the_committee_counts(taken: Handoff, account: Account) -> None:
    mark = make_contact(account, first_name="Mark", last_name="Dell")
    taken.committee.update(contact=mark)
    changed(mark)
    tell()
    assert len(told()) == 2
    body = Message.objects.filter(kind="contact_changed")[0].body
    assert body.startswith("Somebody in the committee is now")


def test_a_handoff_that_is_over_tells_nobody(
    sdr: User, ae: User, account: Account, contact: Contact
) -> None:
    handoff = complete_package(sdr=sdr, account=account, contact=contact)
    lifecycle.submit(handoff, by=sdr)
    lifecycle.withdraw(handoff, by=sdr)
    changed(contact)
    tell()
    assert told() == []


@pytest.mark.parametrize(
    "values",
    [
        {"field": "email", "old": "a@b.example", "new": "c@b.example"},
        {"field": "title", "old": "", "new": "CFO"},
        {"field": "title", "old": "cfo", "new": "CFO"},
    ],
)
def test_what_is_no_news_is_told_to_nobody(
    taken: Handoff, contact: Contact, values: dict[str, str]
) -> None:
    change = changed(contact, **values)
    tell()
    assert told() == []
    change.refresh_from_db()
    assert change.told_at is not None


def test_somebody_who_is_deactivated_is_not_told(
    taken: Handoff, contact: Contact, sdr: User
) -> None:
    User.objects.filter(pk=sdr.pk).update(is_active=False)
    changed(contact)
    tell()
    assert told() == [("ae", "email")]


def test_one_that_breaks_does_not_keep_others_from_being_told(
    taken: Handoff, contact: Contact, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = make_contact(account)
    changed(bad, pk=1)
    changed(contact, pk=2)
    follow = champions.follow

    def breaks(change: ContactChange, now: Any) -> Any:
        if change.contact_id == bad.pk:
            raise RuntimeError
        return follow(change, now)

    monkeypatch.setattr(champions, "follow", breaks)
    tell()
    assert len(told()) == 2
    assert ContactChange.objects.filter(told_at=None).count() == 1


# --- From wherever it is known ------------------------------------------------------------------


def test_an_import_that_changes_the_title_is_told(taken: Handoff, contact: Contact) -> None:
    rows = history(
        contact, [("title", "CFO", "COO")], source="HubSpot import", by=None, at=timezone.now()
    )
    ContactChange.objects.bulk_create(rows)
    tell()
    assert len(told()) == 2


def test_a_bounce_from_a_vendor_is_told_and_the_gate_looks_again(
    taken: Handoff, contact: Contact
) -> None:
    source = EnrichmentSource.objects.create(name="Clearfeed", slug="c", is_enabled=True)
    assert gaps_since_handover(taken) == []
    post(source, "m1", event("contact.bounced", email=contact.email))
    inbox.process_due()
    tell()
    message = Message.objects.filter(kind="contact_changed")[0]
    assert message.subject == "Acme Robotics: the primary contact cannot be reached"
    assert "e-mail address that no longer works" in message.body


def test_a_check_in_the_admin_that_finds_a_number_wrong_is_told(
    taken: Handoff, contact: Contact, sdr: User, client: Client
) -> None:
    client.force_login(sdr)
    page = client.get(reverse("admin:accounts_contact_change", args=[contact.pk]))
    form = page.context["adminform"].form
    data = {name: form[name].value() or "" for name in form.fields}
    for prefix in ("verifications", "proposals", "changes", "lookups", "origins"):
        data |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
    data |= {
        "verifications-TOTAL_FORMS": 1,
        "verifications-0-field": "dial",
        "verifications-0-method": Method.BOUNCE,
        "verifications-0-result": "invalid",
        "verifications-0-verified_at_0": "2026-03-02",
        "verifications-0-verified_at_1": "10:00:00",
    }
    answer = client.post(reverse("admin:accounts_contact_change", args=[contact.pk]), data)
    assert answer.status_code == 302, answer.context["errors"]
    change = ContactChange.objects.get()
    assert (change.kind, change.field, change.changed_by) == ("wrong", "dial", sdr)
    tell()
    assert told() == [("ae", "email")]


def test_a_check_that_is_older_than_the_last_good_one_is_no_news(contact: Contact) -> None:
    old = Verification.objects.create(
        contact=contact,
        field=VerifiedField.EMAIL,
        method=Method.BOUNCE,
        result="invalid",
        verified_at=timezone.now() - timedelta(days=30),
    )
    assert found_wrong(old, at=timezone.now()) is None


# --- Who left -----------------------------------------------------------------------------------


def leaves(client: Client, contact: Contact, **fields: str) -> Any:
    return client.post(
        reverse("admin:accounts_contact_they_left", args=[contact.pk]),
        CONFIRM | {"left_on": "2026-02-27", "company": "Northwind Traders"} | fields,
    )


def test_somebody_says_that_a_champion_left(
    taken: Handoff, contact: Contact, account: Account, sdr: User, client: Client
) -> None:
    client.force_login(sdr)
    leaves(client, contact)
    tell()

    contact.refresh_from_db()
    assert contact.left_on == date(2026, 2, 27)
    assert told() == [("ae", "email")]
    body = Message.objects.get(kind="contact_changed").body
    assert "has left Acme Robotics for Northwind Traders" in body
    assert "no longer holds here: company and contact" in body
    fresh = Handoff.objects.get(pk=taken.pk)
    assert {gap.field for gap in gaps_since_handover(fresh)} == {"contact"}
    departure = Departure.objects.get()
    assert (departure.account, departure.company, departure.state) == (
        account,
        "Northwind Traders",
        "open",
    )


def test_a_day_to_come_is_refused_at_its_field(contact: Contact, sdr: User, client: Client) -> None:
    client.force_login(sdr)
    page = leaves(client, contact, left_on="2026-03-09")
    assert "Enter the day once it has come." in page.content.decode()
    contact.refresh_from_db()
    assert contact.left_on is None


def test_the_brief_says_who_left_and_where_to_name_a_replacement(
    taken: Handoff, contact: Contact, ae: User, client: Client
) -> None:
    changed(contact, kind="left", field="employer", old="Acme Robotics", new="Northwind")
    tell()
    client.force_login(ae)
    page = client.get(f"/handoffs/{taken.pk}/").content.decode()
    assert "has left Acme Robotics for Northwind" in page
    assert reverse("admin:accounts_departure_change", args=[Departure.objects.get().pk]) in page


def test_the_brief_names_nobody_to_an_ae_who_has_not_accepted(
    sdr: User, ae: User, account: Account, contact: Contact, client: Client
) -> None:
    handoff = complete_package(sdr=sdr, account=account, contact=contact)
    lifecycle.submit(handoff, by=sdr)
    changed(contact)
    client.force_login(ae)
    page = client.get(f"/handoffs/{handoff.pk}/").content.decode()
    assert "Changed since the handoff" in page
    assert "Priya" not in page


def test_what_changed_before_the_handoff_is_not_on_the_brief(
    taken: Handoff, contact: Contact, clock: time_machine.Traveller
) -> None:
    before = timezone.now() - timedelta(days=5)
    changed(contact, changed_at=before, told_at=before)
    assert news.about(taken) == []


def test_the_account_asks_for_a_replacement_until_somebody_answers(
    taken: Handoff, contact: Contact, account: Account, sdr: User, client: Client
) -> None:
    client.force_login(sdr)
    leaves(client, contact)
    tell()
    page = reverse("admin:accounts_account_change", args=[account.pk])
    assert "Who takes over?" in client.get(page).content.decode()

    heir = make_contact(account, first_name="Lea", last_name="Roth")
    departure = Departure.objects.get()
    answer = reverse("admin:accounts_departure_name_replacement", args=[departure.pk])
    client.post(answer, CONFIRM | {"contact": heir.pk})

    departure.refresh_from_db()
    assert (departure.state, departure.replacement, departure.settled_by) == ("replaced", heir, sdr)
    assert "Who takes over?" not in client.get(page).content.decode()


def test_they_are_kept_at_the_new_company_without_what_was_the_old_ones(
    taken: Handoff, contact: Contact, account: Account, sdr: User, client: Client
) -> None:
    Contact.objects.filter(pk=contact.pk).update(mobile="+491711234567")
    client.force_login(sdr)
    leaves(client, contact)
    tell()
    departure = Departure.objects.get()
    client.post(
        reverse("admin:accounts_departure_add_at_new_company", args=[departure.pk]), CONFIRM
    )

    departure.refresh_from_db()
    new = departure.successor
    assert new is not None and new.account is not None
    assert (new.name, new.account.name, new.source) == (
        "Priya Nair",
        "Northwind Traders",
        "Was at Acme Robotics",
    )
    assert (new.email, new.phone, new.title) == ("", "", "")
    assert str(new.mobile).replace(" ", "") == "+491711234567"
    contact.refresh_from_db()
    assert contact.account == account and contact.email
    client.post(
        reverse("admin:accounts_departure_add_at_new_company", args=[departure.pk]), CONFIRM
    )
    assert Contact.objects.filter(last_name="Nair", account=new.account).count() == 1


def test_an_import_that_moves_somebody_has_the_old_account_ask(
    taken: Handoff, contact: Contact, account: Account
) -> None:
    contact.account = make_account(name="Northwind")
    contact.save()
    changed(contact, field="employer", old=account.name, new="Northwind")
    tell()
    departure = Departure.objects.get()
    assert (departure.account, departure.successor, departure.company) == (
        account,
        contact,
        "Northwind",
    )


def test_an_import_that_says_when_they_left_is_told_like_any_other(
    taken: Handoff, contact: Contact
) -> None:
    rows = history(
        contact, [("left_on", "", "2026-02-20")], source="import", by=None, at=timezone.now()
    )
    ContactChange.objects.bulk_create(rows)
    tell()
    assert Departure.objects.get().account == contact.account
    assert len(told()) == 2


def test_somebody_who_is_back_closes_the_question(
    taken: Handoff, contact: Contact, clock: time_machine.Traveller
) -> None:
    source = EnrichmentSource.objects.create(name="Clearfeed", slug="c", is_enabled=True)
    post(source, "m1", event("contact.left", email=contact.email, company="Elsewhere"))
    inbox.process_due()
    tell()
    clock.shift(timedelta(hours=1))
    post(source, "m2", event("contact.updated", email=contact.email, company="Acme Robotics"))
    inbox.process_due()
    tell()
    contact.refresh_from_db()
    assert contact.left_on is None
    assert Departure.objects.get().state == "back"
    subjects = set(Message.objects.values_list("subject", flat=True))
    assert "Acme Robotics: the primary contact is still there after all" in subjects


def test_departures_of_another_desk_are_not_shown(
    taken: Handoff, contact: Contact, sdr: User, other_sdr: User, client: Client
) -> None:
    champions.says_left(contact, on=timezone.now(), company="", by=sdr, now=timezone.now())
    tell()
    departure = Departure.objects.get()
    client.force_login(other_sdr)
    page = reverse("admin:accounts_departure_change", args=[departure.pk])
    assert client.get(page).status_code == 404
    answer = reverse("admin:accounts_departure_nobody_takes_over", args=[departure.pk])
    assert client.post(answer, CONFIRM).status_code == 404


def test_admins_hear_once_of_updates_that_were_given_up(
    revops: User, clock: time_machine.Traveller
) -> None:
    source = EnrichmentSource.objects.create(name="Clearfeed", slug="c", is_enabled=True)
    for number in range(3):
        post(source, f"m{number}", event("contact.updated", id=f"c-{number}", title="CRO"))
    clock.shift(timedelta(hours=24))
    inbox.process_due()
    assert InboundEvent.objects.filter(state="unmatched").count() == 3
    assert news.report_unmatched(timezone.now()) == 3
    assert news.report_unmatched(timezone.now()) == 0
    message = Message.objects.get(kind="updates_unmatched")
    assert message.person == revops
    assert "3 updates from Clearfeed" in message.body


def test_a_person_who_says_it_is_believed_over_an_older_vendor(
    contact: Contact, sdr: User, clock: time_machine.Traveller
) -> None:
    source = EnrichmentSource.objects.create(name="Clearfeed", slug="c", is_enabled=True)
    champions.says_left(contact, on=timezone.now(), company="", by=sdr, now=timezone.now())
    earlier = timezone.now() - timedelta(days=2)
    post(
        source,
        "m1",
        event("contact.updated", earlier, email=contact.email, company="Acme Robotics"),
    )
    inbox.process_due()
    contact.refresh_from_db()
    assert contact.left_on is not None
    assert contact.origins.get(field="employer").by == sdr
