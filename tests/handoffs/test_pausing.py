"""A manager pauses the clocks of a handoff, for a reason that everybody can read."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from accounts.models import Account, Contact
from handoffs import lifecycle, pausing
from handoffs.models import Handoff, HandoffEvent
from sla import clocks
from sla.models import Clock, Escalation
from team.models import User
from tests.factories import submitted

pytestmark = pytest.mark.django_db

WHY = "They asked us to wait until their fair is over."


@pytest.fixture
def waiting(sdr: User, account: Account, contact: Contact) -> Handoff:
    return submitted(sdr=sdr, account=account, contact=contact)


def accept_clock(handoff: Handoff) -> Clock:
    return Clock.objects.get(handoff=handoff, kind="accept")


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, 2, hour, minute, tzinfo=UTC)


def test_the_clock_stands_still_and_goes_on_from_there(waiting: Handoff, manager: User) -> None:
    due = accept_clock(waiting).due_at
    assert due is not None
    pausing.pause(waiting, by=manager, why=WHY, at=at(10, 30))
    paused = accept_clock(waiting)
    assert (paused.state, paused.next_at) == (Clock.State.PAUSED, None)
    clocks.sweep(at(16))
    assert not Escalation.objects.exists()
    pausing.resume(waiting, by=manager, at=at(12))
    assert accept_clock(waiting).due_at == due + timedelta(minutes=90)


def test_made_anew_from_the_log_it_is_the_same(waiting: Handoff, manager: User) -> None:
    pausing.pause(waiting, by=manager, why=WHY, at=at(10, 30))
    pausing.resume(waiting, by=manager, at=at(12))
    lived = list(Clock.objects.filter(handoff=waiting).order_by("kind").values())
    clocks.rebuild(waiting)
    assert list(Clock.objects.filter(handoff=waiting).order_by("kind").values()) == lived


def test_what_is_accepted_meanwhile_starts_no_running_clock(
    waiting: Handoff, manager: User, ae: User
) -> None:
    pausing.pause(waiting, by=manager, why=WHY)
    lifecycle.accept(waiting, by=ae)
    contact = Clock.objects.get(handoff=waiting, kind="first_contact")
    assert contact.state == Clock.State.PAUSED


@pytest.mark.parametrize("who", ["sdr", "ae", "backup", "other_manager"])
def test_only_who_leads_it_may(waiting: Handoff, who: str, request: pytest.FixtureRequest) -> None:
    somebody: User = request.getfixturevalue(who)
    with pytest.raises(lifecycle.TransitionRefused):
        pausing.pause(waiting, by=somebody, why=WHY)
    assert not HandoffEvent.objects.filter(handoff=waiting, kind="paused").exists()


def test_not_even_a_manager_pauses_a_clock_of_their_own(waiting: Handoff, manager: User) -> None:
    taken = lifecycle.reassign(waiting, to=manager, by=manager, why="Nobody else is in today.")
    with pytest.raises(lifecycle.TransitionRefused, match="runs for themselves"):
        pausing.pause(taken, by=manager, why=WHY)


def test_twice_is_refused_and_so_is_a_reason_that_says_nothing(
    waiting: Handoff, manager: User
) -> None:
    with pytest.raises(lifecycle.TransitionRefused, match="in a sentence"):
        pausing.pause(waiting, by=manager, why="n/a")
    with pytest.raises(lifecycle.TransitionRefused, match="running already"):
        pausing.resume(waiting, by=manager)
    pausing.pause(waiting, by=manager, why=WHY)
    with pytest.raises(lifecycle.TransitionRefused, match="paused already"):
        pausing.pause(waiting, by=manager, why=WHY)


def test_from_the_brief_in_two_clicks_and_everybody_reads_why(
    client: Client, waiting: Handoff, manager: User, ae: User
) -> None:
    client.force_login(manager)
    brief = f"/handoffs/{waiting.pk}/"
    assert f"{brief}pause/" in client.get(brief).content.decode()
    refused = client.post(f"{brief}pause/", {"why": ""})
    assert refused.status_code == 422
    assert client.post(f"{brief}pause/", {"why": WHY}).status_code == 302
    page = client.get(brief).content.decode()
    assert f"{brief}resume/" in page and f"{brief}pause/" not in page
    client.force_login(ae)
    page = client.get(brief).content.decode()
    assert WHY in page and "Mara Lindt paused them" in page
    assert f"{brief}resume/" not in page


def test_a_clock_that_was_set_back_leaves_the_log_in_order(
    clock: time_machine.Traveller, waiting: Handoff, ae: User
) -> None:
    clock.move_to(at(9), tick=False)  # an hour before it was submitted
    taken = lifecycle.accept(waiting, by=ae)
    assert taken.accepted_at == at(10)
    spent = Clock.objects.get(handoff=taken, kind="accept")
    assert spent.elapsed_seconds == 0
