"""My work: each role lands on what needs them, and an empty desk teaches."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Account, Contact
from handoffs import lifecycle
from handoffs.models import Handoff
from sla.health import beat
from sla.models import Breach
from team.models import Import, Territory, User
from tests.factories import accepted, make_account, make_contact, make_user, submitted
from tests.handoffs.crowd import crowd_around

pytestmark = pytest.mark.django_db

CEILING = 24


def home_of(client: Client, user: User) -> str:
    client.force_login(user)
    response = client.get("/")
    assert response.status_code == 200
    return str(response.content.decode())


def test_an_sdr_sees_the_question_that_came_back_and_the_drafts(
    client: Client, sdr: User, ae: User, account: Account, contact: Contact
) -> None:
    handoff = submitted(sdr=sdr, account=account, contact=contact)
    lifecycle.return_for_information(handoff, by=ae, question="Who signs above fifty thousand?")
    draft = lifecycle.create_draft(sdr=sdr, by=sdr)
    page = home_of(client, sdr)
    assert "Who signs above fifty thousand?" in page
    assert f"/handoffs/{draft.pk}/" in page
    assert "/handoffs/new/" in page


def test_an_ae_sees_what_waits_and_what_is_due_after_it(
    client: Client, sdr: User, ae: User, account: Account, contact: Contact
) -> None:
    waiting = submitted(sdr=sdr, account=account, contact=contact)
    taken = accepted(sdr=sdr, account=account, contact=contact)
    page = home_of(client, ae)
    assert page.index(f"/handoffs/{waiting.pk}/") < page.index(f"/handoffs/{taken.pk}/")
    assert "To prepare" in page
    lifecycle.start_preparation(taken, by=ae)
    lifecycle.finish_preparation(taken, by=ae, objections="Price will come up.")
    page = home_of(client, ae)
    assert page.index("To contact") < page.index(f"/handoffs/{taken.pk}/")
    assert "/handoffs/new/" not in page


def test_a_manager_sees_what_nobody_has_and_what_is_late(
    client: Client,
    sdr: User,
    ae: User,
    account: Account,
    contact: Contact,
    manager: User,
    north: Territory,
    standard: object,
) -> None:
    late = accepted(sdr=sdr, account=account, contact=contact)
    Handoff.objects.filter(pk=late.pk).update(next_due_at=timezone.now() - timedelta(hours=1))
    stray = make_account(name="Nowhere Goods", country="BR")
    lost = submitted(sdr=sdr, account=stray, contact=make_contact(stray))
    assert lost.owner is None
    page = home_of(client, manager)
    unassigned, overdue = page.index("block-unassigned"), page.index("block-overdue")
    assert unassigned < page.index("Nowhere Goods") < overdue
    assert "Overdue by 1 h" in page[overdue:]


def test_a_manager_sees_nothing_of_another_team(
    client: Client, sdr: User, account: Account, contact: Contact, other_manager: User
) -> None:
    handoff = submitted(sdr=sdr, account=account, contact=contact)
    Handoff.objects.filter(pk=handoff.pk).update(next_due_at=timezone.now() - timedelta(hours=1))
    assert "Acme" not in home_of(client, other_manager)


def test_revops_sees_the_set_up_in_numbers(client: Client, revops: User, standard: object) -> None:
    page = home_of(client, revops)
    assert "BANT, version 1" in page
    assert "/admin/handoffs/frameworkversion/" in page


def test_revops_sees_the_last_imports(client: Client, revops: User, sdr: User) -> None:
    Import.objects.create(
        by=sdr, kind="accounts.contact", name="fair.csv", digest="x", state="refused",
        problem="Row 7 has no e-mail.",
    )  # fmt: skip
    client.force_login(revops)
    page = client.get("/").content.decode()
    assert "fair.csv" in page
    assert "Not imported" in page
    assert "Row 7 has no e-mail." in page
    client.force_login(sdr)
    assert "fair.csv" not in client.get("/").content.decode()


def test_every_empty_desk_says_what_will_stand_there(
    client: Client, sdr: User, ae: User, manager: User
) -> None:
    assert "Start a handoff as soon as" in home_of(client, sdr)
    assert "Nobody is waiting for you" in home_of(client, ae)
    assert "Everything has an owner" in home_of(client, manager)


def test_people_without_a_role_read_what_to_do(client: Client, db: None) -> None:
    assert "Ask a RevOps admin" in home_of(client, make_user("newcomer"))


def test_anonymous_people_are_asked_to_sign_in(client: Client, db: None) -> None:
    response = client.get("/")
    assert response.status_code == 302
    assert "/admin/login/" in response["Location"]


@pytest.mark.parametrize("who", ["sdr", "ae", "manager", "revops"])
def test_the_cost_does_not_grow_with_the_rows(
    client: Client,
    sdr: User,
    account: Account,
    contact: Contact,
    request: pytest.FixtureRequest,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    who: str,
) -> None:
    pattern = submitted(sdr=sdr, account=account, contact=contact)
    client.force_login(request.getfixturevalue(who))
    client.get("/")  # the first of a session also notes that it began
    counts = []
    for size in (20, 500):
        crowd_around(pattern, size)
        with django_assert_max_num_queries(CEILING) as asked:
            assert client.get("/").status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_a_manager_sees_how_much_each_ae_holds(
    client: Client,
    sdr: User,
    ae: User,
    ae2: User,
    manager: User,
    account: Account,
    contact: Contact,
) -> None:
    submitted(sdr=sdr, account=account, contact=contact)
    User.objects.filter(pk=ae.pk).update(capacity=5)
    page = home_of(client, manager)
    assert "Your AEs" in page
    assert "1 of 5" in page
    assert page.index(f"/queue/?owner={ae.pk}") < page.index(f"/queue/?owner={ae2.pk}")


def test_missed_promises_without_a_cause_and_a_silent_worker_have_a_tile(
    client: Client, sdr: User, manager: User, revops: User, account: Account, contact: Contact
) -> None:
    handoff = submitted(sdr=sdr, account=account, contact=contact)
    assert "Waiting for a cause" not in home_of(client, manager)
    first = handoff.clocks.order_by("due_at")[0]
    Breach.objects.create(clock=first, fell_due_at=timezone.now(), holder=handoff.owner)
    assert "Waiting for a cause" in home_of(client, manager)
    assert "gives no sign of life" in home_of(client, revops)
    beat(timezone.now())
    assert "gives no sign of life" not in home_of(client, revops)
