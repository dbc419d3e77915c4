"""Clocks whose handoff moves from one owner to the next."""

from typing import Any

import pytest

from handoffs import lifecycle
from sla import clocks
from sla.models import Breach, Clock
from tests.factories import submitted
from tests.sla.reading import at, the

pytestmark = pytest.mark.django_db


@pytest.fixture
def package(sdr, account, contact) -> dict[str, Any]:
    return {"sdr": sdr, "account": account, "contact": contact, "lead_source": "outbound"}


def test_a_new_owner_gets_a_cycle_beside_the_handoff_s_own(package, ae2, manager):
    handoff = submitted(**package)
    lifecycle.reassign(handoff, to=ae2, why="Ana is at a fair.", by=manager, at=at(12))
    total, own = the(handoff, "accept"), the(handoff, "accept", 1)

    assert (total.state, total.due_at, total.holder) == ("running", at(14), ae2)
    assert (own.state, own.due_at, own.holder) == ("running", at(16), ae2)
    assert the(handoff, "first_contact", 1).holder == ae2


def test_the_owner_before_ends_theirs_when_it_moves_on(package, ae2, backup, manager):
    handoff = submitted(**package)
    lifecycle.reassign(handoff, to=ae2, why="Ana is at a fair.", by=manager, at=at(12))
    lifecycle.reassign(handoff, to=backup, why="Cleo is at a fair.", by=manager, at=at(13))
    states = Clock.objects.filter(kind="accept").values_list("cycle", "state", "holder__username")

    assert list(states) == [
        (0, "running", "backup"),
        (1, "stopped", "ae2"),
        (2, "running", "backup"),
    ]


def test_accepting_stops_all_cycles_of_acceptance(package, ae2, manager):
    handoff = submitted(**package)
    lifecycle.reassign(handoff, to=ae2, why="Ana is at a fair.", by=manager, at=at(12))
    lifecycle.accept(handoff, by=ae2, at=at(13))

    assert [c.state for c in Clock.objects.filter(kind="accept")] == ["stopped", "stopped"]
    assert [c.state for c in Clock.objects.filter(kind="first_contact")] == ["running"] * 2


def test_the_breach_of_the_owner_before_stays_on_the_record(package, ae, ae2, manager, clock):
    handoff = submitted(**package)
    clock.move_to(at(14, 10), tick=False)
    clocks.sweep()
    lifecycle.reassign(handoff, to=ae2, why="Ana did not look.", by=manager)
    clock.move_to(at(9, 30, day=3), tick=False)
    lifecycle.accept(handoff, by=ae2)
    breach = Breach.objects.get()

    assert (breach.holder, breach.fell_due_at) == (ae, at(14))
    assert the(handoff, "accept", 1).elapsed_seconds == (170 + 30) * 60


def test_reassigning_while_the_sdr_is_asked_gives_a_paused_cycle(package, ae, ae2, sdr, manager):
    handoff = submitted(**package)
    question = "Who signs the budget, and is it approved?"
    lifecycle.return_for_information(handoff, by=ae, question=question, at=at(11))
    lifecycle.reassign(handoff, to=ae2, why="Ana is at a fair.", by=manager, at=at(12))
    assert (the(handoff, "accept", 1).state, the(handoff, "accept", 1).elapsed_seconds) == (
        "paused",
        0,
    )
    lifecycle.answer(handoff, by=sdr, text="Mark Dell signs it.", at=at(13))

    assert the(handoff, "accept", 1).due_at == at(17)
