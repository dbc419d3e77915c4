"""What received updates do: in any order, once, and never over what a person knows better."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import origins, proposals
from accounts.hooks import inbox, updates
from accounts.models import (
    Account,
    Contact,
    ContactChange,
    EnrichmentSource,
    InboundEvent,
    Method,
    Proposal,
    Verification,
)
from team.models import User
from tests.accounts import deliveries
from tests.accounts.hooks import event, post
from tests.factories import make_account, make_contact

CONFIRM = {"_form_submitted": "true"}


@pytest.fixture
def source(db: None) -> EnrichmentSource:
    return EnrichmentSource.objects.create(
        name="Clearfeed", slug="clearfeed", is_enabled=True, per_minute=60_000
    )


def receive(source: EnrichmentSource, event_id: str, body: str) -> InboundEvent:
    assert post(source, event_id, body).status_code == 202
    inbox.process_due()
    return InboundEvent.objects.get(source=source, event_id=event_id)


def newest_check(contact: Contact, field: str) -> Verification | None:
    about_it = contact.verifications.filter(field=field, value=contact.verified_value(field))
    return about_it.order_by("verified_at", "pk").last()


def ago(**span: float) -> Any:
    return timezone.now() - timedelta(**span)


# --- Order, doubles, crashes -----------------------------------------------------------------


def test_shuffled_doubles_end_as_the_ordered_ones_do(
    source: EnrichmentSource, clock: time_machine.Traveller
) -> None:
    deliveries.companies()
    told = deliveries.story(150, people=12, start=ago(days=2))
    for delivery in told:
        assert post(source, *delivery).status_code == 202
        inbox.process_due()
    ordered = deliveries.state_of(source)
    assert deliveries.effects() == 150

    mixed = EnrichmentSource.objects.create(
        name=source.name + " 2", slug="again", is_enabled=True, per_minute=60_000
    )
    Contact.objects.update(email="", external_id="")
    InboundEvent.objects.all().delete()
    source.records.all().delete()
    Contact.objects.all().delete()
    for index, delivery in enumerate(deliveries.shuffled_with_doubles(told)):
        assert post(mixed, *delivery).status_code == 202
        if index % 20 == 0:
            inbox.process_due()
    inbox.process_due()
    inbox.process_due()

    assert deliveries.effects() == 150
    assert deliveries.state_of(mixed) == ordered


def test_an_older_update_that_comes_later_changes_nothing(
    source: EnrichmentSource, contact: Contact
) -> None:
    body = event("contact.updated", ago(days=1), id="c-1", email=contact.email, title="CRO")
    receive(source, "new", body)
    old = receive(source, "old", event("contact.updated", ago(days=2), id="c-1", title="COO"))

    contact.refresh_from_db()
    assert contact.title == "CRO"
    assert old.outcome == "Older than what we have: title."


def test_two_updates_of_one_instant_end_the_same_in_either_order(
    source: EnrichmentSource, contact: Contact
) -> None:
    at = ago(hours=1)
    first = event("contact.updated", at, email=contact.email, title="CRO")
    second = event("contact.updated", at, email=contact.email, title="COO")
    receive(source, "b", second)
    receive(source, "a", first)
    contact.refresh_from_db()
    assert contact.title == "COO"


def test_others_write_between_two_of_many(
    source: EnrichmentSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[None] = []
    monkeypatch.setattr("accounts.hooks.inbox.give_way", lambda: made.append(None))
    for number in range(3):
        post(source, str(number), event("contact.updated", ago(hours=1), id="c-1", title="CRO"))

    inbox.process_due()

    assert len(made) == 3


def test_an_update_that_comes_before_its_contact_waits_for_it(source: EnrichmentSource) -> None:
    early = receive(source, "2", event("contact.updated", ago(hours=1), id="c-1", title="CRO"))
    assert early.state == "parked"

    receive(
        source, "1", event("contact.created", ago(hours=2), id="c-1", last_name="Nair", title="COO")
    )
    inbox.process_due()

    early.refresh_from_db()
    assert early.state == "done"
    assert Contact.objects.get().title == "CRO"


def test_one_whose_record_never_comes_is_given_up_after_a_day(
    source: EnrichmentSource, clock: time_machine.Traveller
) -> None:
    early = receive(source, "2", event("contact.updated", id="c-1", title="CRO"))
    clock.shift(timedelta(hours=23))
    inbox.process_due()
    early.refresh_from_db()
    assert early.state == "parked"
    clock.shift(timedelta(hours=1))
    inbox.process_due()
    early.refresh_from_db()
    assert (early.state, early.outcome) == (
        "unmatched",
        "We have no such contact. It waits for one for a day.",
    )


def test_a_crash_between_storing_and_reading_loses_nothing(
    source: EnrichmentSource,
    contact: Contact,
    monkeypatch: pytest.MonkeyPatch,
    clock: time_machine.Traveller,
) -> None:
    class Killed(BaseException):
        pass

    def die(*args: object, **kwargs: object) -> None:
        raise Killed

    post(source, "1", event("contact.updated", ago(hours=1), email=contact.email, title="CRO"))
    with monkeypatch.context() as patch:
        patch.setattr(updates, "_verify", die)  # after the values were written
        with pytest.raises(Killed):
            inbox.process_due()
    contact.refresh_from_db()
    assert contact.title == "Head of Sales Operations"

    assert inbox.process_due()["done"] == 0  # the lease still stands
    clock.shift(inbox.LEASE)
    assert inbox.process_due()["done"] == 1
    assert inbox.process_due()["done"] == 0
    contact.refresh_from_db()
    assert contact.title == "CRO"
    assert contact.changes.count() == 1


def test_looks_for_a_record_are_no_failed_tries(
    source: EnrichmentSource, monkeypatch: pytest.MonkeyPatch, clock: time_machine.Traveller
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("the database is busy")

    early = receive(source, "1", event("contact.updated", id="c-1", title="CRO"))
    for _ in range(inbox.MOST_TRIES):
        clock.shift(inbox.LOOK_AGAIN)
        assert inbox.process_due()["parked"] == 1
    clock.shift(inbox.LOOK_AGAIN)
    with monkeypatch.context() as patch:
        patch.setattr(inbox, "apply", broken)
        assert inbox.process_due()["retry"] == 1
    early.refresh_from_db()
    assert early.state == "parked"


def test_one_that_kills_its_worker_again_and_again_is_given_up(
    source: EnrichmentSource, contact: Contact, clock: time_machine.Traveller
) -> None:
    post(source, "1", event("contact.updated", email=contact.email, title="CRO"))
    InboundEvent.objects.update(attempts=inbox.MOST_TRIES)
    assert inbox.process_due()["failed"] == 1
    assert InboundEvent.objects.get().state == "failed"


def test_one_that_breaks_on_our_side_is_tried_again_and_holds_up_nobody(
    source: EnrichmentSource,
    contact: Contact,
    monkeypatch: pytest.MonkeyPatch,
    clock: time_machine.Traveller,
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("a bug")

    post(source, "1", event("contact.left", ago(hours=2), email=contact.email))
    post(source, "2", event("contact.updated", ago(hours=1), email=contact.email, title="CRO"))
    with monkeypatch.context() as patch:
        patch.setattr(updates, "leave", broken)
        found = inbox.process_due()
    assert (found["done"], found["retry"]) == (1, 1)
    clock.shift(timedelta(minutes=1))
    assert inbox.process_due()["done"] == 1


def test_deliveries_are_forgotten_after_thirty_days(
    source: EnrichmentSource, contact: Contact, clock: time_machine.Traveller
) -> None:
    body = event("contact.updated", email=contact.email, title="CRO")
    receive(source, "1", body)
    clock.shift(timedelta(days=30))
    assert inbox.clean(timezone.now()) == 0
    assert post(source, "1", body).json()["status"] == "duplicate"
    clock.shift(timedelta(seconds=1))
    assert inbox.clean(timezone.now()) == 1


# --- What an update does ------------------------------------------------------------------------


def test_an_update_changes_verifies_and_says_where_values_come_from(
    source: EnrichmentSource, contact: Contact
) -> None:
    at = ago(hours=3)
    receive(source, "1", event("contact.updated", at, email=contact.email, title="CRO"))

    contact.refresh_from_db()
    assert contact.title == "CRO"
    change = ContactChange.objects.get()
    assert (change.field, change.old, change.new) == ("title", "Head of Sales Operations", "CRO")
    assert (change.source, change.changed_by, change.changed_at) == ("Clearfeed", None, at)
    check = newest_check(contact, "title")
    assert check is not None
    assert (check.method, check.source, check.verified_at) == (Method.VENDOR, "Clearfeed", at)
    origin = contact.origins.get(field="title")
    assert (origin.value, origin.source, origin.at, origin.by) == ("CRO", "Clearfeed", at, None)


def test_a_new_contact_comes_with_their_company(source: EnrichmentSource) -> None:
    receive(
        source,
        "1",
        event("contact.created", id="c-9", first_name="Lea", last_name="Roth",
              email="lea@newco.example", company={"name": "NewCo GmbH"}),
    )  # fmt: skip
    contact = Contact.objects.get()
    assert contact.account is not None
    assert (contact.account.name, contact.account.domain) == ("NewCo GmbH", "newco.example")
    assert contact.source == "Clearfeed"
    assert contact.source_records.get().key == "c-9"


def test_somebody_without_a_company_gets_theirs_from_the_source(source: EnrichmentSource) -> None:
    contact = make_contact(None, email="lea@newco.example")
    receive(source, "1", event("contact.updated", email=contact.email, company="NewCo GmbH"))
    contact.refresh_from_db()
    assert contact.account is not None
    assert (contact.account.name, contact.account.source) == ("NewCo GmbH", "Clearfeed")


def test_a_domain_that_nobody_here_has_is_no_employer(source: EnrichmentSource) -> None:
    contact = make_contact(None, email="lea@gmail.com", title="CRO")
    company = {"domain": "newco.example"}
    found = receive(
        source, "1", event("contact.updated", email=contact.email, title="CRO", company=company)
    )
    contact.refresh_from_db()
    assert (contact.account, found.outcome) == (None, "Nothing new.")
    assert not contact.origins.filter(field="employer").exists()


def test_an_empty_value_takes_nothing_away(source: EnrichmentSource, contact: Contact) -> None:
    body = event("contact.updated", email=contact.email, title="", phone=None, mobile="+493012345")
    receive(source, "1", body)
    contact.refresh_from_db()
    assert contact.title and contact.phone
    assert str(contact.mobile).replace(" ", "") == "+493012345"


def test_somebody_at_another_company_has_left(source: EnrichmentSource, contact: Contact) -> None:
    body = event("contact.updated", email=contact.email, company={"name": "NewCo"})
    receive(source, "1", body)
    contact.refresh_from_db()
    assert contact.left_on == timezone.now().date()
    assert contact.account is not None and contact.account.name == "Acme Robotics"
    change = ContactChange.objects.get()
    assert (change.kind, change.old, change.new) == ("left", "Acme Robotics", "NewCo")


def test_the_same_company_without_its_legal_form_is_no_move(
    source: EnrichmentSource, contact: Contact
) -> None:
    receive(
        source,
        "1",
        event("contact.updated", email=contact.email, company="ACME Robotics, Inc."),
    )
    contact.refresh_from_db()
    assert contact.left_on is None
    check = newest_check(contact, "employer")
    assert check is not None and check.source == "Clearfeed"


def test_a_bounce_makes_the_address_wrong_and_writes_history(
    source: EnrichmentSource, contact: Contact
) -> None:
    receive(source, "1", event("contact.bounced", email=contact.email))
    check = newest_check(contact, "email")
    assert check is not None and check.method == Method.BOUNCE
    change = ContactChange.objects.get()
    assert (change.kind, change.field, change.old) == ("wrong", "email", contact.email)


def test_a_bounce_from_before_the_last_check_writes_no_history(
    source: EnrichmentSource, contact: Contact
) -> None:
    receive(source, "1", event("contact.bounced", ago(days=10), email=contact.email))
    assert not ContactChange.objects.exists()


def test_an_account_is_filled_in(source: EnrichmentSource, account: Account) -> None:
    receive(
        source,
        "1",
        event("account.updated", id="a-1", domain=account.domain, employees=900, country="at"),
    )
    account.refresh_from_db()
    assert (account.employees, account.country) == (900, "AT")
    assert account.origins.get(field="employees").source == "Clearfeed"


def test_two_who_fit_are_not_guessed_between(source: EnrichmentSource, account: Account) -> None:
    for _ in range(2):
        make_contact(account, first_name="Jo", last_name="Li", email="", phone="")
    found = receive(
        source,
        "1",
        event("contact.updated", id="c", first_name="Jo", last_name="Li", title="CRO",
              company={"name": account.name}),
    )  # fmt: skip
    assert found.state == "refused"
    assert "Merge them first" in found.outcome


# --- What a person knows better -----------------------------------------------------------------


def test_a_value_older_than_a_persons_waits_as_a_proposal(
    source: EnrichmentSource, contact: Contact, sdr: User
) -> None:
    origins.note(contact, ["title"], by=sdr, at=ago(days=1))
    receive(source, "1", event("contact.updated", ago(days=2), email=contact.email, title="CRO"))

    contact.refresh_from_db()
    assert contact.title == "Head of Sales Operations"
    proposal = Proposal.objects.get()
    assert (proposal.value, proposal.present) == ("CRO", "Head of Sales Operations")
    assert "Sam Ortiz entered ours on 1 Mar 2026" in proposal.because


def test_a_value_newer_than_a_persons_is_taken(
    source: EnrichmentSource, contact: Contact, sdr: User
) -> None:
    origins.note(contact, ["title"], by=sdr, at=ago(days=2))
    receive(source, "1", event("contact.updated", ago(days=1), email=contact.email, title="CRO"))
    contact.refresh_from_db()
    assert contact.title == "CRO"


def test_what_a_person_checked_since_is_not_overwritten(
    source: EnrichmentSource, contact: Contact, sdr: User
) -> None:
    Verification.objects.filter(contact=contact).update(verified_by=sdr)  # three days ago
    old, new = ago(days=4), ago(days=2)
    receive(source, "1", event("contact.updated", old, email=contact.email, phone="+4930111111"))
    assert Proposal.objects.get().field == "phone"
    receive(source, "2", event("contact.updated", new, email=contact.email, phone="+4930111111"))
    contact.refresh_from_db()
    assert str(contact.phone).replace(" ", "") == "+4930111111"
    assert Proposal.objects.get().state == "overtaken"


def test_an_employer_that_a_person_checked_since_is_only_proposed(
    source: EnrichmentSource, contact: Contact, sdr: User
) -> None:
    Verification.objects.filter(contact=contact).update(verified_by=sdr)
    receive(source, "1", event("contact.left", ago(days=5), email=contact.email))
    contact.refresh_from_db()
    assert contact.left_on is None
    proposal = Proposal.objects.get()
    assert (proposal.field, proposal.value) == ("employer", "left")

    proposals.accept(proposal, by=sdr, at=timezone.now())
    contact.refresh_from_db()
    assert contact.left_on == timezone.now().date()


def test_a_proposal_is_made_once_and_a_declined_one_stays_declined(
    source: EnrichmentSource, contact: Contact, sdr: User
) -> None:
    origins.note(contact, ["title"], by=sdr, at=timezone.now())
    for number in (9, 8):
        at = ago(days=number)
        body = event("contact.updated", at, email=contact.email, title="CRO")
        receive(source, f"e{number}", body)
    proposal = Proposal.objects.get()
    proposals.decline(proposal, by=sdr, at=timezone.now())
    receive(
        source, "late", event("contact.updated", ago(days=10), email=contact.email, title="CRO")
    )
    assert Proposal.objects.get().state == "declined"


def test_an_email_that_somebody_else_has_is_proposed(
    source: EnrichmentSource, contact: Contact
) -> None:
    other = make_contact(contact.account, email="taken@acme-robotics.example")
    receive(source, "0", event("contact.updated", ago(hours=2), id="c-1", email=contact.email))
    receive(source, "1", event("contact.updated", ago(hours=1), id="c-1", email=other.email))
    assert Proposal.objects.get().because.startswith(f"{other} already has it.")


def test_a_proposal_is_decided_in_the_admin(
    source: EnrichmentSource, contact: Contact, sdr: User
) -> None:
    origins.note(contact, ["title"], by=sdr, at=ago(days=1))
    receive(source, "1", event("contact.updated", ago(days=2), email=contact.email, title="CRO"))
    desk = Client()
    desk.force_login(sdr)
    proposal = Proposal.objects.get()

    page = desk.get(f"/admin/accounts/contact/{contact.pk}/change/")
    assert "CRO" in page.content.decode()
    desk.post(reverse("admin:accounts_proposal_accept", args=[proposal.pk]), CONFIRM)

    contact.refresh_from_db()
    proposal.refresh_from_db()
    assert (contact.title, proposal.state, proposal.decided_by) == ("CRO", "accepted", sdr)
    origin = contact.origins.get(field="title")
    assert origin.by == sdr
    assert ContactChange.objects.get().changed_by == sdr


def test_too_many_values_at_once_are_not_decided_in_part(
    contact: Contact, sdr: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.admin.inbox.MOST_DECIDED", 1)
    for field, value in (("title", "CRO"), ("first_name", "Pia")):
        Proposal.objects.create(
            contact=contact, field=field, value=value, source="Clearfeed", because="-", at=ago()
        )
    desk = Client()
    desk.force_login(sdr)
    url = reverse("admin:accounts_proposal_changelist")
    chosen = {"_selected_action": list(Proposal.objects.values_list("pk", flat=True))}
    page = desk.post(url, {"action": "accept_chosen", **chosen}, follow=True)
    assert "Select at most 1 values at once. Nothing was decided." in page.content.decode()
    assert set(Proposal.objects.values_list("state", flat=True)) == {"open"}
    chosen["_selected_action"] = chosen["_selected_action"][:1]
    page = desk.post(url, {"action": "accept_chosen", **chosen}, follow=True)
    assert "1 taken over." in page.content.decode()


def test_what_was_not_done_is_read_again_but_for_what_was_emptied(
    source: EnrichmentSource, revops: User
) -> None:
    early = receive(source, "1", event("contact.updated", id="c-1", title="CRO"))
    gone = receive(source, "2", event("contact.updated", id="c-2", title="CRO"))
    InboundEvent.objects.filter(pk=gone.pk).update(state="refused", body="", outcome="Erased.")
    desk = Client()
    desk.force_login(revops)
    url = reverse("admin:accounts_inboundevent_changelist")
    data = {"action": "read_again", "_selected_action": [early.pk, gone.pk]}
    page = desk.post(url, data, follow=True)
    assert "1 will be read again." in page.content.decode()
    early.refresh_from_db()
    gone.refresh_from_db()
    assert (early.state, gone.state, gone.outcome) == ("waiting", "refused", "Erased.")


def test_a_proposal_for_somebody_elses_desk_is_not_shown(
    source: EnrichmentSource, contact: Contact, sdr: User, other_sdr: User, south: Any
) -> None:
    origins.note(contact, ["title"], by=sdr, at=ago(days=1))
    receive(source, "1", event("contact.updated", ago(days=2), email=contact.email, title="CRO"))
    desk = Client()
    desk.force_login(other_sdr)
    proposal = Proposal.objects.get()
    assert desk.get(f"/admin/accounts/proposal/{proposal.pk}/change/").status_code == 404
    assert desk.get("/admin/accounts/inboundevent/").status_code == 403
    assert desk.get("/admin/accounts/enrichmentsource/").status_code == 403


def test_what_somebody_types_in_the_admin_is_remembered_as_theirs(
    account: Account, revops: User
) -> None:
    made = make_account(name="Beta", employees=None)
    desk = Client()
    desk.force_login(revops)
    page = desk.get(f"/admin/accounts/account/{made.pk}/change/")
    form = page.context["adminform"].form
    data = {name: form[name].value() or "" for name in form.fields} | {"employees": "77"}
    for prefix in ("technologies", "signals", "contacts", "proposals", "lookups", "origins"):
        data |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
    assert desk.post(f"/admin/accounts/account/{made.pk}/change/", data).status_code == 302
    origin = made.origins.get(field="employees")
    assert (origin.value, origin.by) == ("77", revops)


def test_a_secret_is_shown_once_and_then_only_its_end(revops: User) -> None:
    desk = Client()
    desk.force_login(revops)
    add = {"name": "Clearfeed", "slug": "clearfeed", "is_enabled": "on", "per_minute": "6000"}
    add |= {"key_header": "Authorization", "per_day": "500"}
    answer = desk.post("/admin/accounts/enrichmentsource/add/", add)
    made = EnrichmentSource.objects.get()
    page = desk.get(answer["Location"]).content.decode()
    assert made.secret in page
    again = desk.get(answer["Location"]).content.decode()
    assert made.secret not in again and f"…{made.secret[-4:]}" in again

    desk.post(reverse("admin:accounts_enrichmentsource_renew_secret", args=[made.pk]), CONFIRM)
    renewed = EnrichmentSource.objects.get()
    assert renewed.secret != made.secret and renewed.old_secret == made.secret
    assert renewed.secret in desk.get(answer["Location"]).content.decode()

    answer = desk.post(
        reverse("admin:accounts_enrichmentsource_renew_secret", args=[made.pk]),
        CONFIRM,
        follow=True,
    )
    assert "made a moment ago" in answer.content.decode()
    assert made.secret == EnrichmentSource.objects.get().old_secret, "a second click ends nothing"
