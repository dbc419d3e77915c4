"""Several at once from the queue: the same rules for each, and all of them or none."""

import pytest
from django.test import Client

from accounts.models import Account, Contact
from handoffs import lifecycle
from handoffs.models import Handoff
from team.models import User
from tests.factories import submitted

pytestmark = pytest.mark.django_db


@pytest.fixture
def three(sdr: User, account: Account, contact: Contact) -> list[Handoff]:
    return [submitted(sdr=sdr, account=account, contact=contact) for _ in range(3)]


def statuses(handoffs: list[Handoff]) -> list[str]:
    rows = Handoff.objects.in_bulk([handoff.pk for handoff in handoffs])
    return [rows[handoff.pk].status for handoff in handoffs]


def test_an_ae_accepts_what_was_ticked(client: Client, three: list[Handoff], ae: User) -> None:
    client.force_login(ae)
    ticked = [handoff.pk for handoff in three[:2]]
    asked = client.get("/queue/accept/", {"row": ticked})
    assert "Accept 2 handoffs" in asked.content.decode()
    done = client.post("/queue/accept/", {"row": ticked, "filters": "state=submitted"})
    assert done["Location"] == "/queue/?state=submitted"
    assert statuses(three) == ["accepted", "accepted", "submitted"]


def test_one_that_cannot_go_keeps_all_back_and_says_why(
    client: Client, three: list[Handoff], ae: User, backup: User
) -> None:
    lifecycle.return_for_information(three[1], by=ae, question="Who signs above fifty thousand?")
    client.force_login(ae)
    answer = client.post("/queue/accept/", {"row": [handoff.pk for handoff in three]})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "None was accepted: 1 of 3 cannot go" in page
    assert "has to answer first" in page
    assert f'value="{three[1].pk}"' not in page  # the other two can go on
    assert "Accept the other 2" in page
    assert statuses(three) == ["submitted", "returned", "submitted"]


def test_one_that_a_colleague_took_meanwhile_is_named(
    client: Client, three: list[Handoff], ae: User, backup: User
) -> None:
    lifecycle.accept(three[0], by=backup)
    client.force_login(ae)
    answer = client.post("/queue/accept/", {"row": [handoff.pk for handoff in three]})
    assert answer.status_code == 409
    assert "Ben Okafor has already accepted" in answer.content.decode()
    assert statuses(three) == ["accepted", "submitted", "submitted"]


@pytest.mark.parametrize(
    ("rows", "status", "words"),
    [
        ([], 422, "Tick at least one"),
        (list(range(1, 22)), 422, "At most 20 at once"),
        (["x"], 404, ""),
        ([10**30], 404, ""),
    ],
)
def test_what_was_ticked_wrongly_is_refused_in_words(
    client: Client, ae: User, rows: list[object], status: int, words: str
) -> None:
    client.force_login(ae)
    answer = client.post("/queue/accept/", {"row": rows})
    assert answer.status_code == status
    assert words in answer.content.decode()


def test_another_teams_row_is_not_there(
    client: Client, three: list[Handoff], other_ae: User, south: object
) -> None:
    client.force_login(other_ae)
    assert client.post("/queue/accept/", {"row": [three[0].pk]}).status_code == 404
    assert statuses(three) == ["submitted"] * 3


def test_a_manager_gives_several_to_somebody(
    client: Client, three: list[Handoff], manager: User, ae2: User, ae: User
) -> None:
    client.force_login(manager)
    ticked = {"row": [handoff.pk for handoff in three]}
    assert client.post("/queue/reassign/", ticked | {"to": ae2.pk}).status_code == 422
    done = client.post("/queue/reassign/", ticked | {"to": ae2.pk, "why": "Ana is ill this week."})
    assert done.status_code == 302
    assert set(Handoff.objects.values_list("owner", flat=True)) == {ae2.pk}
    client.force_login(ae)
    assert client.get("/queue/reassign/", ticked).status_code == 403


def test_a_manager_accepts_for_an_ae_who_then_works_it(
    client: Client, three: list[Handoff], manager: User, ae2: User, sdr: User
) -> None:
    client.force_login(manager)
    address = f"/handoffs/{three[0].pk}/accept-for/"
    why = "Cleo is on a train and asked me to."
    assert client.post(address, {"to": ae2.pk, "why": ""}).status_code == 422
    assert client.post(address, {"to": ae2.pk, "why": why}).status_code == 302
    taken = Handoff.objects.get(pk=three[0].pk)
    assert (taken.status, taken.owner, taken.accepted_by) == ("accepted", ae2, manager)
    page = client.get(f"/handoffs/{taken.pk}/").content.decode()
    assert "Mara Lindt accepted it for Cleo Marsh" in page
    assert why in page
    with pytest.raises(lifecycle.TransitionRefused, match="not an AE"):
        lifecycle.accept_for(three[1], to=manager, why=why, by=manager)


@pytest.mark.parametrize("who", ["sdr", "ae", "other_manager"])
def test_nobody_else_accepts_for_somebody(
    three: list[Handoff], ae2: User, who: str, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(lifecycle.TransitionRefused):
        lifecycle.accept_for(
            three[0], to=ae2, why="I feel like it today.", by=request.getfixturevalue(who)
        )
    assert statuses(three)[0] == "submitted"
