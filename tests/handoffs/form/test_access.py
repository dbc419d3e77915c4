"""Who may open the form of which package."""

import pytest
from django.test import Client

from accounts.models import Account, Contact
from handoffs.models import Handoff
from team.models import User
from tests.factories import (
    submitted,
)
from tests.handoffs.form.page import autosave, send

pytestmark = pytest.mark.django_db


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
