"""Several sweeps at once, and a sweep against people: each step once, one order wins."""

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, connections

from handoffs import lifecycle
from handoffs.models import Handoff, HandoffEvent
from handoffs.refusal import TransitionRefused
from messaging.models import Message
from sla import clocks
from sla.models import Breach, Clock, Escalation
from tests.factories import submitted

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]

MONDAY_AT_TEN = datetime(2026, 3, 2, 10, tzinfo=UTC)
WORKERS = 4


def after(minutes: float) -> datetime:
    return MONDAY_AT_TEN + timedelta(minutes=minutes)


def together(*doings: Callable[[], object]) -> list[object]:
    """Each in a thread and with a connection of its own, from one start line; what came of it."""
    start_line = threading.Barrier(len(doings))
    came: list[object] = []

    def do(doing: Callable[[], object]) -> None:
        try:
            connection.ensure_connection()
            start_line.wait()
            came.append(doing())
        except Exception as error:  # noqa: BLE001  whatever came is what is looked at
            came.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=do, args=(doing,)) for doing in doings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return came


@pytest.fixture
def handoffs(sdr, account, contact, north, manager, director, revops) -> list[Handoff]:
    return [
        submitted(sdr=sdr, account=account, contact=contact, lead_source="inbound")
        for _ in range(24)
    ]


def test_four_sweeps_at_once_fire_each_step_once(handoffs, monkeypatch):
    """Small batches, so that they meet; three steps each, one of which hands over."""
    monkeypatch.setattr(clocks, "BATCH", 3)
    came = together(*[lambda: clocks.sweep(after(95))] * WORKERS)
    counts: Counter[str] = Counter()
    for one in came:
        assert isinstance(one, dict), one
        counts.update(one)
    clocks.sweep(after(95))  # what all of them left to each other

    fired = Escalation.objects.filter(clock__cycle=0, clock__kind="accept")
    assert Counter(fired.values_list("action", flat=True)) == {
        "remind": 24,
        "manager": 24,
        "backup": 24,
    }
    assert counts["failed"] == 0
    assert Breach.objects.count() == 24
    assert HandoffEvent.objects.filter(kind="reassigned").count() == 24
    mails = Message.objects.filter(kind__startswith="sla_", medium="email")
    assert Counter(mails.values_list("kind", flat=True)) == {
        "sla_remind": 24,
        "sla_manager": 24,
        "sla_backup": 24,
    }


def test_accepting_while_the_sweep_hands_over_has_one_order(handoffs, ae, monkeypatch):
    """Never accepted by Ana and handed over after that."""
    monkeypatch.setattr(clocks, "BATCH", 2)

    def accept_all() -> None:
        for handoff in reversed(handoffs):
            with suppress(TransitionRefused):
                lifecycle.accept(handoff, by=ae, at=after(95))

    came = together(accept_all, lambda: clocks.sweep(after(95)), lambda: clocks.sweep(after(95)))
    assert not [one for one in came if isinstance(one, Exception)]
    clocks.sweep(after(95))

    for handoff in handoffs:
        kinds = list(handoff.events.order_by("pk").values_list("kind", flat=True))
        assert kinds in (
            ["created", "submitted", "accepted"],
            ["created", "submitted", "reassigned"],
            ["created", "submitted", "reassigned", "accepted"],
        )
        accept = Clock.objects.get(handoff=handoff, kind="accept", cycle=0)
        assert (accept.state == "stopped") == ("accepted" in kinds)
        handed_over = Escalation.objects.filter(clock=accept, action="backup").exists()
        assert handed_over == ("reassigned" in kinds)
        before = Clock.objects.filter(handoff=handoff).order_by("pk").values()
        rows = list(before)
        clocks.rebuild(handoff)
        assert list(before.all()) == rows
