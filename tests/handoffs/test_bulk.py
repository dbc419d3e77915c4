"""Several at once from the queue: all or none, each refusal at its row, by the rules of one."""

import pytest
from django.test import Client

from accounts.models import Account, Contact
from handoffs import bulk, lifecycle
from handoffs.models import Handoff
from handoffs.refusal import TransitionRefused
from messaging.models import Message
from team.models import User
from tests.factories import make_account, make_contact, submitted
from tests.handoffs.crowd import crowd_around

pytestmark = pytest.mark.django_db

DIALOG = {"X-Part": "dialog"}


@pytest.fixture
def three(sdr: User, account: Account, contact: Contact) -> list[Handoff]:
    return [submitted(sdr=sdr, account=account, contact=contact) for _ in range(3)]


def ids(rows: list[Handoff]) -> list[int]:
    return [row.pk for row in rows]


def statuses(rows: list[Handoff]) -> list[str]:
    return list(
        Handoff.objects.filter(pk__in=ids(rows)).order_by("pk").values_list("status", flat=True)
    )


def test_an_ae_accepts_what_they_ticked_in_two_clicks(
    client: Client, three: list[Handoff], ae: User, sdr: User
) -> None:
    client.force_login(ae)
    page = client.get("/queue/").content.decode()
    assert page.count("data-pick ") == 3
    asked = client.get("/queue/accept/", {"row": ids(three[:2]), "filters": "source=meeting"})
    assert asked.status_code == 200
    assert "Accept 2 handoffs" in asked.content.decode()
    assert statuses(three) == ["submitted"] * 3
    done = client.post("/queue/accept/", {"row": ids(three[:2]), "filters": "source=meeting"})
    assert (done.status_code, done["Location"]) == (302, "/queue/?source=meeting")
    assert statuses(three) == ["accepted", "accepted", "submitted"]
    assert "2 handoffs accepted." in client.get(done["Location"]).content.decode()
    assert Message.objects.filter(kind="handoff_accepted", person=sdr).count() == 2
    assert three[1].events.filter(kind="accepted", actor=ae).count() == 1


def test_one_that_cannot_go_holds_all_back_and_says_why_at_its_row(
    client: Client, three: list[Handoff], ae: User, backup: User
) -> None:
    lifecycle.accept(three[1], by=backup)
    client.force_login(ae)
    answer = client.post("/queue/accept/", {"row": ids(three)}, headers=DIALOG)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "None was accepted: 1 of 3 cannot go, and all go or none." in page
    assert "Ben Okafor has already accepted this handoff (2 Mar at 10:00 UTC)." in page
    assert "Accept the other 2" in page
    assert f'value="{three[1].pk}"' not in page
    assert statuses(three) == ["submitted", "accepted", "submitted"]
    again = client.post("/queue/accept/", {"row": [three[0].pk, three[2].pk]}, headers=DIALOG)
    assert (again.status_code, again["X-Go"]) == (204, "/queue/")
    assert statuses(three) == ["accepted"] * 3


def test_a_refusal_in_the_middle_undoes_what_went_before(
    three: list[Handoff], ae: User, backup: User, manager: User
) -> None:
    lifecycle.reassign(three[1], to=backup, why="Ana is full today.", by=manager)
    with pytest.raises(bulk.BulkRefused) as refused:
        bulk.reassign(three, to=backup, why="Ana is ill.", by=manager)
    assert refused.value.sentences == {three[1].pk: "Ben Okafor already has this handoff."}
    owners = (
        Handoff.objects.filter(pk__in=ids(three)).order_by("pk").values_list("owner", flat=True)
    )
    assert list(owners) == [ae.pk, backup.pk, ae.pk]
    assert not three[0].events.filter(kind="reassigned").exists()
    assert not Message.objects.filter(kind="handoff_reassigned", about=f"handoff:{three[0].pk}")


def test_nobody_accepts_their_own_in_a_crowd(
    client: Client, three: list[Handoff], sdr: User, north: object
) -> None:
    sdr.is_ae = True
    sdr.save()
    client.force_login(sdr)
    answer = client.post("/queue/accept/", {"row": ids(three)})
    assert answer.status_code == 409
    assert answer.content.decode().count("You wrote this handoff") == 3
    assert statuses(three) == ["submitted"] * 3


def test_a_manager_gives_many_to_somebody_else(
    client: Client, three: list[Handoff], manager: User, ae2: User, ae: User
) -> None:
    client.force_login(manager)
    assert "/queue/reassign/" in client.get("/queue/").content.decode()
    empty = client.post("/queue/reassign/", {"row": ids(three)})
    assert empty.status_code == 422
    assert "field-error" in empty.content.decode()
    typed = {"row": ids(three), "to": ae2.pk, "why": "Ana is ill until Thursday."}
    assert client.post("/queue/reassign/", typed).status_code == 302
    assert set(Handoff.objects.values_list("owner", flat=True)) == {ae2.pk}
    again = client.post("/queue/reassign/", typed)
    assert again.status_code == 409
    assert again.content.decode().count("Cleo Marsh already has this handoff.") == 3


@pytest.mark.parametrize(
    ("who", "name", "words"),
    [
        ("manager", "accept", "Only an AE may accept"),
        ("sdr", "accept", "Only an AE may accept"),
        ("ae", "reassign", "Only a manager may reassign several"),
        ("sdr", "reassign", "Only a manager may reassign several"),
    ],
)
def test_whose_it_is_not_reads_so(
    client: Client,
    three: list[Handoff],
    request: pytest.FixtureRequest,
    who: str,
    name: str,
    words: str,
) -> None:
    client.force_login(request.getfixturevalue(who))
    answer = client.post(f"/queue/{name}/", {"row": ids(three)})
    assert answer.status_code == 403
    assert words in answer.content.decode()


def test_rows_of_others_do_not_exist(
    client: Client, three: list[Handoff], other_ae: User, other_manager: User, south: object
) -> None:
    account = make_account(name="Sud Servizi", territory=south, country="IT")
    own = submitted(sdr=three[0].sdr, account=account, contact=make_contact(account))
    assert own.owner == other_ae
    client.force_login(other_ae)
    for method in (client.get, client.post):
        assert method("/queue/accept/", {"row": [own.pk, three[0].pk]}).status_code == 404
    client.force_login(other_manager)
    assert client.get("/queue/reassign/", {"row": [three[0].pk]}).status_code == 404
    own.refresh_from_db()
    assert own.status == "submitted"


@pytest.mark.parametrize(
    ("rows", "status", "words"),
    [
        ([], 422, "Tick at least one handoff first."),
        (list(range(1, 22)), 422, "At most 20 at once; you ticked 21."),
        (["x"], 404, ""),
        (["9" * 30], 404, ""),
        (["-1"], 404, ""),
    ],
)
def test_what_cannot_be_ticked_is_refused(
    client: Client, ae: User, rows: list[object], status: int, words: str
) -> None:
    client.force_login(ae)
    for method in (client.get, client.post):
        answer = method("/queue/accept/", {"row": rows})
        assert answer.status_code == status
        assert words in answer.content.decode()


def test_twenty_go_at_once_and_the_verb_itself_keeps_to_it(three: list[Handoff], ae: User) -> None:
    crowd_around(three[0], 18)
    rows = list(Handoff.objects.all())
    with pytest.raises(TransitionRefused, match="At most 20 at once"):
        bulk.accept(rows, by=ae)
    assert bulk.accept(rows[:20], by=ae) == 20
    assert Handoff.objects.filter(status="accepted", owner=ae).count() == 20


def test_the_way_back_leads_to_the_queue_only(
    client: Client, three: list[Handoff], ae: User
) -> None:
    client.force_login(ae)
    for typed in ("https://evil.example/", "//evil.example", "a=b&c=%00", "&" * 3000):
        answer = client.get("/queue/accept/", {"row": ids(three), "filters": typed})
        assert answer.status_code == 200
        assert 'href="/queue/' in answer.content.decode()
