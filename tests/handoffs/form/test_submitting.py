"""Submitting from the form, and the advice that stops nothing."""

from datetime import date

import pytest
from django.db.models import QuerySet
from django.test import Client

from handoffs.models import Handoff, LeadSourceRule
from team.models import User
from tests.handoffs.form.page import autosave, fields_of, page_of, send

pytestmark = pytest.mark.django_db


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
