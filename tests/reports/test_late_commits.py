"""Transactions that commit in another order than they drew the numbers of their events."""

import threading

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from handoffs.models import Handoff, HandoffEvent
from handoffs.models.event import EventKind
from reports import facts, unread
from reports.models import Fact, Reading
from team.models import User

pytestmark = [
    pytest.mark.concurrency,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor == "sqlite", reason="SQLite has one writer at a time: nothing is late"
    ),
]


def write(handoff: Handoff, kind: EventKind) -> HandoffEvent:
    return HandoffEvent.objects.create(
        handoff=handoff, kind=kind, actor=handoff.sdr, occurred_at=timezone.now()
    )


class Slow(threading.Thread):
    """Writes events in a transaction that stays open until it is told to end."""

    def __init__(self, handoff: Handoff, *, undo: bool = False) -> None:
        super().__init__(daemon=True)
        self.handoff, self.undo = handoff, undo
        self.has_written, self.may_end = threading.Event(), threading.Event()

    def run(self) -> None:
        try:
            with transaction.atomic():
                write(self.handoff, EventKind.CREATED)
                write(self.handoff, EventKind.SUBMITTED)
                self.has_written.set()
                self.may_end.wait(20)
                transaction.set_rollback(self.undo)
        finally:
            connections.close_all()

    def begin(self) -> None:
        self.start()
        assert self.has_written.wait(20)

    def end(self) -> None:
        self.may_end.set()
        self.join(20)
        assert not self.is_alive()


@pytest.fixture
def handoffs(sdr: User) -> list[Handoff]:
    return [Handoff.objects.create(sdr=sdr, lead_source="mql") for _ in range(3)]


def submitted() -> set[int]:
    facts.catch_up()
    return set(Fact.objects.filter(submitted_at__isnull=False).values_list("pk", flat=True))


def holes() -> int:
    return len(Reading.objects.get().holes)


def test_a_late_commit_of_a_lower_number_is_read(handoffs: list[Handoff]) -> None:
    slow, quick, quicker = handoffs
    late = Slow(slow)
    late.begin()
    write(quick, EventKind.SUBMITTED)
    assert submitted() == {quick.pk}
    # However much is written and read meanwhile
    for _ in range(600):
        write(quicker, EventKind.CREATED)
    write(quicker, EventKind.SUBMITTED)
    assert submitted() == {quick.pk, quicker.pk}
    late.end()
    assert submitted() == {slow.pk, quick.pk, quicker.pk}
    assert facts.catch_up() == 0


def test_reading_everything_anew_waits_for_the_late_one_too(handoffs: list[Handoff]) -> None:
    slow, quick, _ = handoffs
    late = Slow(slow)
    late.begin()
    write(quick, EventKind.SUBMITTED)
    facts.rebuild()
    assert submitted() == {quick.pk}
    late.end()
    assert submitted() == {slow.pk, quick.pk}


def test_what_was_undone_is_not_looked_for_for_ever(
    handoffs: list[Handoff], monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, quick, _ = handoffs
    undone = Slow(slow, undo=True)
    undone.begin()
    write(quick, EventKind.SUBMITTED)
    assert submitted() == {quick.pk}
    for _ in range(3):  # while it may still come, it is looked for
        write(quick, EventKind.CONTACTED)
        assert facts.catch_up() == 1
        assert holes() == 1
    undone.end()
    # Tests beside this one have transactions on the same server, which count as running too
    monkeypatch.setattr(unread, "oldest_running", lambda: 2**62)
    for _ in range(2):
        write(quick, EventKind.CONTACTED)
        facts.catch_up()
    assert holes() == 0
    assert submitted() == {quick.pk}


def test_events_inside_a_hole_leave_the_rest_of_it_open(handoffs: list[Handoff]) -> None:
    one, two, three = handoffs
    first, second = Slow(one), Slow(two)
    first.begin()
    second.begin()
    write(three, EventKind.SUBMITTED)
    assert submitted() == {three.pk}
    second.end()
    assert submitted() == {two.pk, three.pk}
    write(three, EventKind.CONTACTED)
    assert facts.catch_up() == 1
    first.end()
    assert submitted() == {one.pk, two.pk, three.pk}
