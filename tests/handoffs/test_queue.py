"""The queue: who sees what, due next first, masked, filtered, and at a constant cost."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Account, Contact
from handoffs import lifecycle
from handoffs.models import Handoff
from handoffs.time_left import span, time_left
from team.models import Territory, User
from tests.factories import accepted, make_account, make_contact, make_user, submitted
from tests.handoffs.crowd import crowd_around

pytestmark = pytest.mark.django_db

CEILING = 12


@pytest.fixture
def waiting(sdr: User, account: Account, contact: Contact) -> Handoff:
    return submitted(sdr=sdr, account=account, contact=contact)


def queue_of(client: Client, user: User, query: str = "") -> str:
    client.force_login(user)
    response = client.get(f"/queue/{query}")
    assert response.status_code == 200
    return str(response.content.decode())


def due_in(handoff: Handoff, minutes: int, warned: bool = False) -> None:
    now = timezone.now()
    Handoff.objects.filter(pk=handoff.pk).update(
        next_due_at=now + timedelta(minutes=minutes),
        next_warn_at=now - timedelta(minutes=1) if warned else None,
    )


def test_an_ae_sees_what_waits_for_them_and_not_who_it_is(
    client: Client, waiting: Handoff, ae: User
) -> None:
    page = queue_of(client, ae)
    assert "Acme Robotics" in page
    assert "Head of Sales Operations" in page
    assert "P••• N•••" in page
    for hidden in ("Priya", "Nair", "priya.nair@", "90182010"):
        assert hidden not in page


def test_the_handoffs_of_others_are_not_in_it(
    client: Client, waiting: Handoff, other_ae: User, south: Territory
) -> None:
    page = queue_of(client, other_ae)
    assert "Acme Robotics" not in page
    assert "Nobody is waiting for you" in page


def test_what_was_accepted_leaves_the_queue_of_an_ae(
    client: Client, sdr: User, ae: User, account: Account, contact: Contact
) -> None:
    accepted(sdr=sdr, account=account, contact=contact)
    assert "Acme Robotics" not in queue_of(client, ae)
    assert "Acme Robotics" in queue_of(client, ae, "?state=accepted")


def test_a_manager_sees_all_open_ones_of_the_team_with_names(
    client: Client, waiting: Handoff, manager: User, sdr: User, account: Account, contact: Contact
) -> None:
    taken = accepted(sdr=sdr, account=account, contact=contact)
    page = queue_of(client, manager)
    assert f"/handoffs/{waiting.pk}/" in page
    assert f"/handoffs/{taken.pk}/" in page
    assert "Priya Nair" in page


def test_what_is_due_next_stands_first(
    client: Client, waiting: Handoff, sdr: User, ae: User, account: Account, contact: Contact
) -> None:
    sooner = submitted(sdr=sdr, account=account, contact=contact)
    due_in(waiting, 90)
    due_in(sooner, 20)
    page = queue_of(client, ae)
    assert page.index(f"row-{sooner.pk}") < page.index(f"row-{waiting.pk}")


@pytest.mark.parametrize(
    ("minutes", "warned", "words"),
    [
        (130, False, "2 h 10 min left"),
        (35, True, "At risk: 35 min left"),
        (-35, True, "Overdue by 35 min"),
    ],
)
def test_time_left_is_told_in_words(
    client: Client, waiting: Handoff, ae: User, minutes: int, warned: bool, words: str
) -> None:
    due_in(waiting, minutes, warned)
    assert words in queue_of(client, ae)


def test_a_deadline_is_overdue_at_its_very_instant() -> None:
    now = timezone.now()
    assert time_left(now, None, now).state == "is-bad"
    assert time_left(now + timedelta(seconds=1), None, now).state == "is-good"
    assert time_left(None, None, now).due is None


def test_spans_read_as_people_say_them() -> None:
    assert span(timedelta(seconds=59)) == "less than a minute"
    assert span(timedelta(minutes=60)) == "1 h"
    assert span(timedelta(days=2)) == "2 d"
    assert span(timedelta(days=2, hours=3, minutes=59)) == "2 d 3 h"


def test_filters_narrow_it_down(
    client: Client, waiting: Handoff, sdr: User, manager: User, north: Territory
) -> None:
    other = make_account(name="Bolt Freight", territory=north)
    inbound = submitted(
        sdr=sdr,
        account=other,
        contact=make_contact(other, title="Chief Operating Officer"),
        lead_source="inbound",
    )
    for query, found, hidden in [
        ("?source=inbound", "Bolt Freight", "Acme Robotics"),
        ("?q=acme", "Acme Robotics", "Bolt Freight"),
        ("?q=operating+officer", "Bolt Freight", "Acme Robotics"),
        (f"?q=%23{inbound.pk}", "Bolt Freight", "Acme Robotics"),
    ]:
        page = queue_of(client, manager, query)
        assert found in page, query
        assert hidden not in page, query
    assert "No handoff fits" in queue_of(client, manager, "?owner=none")
    assert "Acme Robotics" in queue_of(client, manager, f"?territory={north.pk}&owner=")


def test_the_search_answers_nothing_about_hidden_names(
    client: Client, waiting: Handoff, ae: User
) -> None:
    for hidden in ("Priya", "Nair", "priya.nair%40acme-robotics.example", "90182010"):
        assert "Acme Robotics" not in queue_of(client, ae, f"?q={hidden}")


@pytest.mark.parametrize(
    "query",
    ["?source=nonsense", "?territory=99999", "?owner=x", "?q=%00", f"?q={'a' * 101}", "?state=1"],
)
def test_a_filter_that_cannot_be_is_refused_in_words(
    client: Client, waiting: Handoff, manager: User, query: str
) -> None:
    client.force_login(manager)
    response = client.get(f"/queue/{query}")
    assert response.status_code == 400
    assert "field-error" in response.content.decode()


@pytest.mark.parametrize("number", ["0", "-1", "999", "x", "9" * 30])
def test_a_page_number_that_cannot_be_shows_a_page(
    client: Client, waiting: Handoff, ae: User, number: str
) -> None:
    assert "Acme Robotics" in queue_of(client, ae, f"?page={number}")


def test_it_goes_on_after_fifty_rows_and_keeps_the_filters(
    client: Client, waiting: Handoff, ae: User
) -> None:
    crowd_around(waiting, 60)
    page = queue_of(client, ae, "?source=meeting")
    assert page.count("data-queue-row") == 50
    assert "?source=meeting&amp;page=2" in page
    assert queue_of(client, ae, "?source=meeting&page=2").count("data-queue-row") == 11


def test_the_rows_alone_for_the_refresh(client: Client, waiting: Handoff, ae: User) -> None:
    client.force_login(ae)
    part = client.get("/queue/", headers={"X-Part": "rows"}).content.decode()
    assert "Acme Robotics" in part
    assert "<html" not in part


@pytest.mark.parametrize("who", ["ae", "manager", "revops"])
def test_the_cost_does_not_grow_with_the_rows(
    client: Client,
    waiting: Handoff,
    request: pytest.FixtureRequest,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    who: str,
) -> None:
    user = request.getfixturevalue(who)
    client.force_login(user)
    client.get("/queue/")  # the first of a session also notes that it began
    counts = []
    for size in (20, 1980):
        crowd_around(waiting, size)
        with django_assert_max_num_queries(CEILING) as asked:
            assert client.get("/queue/").status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_an_ae_who_leads_is_offered_only_what_they_may_take(
    client: Client, waiting: Handoff, other_manager: User, manager: User, ae: User
) -> None:
    manager.is_ae = True
    manager.save()
    assert f"/handoffs/{waiting.pk}/accept/" not in queue_of(client, manager)
    assert f"/handoffs/{waiting.pk}/accept/" in queue_of(client, ae)


def test_nobody_is_offered_their_own(
    client: Client, sdr: User, account: Account, contact: Contact, backup: User
) -> None:
    sdr.is_ae = True
    sdr.save()
    handoff = submitted(sdr=sdr, account=account, contact=contact)
    lifecycle.reassign(handoff, to=backup, why="Ana is full today.", by=None)
    assert f"/handoffs/{handoff.pk}/accept/" not in queue_of(client, sdr)


def test_anonymous_people_are_asked_to_sign_in(client: Client) -> None:
    response = client.get("/queue/")
    assert response.status_code == 302
    assert response["Location"].startswith("/admin/login/?next=/queue/")


def test_people_without_a_role_are_told_so(client: Client, db: None) -> None:
    client.force_login(make_user("newcomer"))
    response = client.get("/queue/")
    assert response.status_code == 403
    assert "no role yet" in response.content.decode()


def test_it_cannot_be_posted_to(client: Client, ae: User) -> None:
    client.force_login(ae)
    assert client.post("/queue/").status_code == 405
