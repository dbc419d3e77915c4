"""The log is the truth: clocks that are made anew from it are what was lived."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handoffs.models import Handoff, HandoffEvent
from sla import clocks
from sla.models import Breach, Clock, Escalation
from tests.factories import accepted, submitted
from tests.sla.reading import MONDAY_AT_TEN, at

pytestmark = pytest.mark.django_db


def snapshot(handoff: Handoff) -> list[dict[str, Any]]:
    """All that the clocks of a handoff say, without their ids."""
    rows = Clock.objects.filter(handoff=handoff).order_by("kind", "cycle").values()
    return [{k: v for k, v in row.items() if k != "id"} for row in rows]


@pytest.fixture
def package(sdr, account, contact) -> dict[str, Any]:
    return {"sdr": sdr, "account": account, "contact": contact, "lead_source": "outbound"}


def test_applying_an_event_twice_changes_nothing(package, ae, django_assert_num_queries):
    handoff = accepted(**package)
    before = snapshot(handoff)
    for event in HandoffEvent.objects.filter(handoff=handoff):
        clocks.apply(event)

    assert snapshot(handoff) == before


def test_rebuilding_keeps_what_fired_and_what_was_missed(package, ae, clock):
    handoff = submitted(**package)
    clock.move_to(at(15), tick=False)
    clocks.sweep()
    before = snapshot(handoff), list(Breach.objects.values()), list(Escalation.objects.values())
    clocks.rebuild(handoff)
    after = snapshot(handoff), list(Breach.objects.values()), list(Escalation.objects.values())

    assert after == before
    assert clocks.sweep()["fired"] == 0


KINDS = [
    "returned",
    "answered",
    "accepted",
    "contacted",
    "reassigned",
    "paused",
    "resumed",
    "rejected",
    "qualified",
    "prep_started",
    "sweep",
]
MOVES = st.lists(
    st.tuples(
        st.sampled_from(KINDS), st.integers(0, 2), st.sampled_from([0, 1, 25, 90, 400, 1500])
    ),
    max_size=9,
)


@pytest.mark.slow
@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(moves=MOVES, order=st.randoms(use_true_random=False))
def test_whatever_happens_rebuilding_gives_what_was_lived(
    moves, order, sdr, north, ae, ae2, backup
):
    """Any log, sensible or not, and in whichever order it was written down."""
    owners = [ae, ae2, backup]
    lived, written_late = (Handoff.objects.create(sdr=sdr, lead_source="mql") for _ in range(2))
    for handoff in (lived, written_late):
        Handoff.objects.filter(pk=handoff.pk).update(territory=north)
    story = [("submitted", ae, MONDAY_AT_TEN)]
    for kind, owner, minutes in moves:
        story.append((kind, owners[owner], story[-1][2] + timedelta(minutes=minutes)))

    def write(handoff: Handoff, kind: str, owner: Any, when: datetime) -> None:
        event = HandoffEvent.objects.create(
            handoff=handoff, kind=kind, owner=owner, occurred_at=when
        )
        clocks.apply(event)

    swept = 0
    for kind, owner, when in story:
        if kind == "sweep":
            swept += clocks.sweep(when)["fired"]
        else:
            write(lived, kind, owner, when)
    before = snapshot(lived), lived_breaches(lived)
    for event in HandoffEvent.objects.filter(handoff=lived):
        clocks.apply(event)
    assert (snapshot(lived), lived_breaches(lived)) == before

    clocks.rebuild(lived)
    assert (snapshot(lived), lived_breaches(lived)) == before

    if swept:
        return  # what fired is not in the log: it went with the rows
    Clock.objects.filter(handoff=lived).delete()
    clocks.rebuild(lived)
    assert (snapshot(lived), lived_breaches(lived)) == before

    story = [line for line in story if line[0] != "sweep"]
    if len({when for _, _, when in story}) == len(story):  # their order is in their times
        first, *rest = story
        order.shuffle(rest)
        for line in [first, *rest]:
            write(written_late, *line)
        assert [shape(row) for row in snapshot(written_late)] == [shape(r) for r in before[0]]


def lived_breaches(handoff: Handoff) -> list[tuple[Any, ...]]:
    rows = Breach.objects.filter(clock__handoff=handoff).order_by("clock__kind", "clock__cycle")
    return list(rows.values_list("clock__kind", "clock__cycle", "fell_due_at", "holder"))


def shape(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "handoff_id"}
