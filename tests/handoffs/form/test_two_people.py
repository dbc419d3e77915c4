"""Two people with the same package open: nobody’s words are lost."""

import pytest
from django.test import Client

from handoffs import lifecycle
from handoffs.models import Handoff
from team.models import User
from tests.handoffs.form.page import autosave, fields_of, page_of, send

pytestmark = pytest.mark.django_db


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
