"""The contact and their account in the form: added, checked, corrected, never overwritten."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import Account, Contact, ContactChange, Method, Verification
from handoffs import completeness, prefill
from handoffs.models import Handoff
from team.models import User
from tests.factories import (
    make_account,
    make_contact,
)
from tests.handoffs.form.page import autosave, fields_of, page_of, send

pytestmark = pytest.mark.django_db


def test_a_contact_is_added_in_the_form_and_becomes_the_primary(
    desk: Client, sdr: User, account: Account
) -> None:
    handoff = prefill.begin(sdr=sdr, by=sdr, account=account)
    fields = page_of(desk, handoff) | {
        "new_contact-first_name": "Priya",
        "new_contact-last_name": "Nair",
        "new_contact-title": "COO",
        "new_contact-email": "Priya@Acme-Robotics.example",
        "new_contact-phone": "+49 30 90182010",
    }

    answer = autosave(desk, handoff, fields, "add-contact").json()

    handoff.refresh_from_db()
    assert handoff.contact is not None
    assert handoff.contact.email == "priya@acme-robotics.example"
    assert handoff.contact.account == account
    assert answer["contact_name"] == "Priya Nair"
    assert "Never verified" in answer["company"]


def test_what_was_typed_before_the_contact_was_chosen_was_said_by_them(
    desk: Client, sdr: User, account: Account, standard: Any
) -> None:
    handoff = prefill.begin(sdr=sdr, by=sdr, account=account)
    budget = {"value": "45,000", "status": "confirmed", "evidence": "Forty-five thousand."}
    send(
        desk,
        handoff,
        page_of(desk, handoff)
        | {f"answers-budget-{name}": value for name, value in budget.items()}
        | {"quotes-n0-text": "We lose deals over this.", "quotes-n0-speaker": "Mark Dell"},
    )

    new = {"new_contact-first_name": "Priya", "new_contact-last_name": "Nair"}
    answer = autosave(desk, handoff, page_of(desk, handoff) | new, "add-contact").json()

    assert handoff.answers.get(criterion__code="budget").said_by == "Priya Nair"
    assert handoff.quotes.get().speaker == "Mark Dell"
    assert "who said it" not in str(answer["gaps"])


def test_a_half_typed_new_contact_is_not_added_by_itself(
    desk: Client, sdr: User, account: Account
) -> None:
    handoff = prefill.begin(sdr=sdr, by=sdr, account=account)

    autosave(desk, handoff, page_of(desk, handoff) | {"new_contact-last_name": "Na"})

    assert not Contact.objects.exists()


def test_checked_on_the_call_is_one_press(
    desk: Client, complete: Handoff, contact: Contact
) -> None:
    Verification.objects.all().delete()
    fields = page_of(desk, complete)

    answer = autosave(desk, complete, fields, "verify:all").json()

    rows = Verification.objects.filter(contact=contact)
    assert {row.field for row in rows} == {"email", "dial", "title", "employer"}
    assert {row.method for row in rows} == {Method.SPOKE}
    assert rows[0].verified_by == complete.sdr
    assert "Verified today, spoke with them" in answer["company"]
    assert answer["sections"]["company"] == 0


def test_a_check_that_found_it_wrong_says_so(desk: Client, complete: Handoff) -> None:
    fields = page_of(desk, complete) | {"contact-method": "bounce"}

    answer = autosave(desk, complete, fields, "verify:email").json()

    assert "Found wrong today" in answer["company"]
    assert answer["sections"]["company"] == 1


def test_a_corrected_number_is_written_to_the_contact_with_its_history(
    desk: Client, complete: Handoff, contact: Contact
) -> None:
    send(desk, complete, page_of(desk, complete) | {"contact-phone": "+49 30 90182099"})

    contact.refresh_from_db()
    assert str(contact.phone) == "+49 30 90182099" or contact.phone == "+493090182099"
    change = ContactChange.objects.get()
    assert (change.field, change.changed_by) == ("dial", complete.sdr)
    assert [gap.field for gap in completeness.gaps(completeness.load(complete.pk))] == [
        "contact.phone"
    ]


def test_a_contact_that_nobody_touched_holds_up_no_save(
    desk: Client, complete: Handoff, contact: Contact
) -> None:
    Contact.objects.filter(pk=contact.pk).update(phone="+1 000", email="no address")
    fields = page_of(desk, complete)

    response = send(desk, complete, fields | {"industry": "Robots"})

    assert response.status_code == 302
    complete.refresh_from_db()
    assert complete.industry == "Robots"
    assert not ContactChange.objects.exists()


def test_a_contact_changed_by_an_import_meanwhile_is_not_overwritten(
    desk: Client, complete: Handoff, contact: Contact
) -> None:
    fields = page_of(desk, complete)
    Contact.objects.filter(pk=contact.pk).update(title="COO")

    send(desk, complete, fields)
    contact.refresh_from_db()
    assert contact.title == "COO"

    response = send(desk, complete, fields | {"contact-title": "CFO"})
    assert response.status_code == 422
    assert "Somebody changed this to “COO” meanwhile" in response.content.decode()
    contact.refresh_from_db()
    assert contact.title == "COO"
    again = fields_of(response)
    assert again["contact-title"] == "CFO"


def test_a_title_typed_in_two_goes_is_no_quarrel_with_oneself(
    desk: Client, complete: Handoff, contact: Contact
) -> None:
    fields = page_of(desk, complete) | {"contact-title": "Head"}
    answer = autosave(desk, complete, fields).json()
    assert answer["was"]["contact-was-title"] == "Head"

    again = autosave(desk, complete, fields | answer["was"] | {"contact-title": "Head of Sales"})

    assert again.status_code == 200
    contact.refresh_from_db()
    assert contact.title == "Head of Sales"


def test_an_autosave_does_not_settle_whose_title_is_right(
    desk: Client, complete: Handoff, contact: Contact
) -> None:
    fields = page_of(desk, complete) | {"contact-title": "CFO"}
    Contact.objects.filter(pk=contact.pk).update(title="COO")

    assert "contact-was-title" not in autosave(desk, complete, fields).json()["was"]
    pressed = autosave(desk, complete, fields, "save").json()
    assert pressed["was"]["contact-was-title"] == "COO"
    assert autosave(desk, complete, fields | pressed["was"]).status_code == 200
    contact.refresh_from_db()
    assert contact.title == "CFO"


def test_the_account_s_other_people_are_offered(
    desk: Client, complete: Handoff, account: Account
) -> None:
    make_contact(account, first_name="Lena", last_name="Voss", title="Head of IT")

    page = desk.get(f"/handoffs/{complete.pk}/edit/").content.decode()

    assert "Lena Voss, Head of IT" in page


def test_a_draft_without_an_account_gets_one_and_what_it_knows(
    desk: Client, empty: Handoff, account: Account, contact: Contact
) -> None:
    fields = page_of(desk, empty) | {"account-pick": account.pk, "industry": "My own words"}

    send(desk, empty, fields, "account")

    empty.refresh_from_db()
    assert (empty.account, empty.contact) == (account, contact)
    assert (empty.industry, empty.company_size) == ("My own words", "420 employees")


def test_the_missing_domain_is_asked_for_in_place(
    desk: Client, complete: Handoff, account: Account
) -> None:
    Account.objects.filter(pk=account.pk).update(domain="")
    make_account(name="Other", domain="taken.example")
    fields = page_of(desk, complete)

    refused = send(desk, complete, fields | {"account-domain": "taken.example"})
    assert "Another account already has this domain." in refused.content.decode()
    refused = send(desk, complete, fields | {"account-domain": "gmail.com"})
    assert refused.status_code == 422

    send(desk, complete, fields | {"account-domain": "https://www.acme.example/about"})
    account.refresh_from_db()
    assert account.domain == "acme.example"
