"""The SDR's form through its doors: prefill, saving, gaps, conflict, access, bad input."""

import json
from datetime import date, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from django.db.models import QuerySet
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Account, AccountTechnology, Contact, ContactChange, Method, Verification
from handoffs import completeness, lifecycle, prefill
from handoffs.models import Handoff, HandoffEvent, LeadSourceRule, Quote
from team.models import Territory, User
from tests.factories import (
    complete_package,
    make_account,
    make_contact,
    make_user,
    submitted,
)

pytestmark = pytest.mark.django_db

CEILING = 21  # queries of the page
SAVING = 51  # queries of an autosave, with the gate


class FormReader(HTMLParser):
    """What a browser would send from the page's form."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self._select = self._textarea = ""
        self._first: str | None = None
        self._inert = 0
        self._off = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "template":
            self._inert += 1
        if self._inert:
            return
        name = found.get("name", "")
        if tag == "input" and name:
            kind = found.get("type", "text")
            if kind not in ("checkbox", "radio") or "checked" in found:
                on = "on" if kind == "checkbox" else ""
                self.fields[name] = found.get("value", on)
        elif tag == "select":
            self._select, self._first = name, None
        elif tag == "option" and self._select:
            value = found.get("value", "")
            if self._first is None:
                self._first = value
                self.fields[self._select] = value
            if "selected" in found:
                self.fields[self._select] = value
        elif tag == "textarea":
            self._textarea = name
            self.fields[name] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "template":
            self._inert -= 1
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._textarea = ""

    def handle_data(self, data: str) -> None:
        if self._textarea and not self._inert:
            self.fields[self._textarea] += data


def fields_of(response: HttpResponse) -> dict[str, str]:
    reader = FormReader()
    text = response.content.decode()
    start = (
        text.index('<form id="package"')
        if '<form id="package"' in text
        else text.index("<form class")
    )
    reader.feed(text[start:])
    fields = {name: value.removeprefix("\n") for name, value in reader.fields.items()}
    return {name: value for name, value in fields.items() if name != "csrfmiddlewaretoken"}


@pytest.fixture
def desk(client: Client, sdr: User) -> Client:
    client.force_login(sdr)
    return client


@pytest.fixture
def complete(sdr: User, account: Account, contact: Contact) -> Handoff:
    return complete_package(sdr=sdr, account=account, contact=contact)


@pytest.fixture
def empty(sdr: User, north: Territory, standard: Any) -> Handoff:
    return lifecycle.create_draft(sdr=sdr, by=sdr)


@pytest.fixture
def returned(complete: Handoff, sdr: User, ae: User) -> Handoff:
    handoff = lifecycle.submit(complete, by=sdr)
    return lifecycle.return_for_information(
        handoff, by=ae, question="Which price list do they use today?"
    )


def page_of(desk: Client, handoff: Handoff) -> dict[str, str]:
    response = desk.get(f"/handoffs/{handoff.pk}/edit/")
    assert response.status_code == 200
    return fields_of(response)


def send(desk: Client, handoff: Handoff, fields: dict[str, Any], do: str = "save") -> Any:
    return desk.post(f"/handoffs/{handoff.pk}/edit/", {**fields, "do": do})


def autosave(desk: Client, handoff: Handoff, fields: dict[str, Any], do: str = "autosave") -> Any:
    return desk.post(
        f"/handoffs/{handoff.pk}/edit/",
        {**fields, "do": do},
        headers={"accept": "application/json"},
    )


# --- Starting ------------------------------------------------------------------------------------


def test_looking_at_the_first_step_makes_no_draft(desk: Client, account: Account) -> None:
    response = desk.get(f"/handoffs/new/?account={account.pk}")

    assert response.status_code == 200
    assert "Acme Robotics" in response.content.decode()
    assert not Handoff.objects.exists()


def test_a_draft_starts_with_what_the_account_knows(
    desk: Client, account: Account, contact: Contact
) -> None:
    response = desk.post("/handoffs/new/", {"account": account.pk, "lead_source": "inbound"})

    handoff = Handoff.objects.get()
    assert response.headers["Location"] == f"/handoffs/{handoff.pk}/edit/"
    assert handoff.company_size == "420 employees"
    assert handoff.tech_stack == "SAP ERP, Salesforce"
    assert handoff.contact == contact
    assert handoff.lead_source == "inbound"
    assert handoff.triggers.get().detail == "Series B of 30 million to open two plants"
    assert handoff.why_targeted == ""


def test_of_several_contacts_the_one_of_the_last_handoff_is_chosen(
    complete: Handoff, account: Account, contact: Contact
) -> None:
    make_contact(account, first_name="Mark", last_name="Dell")
    make_contact(account, first_name="Lena", last_name="Voss")

    assert prefill.likeliest_contact(account) == contact


def test_a_name_typed_and_entered_finds_its_account(desk: Client, account: Account) -> None:
    desk.post("/handoffs/new/", {"name": "acme robotics", "account": ""})

    assert Handoff.objects.get().account == account


def test_a_company_that_is_not_there_yet_is_added(desk: Client, sdr: User, standard: Any) -> None:
    desk.post(
        "/handoffs/new/",
        {"new_account": "1", "new-name": "Borealis", "new-domain": "www.Borealis.example"},
    )

    account = Handoff.objects.get().account
    assert account is not None
    assert (account.name, account.domain, account.sdr) == ("Borealis", "borealis.example", sdr)


@pytest.mark.parametrize(
    "data",
    [
        {"account": "abc"},
        {"account": str(10**30)},
        {"account": "-1"},
        {"name": "Nobody knows them"},
        {"lead_source": "telepathy"},
        {"new_account": "1", "new-name": "", "new-domain": "x"},
        {"new_account": "1", "new-name": "A" * 121, "new-domain": ""},
        {"new_account": "1", "new-name": "A\x00", "new-domain": "gmail.com"},
        {"name": "A\x00"},
    ],
)
def test_a_first_step_that_cannot_be_understood_says_so(
    desk: Client, standard: Any, data: dict[str, str]
) -> None:
    response = desk.post("/handoffs/new/", data)

    assert response.status_code == 422
    assert "field-error" in response.content.decode()
    assert not Handoff.objects.exists()


def test_accounts_are_searched_among_those_one_may_see(
    desk: Client, account: Account, other_sdr: User, south: Territory
) -> None:
    make_account(name="Acme of the others", sdr=other_sdr, territory=south)

    found = desk.get("/handoffs/accounts/?q=acme").json()["results"]

    assert [row["name"] for row in found] == ["Acme Robotics"]
    theirs = Account.objects.get(name="Acme of the others")
    assert desk.post("/handoffs/new/", {"account": theirs.pk}).status_code == 422


@pytest.mark.parametrize("query", ["", "\x00", "%00", "😀", "a" * 200, "'; drop table --"])
def test_any_search_has_an_answer(desk: Client, account: Account, query: str) -> None:
    assert desk.get("/handoffs/accounts/", {"q": query}).status_code == 200


def test_a_search_of_a_novel_is_refused(desk: Client) -> None:
    assert desk.get("/handoffs/accounts/", {"q": "a" * 201}).status_code == 400


def test_an_ae_starts_no_handoff(client: Client, ae: User) -> None:
    client.force_login(ae)

    assert client.get("/handoffs/new/").status_code == 403
    assert client.post("/handoffs/new/", {}).status_code == 403
    assert not Handoff.objects.exists()


# --- Saving --------------------------------------------------------------------------------------


def test_a_page_sent_back_untouched_changes_nothing(desk: Client, complete: Handoff) -> None:
    send(desk, complete, page_of(desk, complete))

    complete.refresh_from_db()
    assert complete.version == 1
    assert completeness.gaps(complete) == []


def test_an_empty_draft_can_be_opened_and_saved(desk: Client, empty: Handoff) -> None:
    response = send(desk, empty, page_of(desk, empty))

    assert response.status_code == 302
    empty.refresh_from_db()
    assert empty.version == 1


def test_every_kind_of_row_is_added_changed_and_removed(desk: Client, complete: Handoff) -> None:
    fields = page_of(desk, complete)
    first = complete.quotes.get()
    fields[f"quotes-{first.pk}-topic"] = "speed"
    fields |= {
        "quotes-n1-id": "",
        "quotes-n1-text": "We lose one in four.",
        "quotes-n1-speaker": "Priya Nair",
        "quotes-n1-topic": "losses",
    }
    member = complete.committee.get()
    fields = {key: value for key, value in fields.items() if f"committee-{member.pk}" not in key}

    send(desk, complete, fields)

    assert [(row.text[:8], row.topic) for row in complete.quotes.all()] == [
        ("By the t", "speed"),
        ("We lose ", "losses"),
    ]
    assert not complete.committee.exists()


def test_an_answer_needs_no_more_than_value_and_evidence(desk: Client, empty: Handoff) -> None:
    fields = page_of(desk, empty) | {
        "answers-budget-value": "45,000 EUR",
        "answers-budget-evidence": "We have it in this year’s plan.",
        "answers-budget-status": "stated",
    }

    send(desk, empty, fields)

    answer = empty.answers.get()
    assert (answer.value, answer.status, answer.channel) == ("45,000 EUR", "stated", "call")
    assert answer.said_on == timezone.localdate()


def test_prefilled_speakers_alone_make_no_rows(
    desk: Client, sdr: User, account: Account, contact: Contact
) -> None:
    handoff = prefill.begin(sdr=sdr, by=sdr, account=account)

    send(desk, handoff, page_of(desk, handoff))

    assert not handoff.quotes.exists()
    assert not handoff.committee.exists()
    assert not handoff.answers.exists()


def test_what_cannot_be_stored_is_marked_and_the_rest_is_saved(
    desk: Client, complete: Handoff
) -> None:
    fields = page_of(desk, complete) | {
        "industry": "R" * 81,
        "tech_stack": "Excel",
        "call_notes": "A\x00B",
    }

    response = send(desk, complete, fields)

    page = response.content.decode()
    assert response.status_code == 422
    assert "At most 80 characters; this has 81." in page
    assert "cannot be stored (NUL)" in page
    assert "R" * 81 in page
    complete.refresh_from_db()
    assert (complete.industry, complete.tech_stack) == ("Industrial robotics", "Excel")
    assert complete.call_notes.startswith("Priya runs")


def test_the_page_with_an_error_can_be_saved_again(desk: Client, complete: Handoff) -> None:
    """New rows were saved beside the error: sending the page again adds none twice."""
    fields = page_of(desk, complete) | {
        "industry": "R" * 81,
        "quotes-n1-id": "",
        "quotes-n1-text": "We lose one in four.",
        "quotes-n1-speaker": "",
        "quotes-n1-topic": "",
    }
    again = fields_of(send(desk, complete, fields))
    again["industry"] = "Robots"

    assert send(desk, complete, again).status_code == 302
    assert complete.quotes.count() == 2
    complete.refresh_from_db()
    assert complete.industry == "Robots"


def test_autosave_answers_with_version_ids_and_gaps(desk: Client, complete: Handoff) -> None:
    fields = page_of(desk, complete) | {
        "why_targeted": "tbd",
        "quotes-n1-id": "",
        "quotes-n1-text": "We lose one in four.",
        "quotes-n1-speaker": "Priya",
        "quotes-n1-topic": "",
    }

    answer = autosave(desk, complete, fields).json()

    new = complete.quotes.last()
    assert new is not None
    assert answer["version"] == 2
    assert answer["saved"] == "10:00"
    assert answer["ids"] == {"quotes-n1": new.pk}
    assert answer["gaps"][f"quotes.{new.pk}"] == ["Enter what it was about."]
    assert "“tbd” says nothing" in answer["gaps"]["why_targeted"][0]
    assert answer["sections"]["fit"] == 1
    assert "Still missing (2)" in answer["missing"]


def test_autosave_after_autosave_is_no_conflict(desk: Client, complete: Handoff) -> None:
    fields = page_of(desk, complete) | {"industry": "Robots"}
    answer = autosave(desk, complete, fields).json()
    fields |= {"version": answer["version"], "base": answer["base"], "industry": "Robotics"}

    assert autosave(desk, complete, fields).status_code == 200
    complete.refresh_from_db()
    assert (complete.industry, complete.version) == ("Robotics", 3)


def test_a_save_sent_twice_after_a_lost_answer_adds_nothing_twice(
    desk: Client, complete: Handoff
) -> None:
    fields = page_of(desk, complete) | {
        "quotes-n1-id": "",
        "quotes-n1-text": "We lose one in four.",
        "quotes-n1-speaker": "",
        "quotes-n1-topic": "",
    }
    autosave(desk, complete, fields)

    answer = autosave(desk, complete, fields)

    assert answer.status_code == 200
    assert list(answer.json()["ids"]) == ["quotes-n1"]
    assert complete.quotes.count() == 2


def test_without_a_script_a_button_adds_and_removes_rows(desk: Client, complete: Handoff) -> None:
    fields = page_of(desk, complete)
    response = send(desk, complete, fields, "add:quotes")
    assert response.headers["Location"].endswith("/edit/?add=quotes#at-quotes")
    assert "quotes-n0-text" in fields_of(desk.get(response.headers["Location"]))

    pk = complete.quotes.get().pk
    send(desk, complete, fields, f"remove:quotes-{pk}")
    assert not complete.quotes.exists()


def test_machine_written_columns_are_not_for_typing(
    desk: Client, complete: Handoff, ae: User
) -> None:
    fields = page_of(desk, complete) | {
        "status": "accepted",
        "owner": ae.pk,
        "sdr": ae.pk,
        "submitted_at": "2026-01-01 10:00",
        "opportunity_amount": "1000000",
        "territory": "1",
    }

    send(desk, complete, fields)

    complete.refresh_from_db()
    assert (complete.status, complete.owner, complete.sdr.username) == ("draft", None, "sdr")
    assert complete.submitted_at is None


def test_no_event_is_written_by_saving(desk: Client, complete: Handoff) -> None:
    before = HandoffEvent.objects.count()

    send(desk, complete, page_of(desk, complete) | {"industry": "Robots"})

    assert HandoffEvent.objects.count() == before


# --- People --------------------------------------------------------------------------------------


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


# --- Submitting ----------------------------------------------------------------------------------


def test_submitting_saves_first_and_says_who_got_it(
    desk: Client, complete: Handoff, ae: User
) -> None:
    fields = page_of(desk, complete) | {"industry": "Robots"}

    response = send(desk, complete, fields, "submit")

    complete.refresh_from_db()
    assert response.headers["Location"] == f"/handoffs/{complete.pk}/"
    assert (complete.status, complete.owner, complete.industry) == ("submitted", ae, "Robots")
    brief = desk.get(response.headers["Location"]).content.decode()
    assert "Ana Silva has it now: primary AE of North." in brief


def test_a_refused_submission_shows_every_gap_at_its_field_and_keeps_the_text(
    desk: Client, complete: Handoff
) -> None:
    fields = page_of(desk, complete) | {"next_step": "Demo scheduled", "why_targeted": ""}

    response = send(desk, complete, fields, "submit")

    page = response.content.decode()
    assert response.status_code == 422
    assert "Not yet: 2 things are missing in the package." in page
    assert "Demo scheduled" in page
    assert "This could stand under any meeting" in page
    assert "Write in a sentence why we went for this account" in page
    complete.refresh_from_db()
    assert complete.status == "draft"


def test_the_gate_answers_the_script_in_data(desk: Client, empty: Handoff) -> None:
    response = autosave(desk, empty, page_of(desk, empty), "submit")

    assert response.status_code == 422
    assert response.json()["sentence"].startswith("Not yet:")
    assert response.json()["gaps"]["quotes"]


def test_a_returned_one_shows_the_question_and_goes_back(
    desk: Client, returned: Handoff, ae: User
) -> None:
    page = desk.get(f"/handoffs/{returned.pk}/edit/")
    assert "Which price list do they use today?" in page.content.decode()

    fields = fields_of(page) | {"answer_text": "The one of January; Priya keeps it."}
    response = send(desk, returned, fields, "submit")

    assert response.status_code == 302
    returned.refresh_from_db()
    assert (returned.status, returned.owner) == ("submitted", ae)
    event = returned.events.filter(kind="answered").get()
    assert event.note == "The one of January; Priya keeps it."


def test_a_returned_package_cannot_be_emptied_but_says_so(desk: Client, returned: Handoff) -> None:
    fields = page_of(desk, returned) | {"next_step": "", "tech_stack": "", "industry": "Robots"}

    response = send(desk, returned, fields)

    assert response.status_code == 422
    assert "cannot be emptied" in response.content.decode()
    returned.refresh_from_db()
    assert returned.industry == "Robots"
    assert returned.next_step


# --- Two people ----------------------------------------------------------------------------------


def test_the_second_of_two_editors_sees_both_versions_and_loses_nothing(
    desk: Client, complete: Handoff, manager: User
) -> None:
    mine = page_of(desk, complete)
    other = Client()
    other.force_login(manager)
    send(other, complete, page_of(other, complete) | {"industry": "Theirs", "tech_stack": "Excel"})

    response = send(
        desk,
        complete,
        mine
        | {
            "industry": "Mine",
            "why_targeted": "Because they quote by hand in four countries.",
            "quotes-n1-id": "",
            "quotes-n1-text": "Mine, word for word.",
            "quotes-n1-speaker": "Priya Nair",
            "quotes-n1-topic": "",
        },
    )

    page = response.content.decode()
    assert response.status_code == 409
    assert all(text in page for text in ("Theirs", "Mine", "Excel", "Mine, word for word."))
    assert page.count("Both of you changed this") == 1
    complete.refresh_from_db()
    assert complete.industry == "Theirs"

    choice = fields_of(response)
    assert choice["keep-tech_stack"] == "theirs"
    assert choice["keep-why_targeted"] == "mine"
    assert send(desk, complete, choice | {"keep-industry": "mine"}, "resolve").status_code == 302
    complete.refresh_from_db()
    assert (complete.industry, complete.tech_stack) == ("Mine", "Excel")
    assert complete.why_targeted.startswith("Because")
    assert {quote.text[:4] for quote in complete.quotes.all()} == {"By t", "Mine"}


def test_theirs_can_be_taken(desk: Client, complete: Handoff, manager: User) -> None:
    mine = page_of(desk, complete)
    other = Client()
    other.force_login(manager)
    send(other, complete, page_of(other, complete) | {"industry": "Theirs"})
    response = send(desk, complete, mine | {"industry": "Mine"})

    send(desk, complete, fields_of(response) | {"keep-industry": "theirs"}, "resolve")

    complete.refresh_from_db()
    assert complete.industry == "Theirs"


def test_a_third_save_during_the_choice_asks_again(
    desk: Client, complete: Handoff, manager: User
) -> None:
    mine = page_of(desk, complete)
    other = Client()
    other.force_login(manager)
    send(other, complete, page_of(other, complete) | {"industry": "Theirs"})
    choice = fields_of(send(desk, complete, mine | {"industry": "Mine"}))
    send(other, complete, page_of(other, complete) | {"industry": "Theirs again"})

    response = send(desk, complete, choice, "resolve")

    assert response.status_code == 409
    assert "Theirs again" in response.content.decode()


def test_an_autosave_on_top_of_somebody_else_s_is_told(
    desk: Client, complete: Handoff, manager: User
) -> None:
    mine = page_of(desk, complete)
    other = Client()
    other.force_login(manager)
    send(other, complete, page_of(other, complete) | {"industry": "Theirs"})

    response = autosave(desk, complete, mine | {"industry": "Mine"})

    assert response.status_code == 409
    assert "Somebody else saved" in response.json()["sentence"]


def test_text_typed_for_a_package_that_was_submitted_meanwhile_is_shown(
    desk: Client, complete: Handoff, sdr: User
) -> None:
    fields = page_of(desk, complete)
    lifecycle.submit(complete, by=sdr)

    response = send(desk, complete, fields | {"industry": "Typed too late"})

    page = response.content.decode()
    assert response.status_code == 409
    assert "with the AE now" in page
    assert "Typed too late" in page


# --- Access --------------------------------------------------------------------------------------


def test_a_package_that_is_out_of_hand_leads_to_the_brief(
    desk: Client, sdr: User, account: Account, contact: Contact
) -> None:
    handoff = submitted(sdr=sdr, account=account, contact=contact)

    response = desk.get(f"/handoffs/{handoff.pk}/edit/")

    assert response.headers["Location"] == f"/handoffs/{handoff.pk}/"


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("sdr", 200),
        ("manager", 200),
        ("director", 200),
        ("revops", 403),
        ("other_sdr", 404),
        ("ae", 404),
        ("other_manager", 404),
    ],
)
def test_drafts_are_edited_by_their_author_and_who_leads_them(
    client: Client, complete: Handoff, who: str, status: int, request: pytest.FixtureRequest
) -> None:
    client.force_login(request.getfixturevalue(who))

    assert client.get(f"/handoffs/{complete.pk}/edit/").status_code == status
    posted = send(client, complete, {"version": "1", "industry": "x"})
    assert posted.status_code == (302 if status == 200 else status)


def test_who_is_signed_out_is_sent_to_sign_in(client: Client, complete: Handoff) -> None:
    response = autosave(client, complete, {"version": "1"})

    assert response.status_code == 302
    assert "/admin/login/" in response.headers["Location"]


def test_the_missing_list_is_told_to_who_sees_the_handoff(
    desk: Client, empty: Handoff, client: Client, other_sdr: User
) -> None:
    answer = desk.get(f"/handoffs/{empty.pk}/gaps/").json()
    assert answer["total"] == 8
    assert {"section", "field", "message"} == set(answer["gaps"][0])

    client.force_login(other_sdr)
    assert client.get(f"/handoffs/{empty.pk}/gaps/").status_code == 404


# --- Bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [None, "", "abc", "-1", "1e3", "9" * 30, "١"])
def test_a_post_that_does_not_say_its_version_is_refused(
    desk: Client, complete: Handoff, version: str | None
) -> None:
    fields = page_of(desk, complete)
    del fields["version"]
    if version is not None:
        fields["version"] = version

    assert send(desk, complete, fields).status_code == 400


@pytest.mark.parametrize("pk", ["abc", str(10**30), "-1", "1.5", "9" * 5000, "١٢"])
def test_a_row_id_that_is_none_is_refused(desk: Client, complete: Handoff, pk: str) -> None:
    fields = page_of(desk, complete) | {"quotes-x-id": pk, "quotes-x-text": "Nice try."}

    assert send(desk, complete, fields).status_code == 400
    assert complete.quotes.count() == 1


def test_a_contact_of_another_account_is_refused(desk: Client, complete: Handoff) -> None:
    stranger = make_contact(make_account(name="Other"))
    for typed in (str(stranger.pk), "abc", str(10**30), "-1"):
        response = send(desk, complete, page_of(desk, complete) | {"contact": typed})
        assert response.status_code == 422
        assert "Choose a contact of this account." in response.content.decode()

    fields = page_of(desk, complete)
    member = complete.committee.get()
    fields[f"committee-{member.pk}-contact_id"] = str(stranger.pk)
    assert send(desk, complete, fields).status_code == 422
    member.refresh_from_db()
    assert member.contact is None


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("call_notes", "n" * 20_001, "At most 20000 characters; this has 20001."),
        ("next_step_who", "w" * 501, "At most 500 characters; this has 501."),
        ("next_step_at", "soon", "Enter a valid date/time."),
        ("next_step_at", "9999-12-31T23:59", "Enter a date between 2000 and 2099."),
        ("next_step_at", "0001-01-01T00:00", "Enter a date between 2000 and 2099."),
        ("lead_source", "telepathy", "not one of the available choices"),
        ("contact-email", "a@b", "valid email"),
        ("contact-email", "a@@b.co", "valid email"),
        ("contact-email", "a@b.co, evil@x.io", "valid email"),
        ("contact-email", "a@b.co\nBcc: x@y.io", "valid email"),
        ("contact-phone", "call me", "with its country code"),
        ("contact-phone", "+", "with its country code"),
        ("contact-title", "T" * 121, "At most 120 characters; this has 121."),
        ("contact-title", "A\x00", "cannot be stored"),
        ("answers-budget-value", "v" * 501, "At most 500 characters; this has 501."),
        ("answers-budget-status", "maybe", "not one of the available choices"),
        ("answers-budget-said_on", "31 February", "Enter a valid date."),
        ("answers-budget-said_by", "A\nB", "one line"),
        ("quotes-n1-text", "q" * 2001, "At most 2000 characters; this has 2001."),
        ("quotes-n1-speaker", "\x07", "cannot be stored"),
        ("triggers-n1-source_url", "javascript:alert(1)", "Enter a web address"),
        ("triggers-n1-source_url", "data:text/html,x", "Enter a web address"),
        ("triggers-n1-source_url", "http://[::1", "Enter a web address"),
        ("triggers-n1-source_url", "http://user:pw@host.example", "Enter a web address"),
        ("triggers-n1-source_url", "ftp://host.example", "Enter a web address"),
        ("triggers-n1-source_url", "https://x.example/" + "a" * 500, "At most 500 characters"),
        ("triggers-n1-happened_on", "1999-12-31", "between 2000 and 2099"),
        ("triggers-n1-kind", "rumour", "not one of the available choices"),
        ("committee-n1-name", "N" * 121, "At most 120 characters; this has 121."),
        ("objections-n1-category", "whim", "not one of the available choices"),
    ],
)
def test_what_cannot_be_stored_says_why_at_its_field(
    desk: Client, complete: Handoff, field: str, value: str, sentence: str
) -> None:
    fields = page_of(desk, complete) | {field: value}
    if "-n1-" in field:
        fields[f"{field.split('-')[0]}-n1-id"] = ""

    response = send(desk, complete, fields)

    assert response.status_code == 422, response.content.decode()[-3000:]
    assert sentence in response.content.decode()
    answer = autosave(desk, complete, fields | {"version": Handoff.objects.get().version})
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == [field]


@pytest.mark.parametrize(
    "text",
    [
        "👩‍👩‍👧 and Пример and مثال",
        "a" + "\u0301" * 300,
        "<script>alert(1)</script> {{ 7*7 }} {% load x %}",
        "=cmd|' /C calc'!A0",
        "\u202egnp.exe",
    ],
)
def test_any_text_that_can_be_stored_is_kept_as_typed(
    desk: Client, complete: Handoff, text: str
) -> None:
    send(desk, complete, page_of(desk, complete) | {"call_notes": text})

    complete.refresh_from_db()
    assert complete.call_notes == text
    page = desk.get(f"/handoffs/{complete.pk}/edit/").content.decode()
    assert "<script>alert(1)" not in page


def test_at_most_fifty_rows_of_a_list(desk: Client, complete: Handoff) -> None:
    fields = page_of(desk, complete)
    for number in range(51):
        fields |= {f"quotes-r{number}-id": "", f"quotes-r{number}-text": f"Quote {number}."}

    response = send(desk, complete, fields)

    assert response.status_code == 422
    assert "At most 50 of these" in response.content.decode()
    assert complete.quotes.count() == 1


def test_unknown_buttons_and_fields_do_no_harm(desk: Client, complete: Handoff) -> None:
    fields = page_of(desk, complete) | {"x": "y", "quotes-../..-id": "1", "keep-": "x"}
    for do in ("launch", "verify:soul", "verify", "remove", "remove:", "add", "add:x", "account"):
        response = send(desk, complete, fields, do)
        assert response.status_code in (302, 422), do


def test_line_breaks_count_once(desk: Client, complete: Handoff) -> None:
    text = ("line\r\n" * 4000)[:-2]
    fields = page_of(desk, complete) | {"call_notes": text}

    assert send(desk, complete, fields).status_code == 302
    complete.refresh_from_db()
    assert complete.call_notes == text.replace("\r\n", "\n")


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(desk: Client, complete: Handoff, method: str) -> None:
    assert getattr(desk, method)(f"/handoffs/{complete.pk}/edit/").status_code == 405


@pytest.mark.parametrize("pk", ["0", str(2**63), str(10**30)])
def test_a_handoff_that_is_not_there_is_not_found(desk: Client, pk: str) -> None:
    assert desk.get(f"/handoffs/{pk}/edit/").status_code == 404
    assert desk.get(f"/handoffs/{pk}/gaps/").status_code == 404


# --- Cost ----------------------------------------------------------------------------------------


def test_the_page_costs_the_same_however_much_there_is(
    desk: Client,
    complete: Handoff,
    account: Account,
    contact: Contact,
    sdr: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_max_num_queries(CEILING) as little:
        desk.get(f"/handoffs/{complete.pk}/edit/")
    cost = len(little.captured_queries)
    for number in range(15):
        other = make_account(name=f"Other {number}")
        complete_package(sdr=sdr, account=other, contact=make_contact(other))
        make_contact(account)
        make_user(f"extra{number}", "ae")
        Quote.objects.create(handoff=complete, text=f"Quote number {number} of many.")
        AccountTechnology.objects.create(account=account, name=f"Tool {number}")

    with django_assert_max_num_queries(cost):
        desk.get(f"/handoffs/{complete.pk}/edit/")


def test_advice_on_a_quote_stands_beside_it_and_stops_nothing(
    desk: Client, complete: Handoff
) -> None:
    fields = page_of(desk, complete)
    quote = complete.quotes.get()
    typed = {f"quotes-{quote.pk}-text": "He said that the quotes go out far too late every week."}

    answer = autosave(desk, complete, fields | typed).json()

    assert "tells about them" in answer["hints"][f"quotes.{quote.pk}"][0]
    assert answer["gaps"] == {}
    assert "tells about them" in desk.get(f"/handoffs/{complete.pk}/edit/").content.decode()


def test_advice_says_how_old_a_budget_is(desk: Client, complete: Handoff) -> None:
    complete.answers.filter(criterion__code="budget").update(said_on=date(2025, 12, 1))

    answer = autosave(desk, complete, page_of(desk, complete)).json()

    assert answer["hints"]["answers.budget"] == [
        "They said this 91 days ago. For “Budget” it counts for 90 days, so the AE sees it as out "
        "of date. Ask again when you speak."
    ]


def test_a_rule_of_the_lead_source_shows_as_soon_as_the_source_is_chosen(
    desk: Client, complete: Handoff
) -> None:
    QuerySet(LeadSourceRule).bulk_create(
        [
            LeadSourceRule(
                version=complete.framework_version,
                lead_source="inbound",
                requires="quotes",
                number=2,
                why="Inbound is hot",
            )
        ]
    )
    fields = page_of(desk, complete)

    answer = autosave(desk, complete, fields | {"lead_source": "inbound"}, do="source").json()

    assert "also asks for: at least 2 quotes" in answer["company"]
    assert "There is 1. Inbound is hot." in answer["gaps"]["quotes"][0]
    assert (
        "also asks for"
        not in autosave(
            desk,
            complete,
            fields | {"lead_source": "mql", "version": answer["version"], "base": answer["base"]},
            do="source",
        ).json()["company"]
    )


def test_an_autosave_costs_the_same_however_many_rows_stand_there(
    desk: Client, complete: Handoff, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    fields = page_of(desk, complete)
    with django_assert_max_num_queries(SAVING) as little:
        answer = autosave(desk, complete, fields | {"industry": "Robots"}).json()
    cost = len(little.captured_queries)
    assert json.loads(answer["base"])
    for number in range(20):
        Quote.objects.create(handoff=complete, text=f"Quote number {number} of many.")

    fields = page_of(desk, complete)
    with django_assert_max_num_queries(cost):
        autosave(desk, complete, fields | {"industry": "Robotics"})


def test_the_step_s_time_is_read_in_the_person_s_zone(
    desk: Client, complete: Handoff, sdr: User
) -> None:
    sdr.time_zone = "Europe/Berlin"
    sdr.save(update_fields=["time_zone"])
    fields = page_of(desk, complete)
    assert "Europe/Berlin" in desk.get(f"/handoffs/{complete.pk}/edit/").content.decode()

    send(desk, complete, fields | {"next_step_at": "2026-03-05T10:00"})

    complete.refresh_from_db()
    assert complete.next_step_at is not None
    assert complete.next_step_at.hour == 9
    assert complete.next_step_at - timezone.now() > timedelta(days=2)
