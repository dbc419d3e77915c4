"""What a vendor says is never put over what a person knows better: a person decides."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import origins, proposals
from accounts.models import (
    Account,
    Contact,
    ContactChange,
    EnrichmentSource,
    Proposal,
    Verification,
)
from team.models import User
from tests.accounts.hooks import ago, event, receive
from tests.factories import make_account, make_contact

CONFIRM = {"_form_submitted": "true"}


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
