"""Saving: what is typed is kept, what cannot be kept is marked, and what a save costs."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Account, AccountTechnology, Contact
from handoffs import completeness, prefill
from handoffs.models import Handoff, HandoffEvent, Quote
from team.models import User
from tests.factories import (
    complete_package,
    make_account,
    make_contact,
    make_user,
)
from tests.handoffs.form.page import autosave, fields_of, page_of, send

pytestmark = pytest.mark.django_db

CEILING = 19
SAVING = 30


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
