"""Breaches: what is proposed as their cause, and what a manager says it was."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from handoffs import lifecycle
from messaging.models import Message
from sla import breaches, clocks
from sla.models import Breach
from team.models import Absence
from tests.factories import submitted

pytestmark = pytest.mark.django_db

MONDAY_AT_TEN = datetime(2026, 3, 2, 10, tzinfo=UTC)


def after(minutes: float) -> datetime:
    return MONDAY_AT_TEN + timedelta(minutes=minutes)


@pytest.fixture
def package(sdr, account, contact):
    return {"sdr": sdr, "account": account, "contact": contact, "lead_source": "inbound"}


def missed(minutes: float = 61) -> Breach:
    clocks.sweep(after(minutes))
    return Breach.objects.get(clock__kind="accept", clock__cycle=0)


def proposal(breach: Breach) -> tuple[str, str]:
    return breach.proposed_cause, breach.proposed_because


def test_a_miss_that_nothing_explains_is_simply_late(package, ae):
    submitted(**package)
    breach = missed()

    assert proposal(breach) == ("late", "Nothing on record explains it.")
    assert (breach.fell_due_at, breach.holder, breach.cause) == (after(60), ae, "")


def test_an_absence_that_was_entered_afterwards_says_so(package, north, ae, clock):
    north.coverage.all().delete()
    submitted(**package)
    clock.move_to(after(30), tick=False)
    Absence.objects.create(user=ae, starts_at=after(-60), ends_at=after(600))

    assert proposal(missed()) == (
        "absence",
        "Ana Silva was away from 2 Mar 09:00 UTC, entered only afterwards.",
    )


def test_a_known_absence_is_the_cause(package, north, ae):
    north.coverage.all().delete()
    Absence.objects.create(user=ae, starts_at=after(30), ends_at=after(600))
    submitted(**package)

    assert proposal(missed()) == ("absence", "Ana Silva was away from 2 Mar 10:30 UTC.")


def test_more_handoffs_than_set_are_an_overload(package, ae):
    for _ in range(3):
        submitted(**package)
    type(ae).objects.filter(pk=ae.pk).update(capacity=2)
    clocks.sweep(after(61))

    assert {proposal(b) for b in Breach.objects.all()} == {
        ("overload", "Ana Silva holds 3 open handoffs; 2 are set.")
    }


def test_what_nobody_had_is_a_matter_of_routing(package, ae, backup, ae2):
    for person in (ae, backup, ae2):
        Absence.objects.create(user=person, starts_at=after(-60), ends_at=after(600))
    submitted(**package)
    breach = missed()

    assert proposal(breach) == ("routing", "Nobody had it when it fell due.")
    assert breach.holder is None


def test_an_alert_that_did_not_arrive_is_a_matter_of_tooling(package, ae):
    submitted(**package)
    clocks.sweep(after(30))
    Message.objects.filter(kind="sla_remind").update(state="dead")

    assert proposal(missed()) == ("tooling", "A message to Ana Silva about it did not arrive.")


def test_a_package_that_had_to_go_back_was_unclear(package, ae, sdr):
    handoff = submitted(**package)
    question = "Who signs the budget, and is it approved?"
    lifecycle.return_for_information(handoff, by=ae, question=question, at=after(10))
    lifecycle.answer(handoff, by=sdr, text="Mark Dell signs it.", at=after(20))

    assert proposal(missed(71)) == ("package", "It was returned for information once.")


def test_a_miss_without_a_backup_is_a_matter_of_routing(package, north, ae):
    north.coverage.all().delete()
    submitted(**package)
    clocks.sweep(after(91))
    clocks.sweep(after(241))
    contact = Breach.objects.get(clock__kind="first_contact")

    assert proposal(contact) == ("routing", "No backup could take it over.")


def test_a_manager_says_what_it_was(package, manager):
    submitted(**package)
    breaches.explain(missed(), cause="overload", note="The fair.", by=manager, at=after(70))
    breach = Breach.objects.get()

    assert (breach.cause, breach.cause_note) == ("overload", "The fair.")
    assert (breach.explained_by, breach.explained_at) == (manager, after(70))
    breaches.explain(breach, cause="tooling", by=manager)
    assert Breach.objects.get().cause == "tooling"


@pytest.mark.parametrize(
    ("cause", "note", "field"),
    [
        ("", "", "cause"),
        ("weather", "", "cause"),
        ("other", "No idea", "cause_note"),
        ("late", "x" * 501, "cause_note"),
    ],
)
def test_a_cause_that_says_nothing_is_refused_at_its_field(package, manager, cause, note, field):
    submitted(**package)
    breach = missed()

    with pytest.raises(ValidationError) as refused:
        breaches.explain(breach, cause=cause, note=note, by=manager)

    assert field in refused.value.message_dict
    assert Breach.objects.get().cause == ""
