"""Exactly one person takes a handoff, however many click at once; on both databases."""

import threading
from collections import Counter

import pytest
from django.db import connection, connections

from accounts.models import Account, Contact
from handoffs import lifecycle
from handoffs.models import Handoff, HandoffEvent
from messaging.models import Message
from team.models import Territory, User
from tests.factories import make_user, submitted

CLICKS = 50


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_fifty_accepts_at_once_have_one_winner(
    sdr: User, account: Account, contact: Contact, north: Territory
) -> None:
    handoff = submitted(sdr=sdr, account=account, contact=contact)
    takers = [make_user(f"taker{number}", "ae") for number in range(CLICKS)]
    north.team.add(*takers)
    answers = race(handoff, takers)

    counted = Counter(type(answer).__name__ for answer in answers)
    assert counted == {"Handoff": 1, "TransitionRefused": CLICKS - 1}
    (winner,) = [answer for answer in answers if isinstance(answer, Handoff)]
    for answer in answers:
        if isinstance(answer, lifecycle.TransitionRefused):
            assert f"{winner.owner} has already accepted this handoff" in str(answer)
    handoff.refresh_from_db()
    assert (handoff.status, handoff.owner) == (Handoff.Status.ACCEPTED, winner.owner)
    assert HandoffEvent.objects.filter(handoff=handoff, kind="accepted").count() == 1
    assert Message.objects.filter(kind="handoff_accepted", medium="email").count() == 1


def race(handoff: Handoff, takers: list[User]) -> list[object]:
    """Everybody accepts in a thread and with a connection of their own, from one start line."""
    start_line = threading.Barrier(len(takers))
    answers: list[object] = []

    def click(taker: User) -> None:
        try:
            connection.ensure_connection()
            start_line.wait()
            answers.append(lifecycle.accept(handoff, by=taker))
        except Exception as error:  # noqa: BLE001  whatever came is the answer to be counted
            answers.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=click, args=(taker,)) for taker in takers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers
