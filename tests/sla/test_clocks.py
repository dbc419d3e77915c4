"""Clocks: started, paused, resumed and stopped by what happens to the handoff."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from handoffs import lifecycle, meetings
from handoffs.log import record
from handoffs.models import Handoff, HandoffEvent
from handoffs.models.event import EventKind
from sla import clocks, policies
from sla.models import Breach, Clock, Escalation, Policy, Spans, Target
from team.models import Holiday, WorkInterval
from tests.factories import accepted, complete_package, submitted
from tests.sla.reading import MONDAY_AT_TEN, at, the

pytestmark = pytest.mark.django_db


@pytest.fixture
def package(sdr, account, contact) -> dict[str, Any]:
    return {"sdr": sdr, "account": account, "contact": contact, "lead_source": "outbound"}


# --- Starting and stopping -----------------------------------------------------------------------


def test_submitting_starts_the_clocks_of_acceptance_and_first_contact(package, ae, calendar):
    handoff = submitted(**package)
    accept, contact = the(handoff, "accept"), the(handoff, "first_contact")

    assert (accept.state, accept.holder, accept.started_at) == ("running", ae, MONDAY_AT_TEN)
    assert accept.calendar_version == calendar.current_version()
    assert (accept.warn_at, accept.due_at) == (at(13), at(14))
    assert (contact.warn_at, contact.due_at) == (at(14), at(10, day=3))
    assert Clock.objects.count() == 2


def test_a_draft_has_no_clock(package):
    complete_package(**package)

    assert not Clock.objects.exists()


def test_accepting_stops_its_clock_and_leaves_the_other_running(package, ae):
    handoff = submitted(**package)
    lifecycle.accept(handoff, by=ae, at=at(11, 30))
    accept, contact = the(handoff, "accept"), the(handoff, "first_contact")

    assert (accept.state, accept.stopped_at) == ("stopped", at(11, 30))
    assert (accept.elapsed_seconds, accept.wall_seconds) == (5400, 5400)
    assert (accept.due_at, accept.next_at, accept.plan) == (at(14), None, [])
    assert contact.state == "running"


def test_a_clock_in_business_hours_sleeps_at_night_and_counts_calendar_time_beside(package, ae):
    handoff = submitted(**package, at=at(16))
    lifecycle.accept(handoff, by=ae, at=at(9, 30, day=3))
    accept = the(handoff, "accept")

    assert accept.elapsed_seconds == 90 * 60
    assert accept.wall_seconds == 17.5 * 3600


def test_the_first_contact_stops_the_last_clock_and_the_queue_has_no_deadline(package, ae):
    handoff = accepted(**package)
    lifecycle.record_contact(handoff, by=ae, channel="call", unprepared_because="They called us.")
    handoff.refresh_from_db()

    assert the(handoff, "first_contact").state == "stopped"
    assert (handoff.next_due_at, handoff.next_warn_at) == (None, None)


@pytest.mark.parametrize("end", ["reject", "withdraw"])
def test_the_end_of_a_handoff_stops_every_clock(package, ae, sdr, end):
    handoff = submitted(**package)
    if end == "reject":
        lifecycle.reject(
            handoff, by=ae, reason="no_budget", note="They have no money for it this year."
        )
    else:
        lifecycle.withdraw(handoff, by=sdr, note="They called it off.")

    assert set(Clock.objects.values_list("state", flat=True)) == {"stopped"}


def test_a_return_pauses_the_ae_and_starts_the_sdr(package, ae, sdr):
    handoff = submitted(**package)
    question = "Who signs the budget, and is it approved?"
    lifecycle.return_for_information(handoff, by=ae, question=question, at=at(11))
    handoff.refresh_from_db()
    accept, answer = the(handoff, "accept"), the(handoff, "answer")

    assert (accept.state, accept.due_at, accept.next_at) == ("paused", None, None)
    assert accept.elapsed_seconds == 3600
    assert the(handoff, "first_contact").state == "paused"
    assert (answer.state, answer.holder, answer.due_at) == ("running", sdr, at(11, day=3))
    assert handoff.next_due_at == answer.due_at


def test_the_answer_resumes_the_ae_with_the_time_that_was_left(package, ae, sdr):
    handoff = submitted(**package)
    question = "Who signs the budget, and is it approved?"
    lifecycle.return_for_information(handoff, by=ae, question=question, at=at(11))
    lifecycle.answer(handoff, by=sdr, text="Mark Dell signs, it is approved.", at=at(15))
    accept, answer = the(handoff, "accept"), the(handoff, "answer")

    assert (answer.state, answer.elapsed_seconds) == ("stopped", 4 * 3600)
    assert (accept.state, accept.due_at, accept.resumed_at) == (
        "running",
        at(10, day=3),
        at(15),
    )


def test_each_question_to_the_sdr_has_a_clock_of_its_own(package, ae, sdr):
    handoff = submitted(**package)
    for hour in (11, 13):
        lifecycle.return_for_information(
            handoff, by=ae, question="Who signs the budget, and is it approved?", at=at(hour)
        )
        lifecycle.answer(handoff, by=sdr, text="Mark Dell signs it.", at=at(hour + 1))

    assert [c.elapsed_seconds for c in Clock.objects.filter(kind="answer")] == [3600, 3600]
    assert the(handoff, "accept").due_at == at(16)


def test_an_mql_asks_for_the_confirmation_from_acceptance_on(package, ae):
    handoff = accepted(**package | {"lead_source": "mql"})
    confirmation = the(handoff, "confirmation")

    assert (confirmation.holder, confirmation.due_at) == (ae, at(12))
    lifecycle.record_contact(handoff, by=ae, channel="email", unprepared_because="Sent by itself.")
    assert the(handoff, "confirmation").state == "stopped"


def test_whoever_accepts_holds_what_is_left(package, ae2):
    handoff = submitted(**package)
    lifecycle.accept(handoff, by=ae2, at=at(11))

    assert the(handoff, "first_contact").holder == ae2
    assert Clock.objects.count() == 2


def test_what_nobody_has_runs_all_the_same(package, ae, backup, ae2):
    for person in (ae, backup, ae2):
        person.is_active = False
        person.save()
    handoff = submitted(**package)
    accept = the(handoff, "accept")

    assert handoff.owner is None
    assert (accept.holder, accept.state, accept.due_at) == (None, "running", at(14))


# --- Pausing by a manager, meetings --------------------------------------------------------------


def happen(handoff: Handoff, kind: str, when: datetime, **fields: Any) -> HandoffEvent:
    """Something that no verb does (yet), or does only in order, goes into the log by hand."""
    handoff.refresh_from_db()
    return record(handoff, EventKind(kind), by=None, at=when, from_status=handoff.status, **fields)


def test_a_manager_s_pause_stops_the_time_for_everybody(package, ae, sdr):
    handoff = submitted(**package)
    happen(handoff, "paused", at(11))
    assert {c.state for c in Clock.objects.all()} == {"paused"}
    happen(handoff, "resumed", at(12))

    assert the(handoff, "accept").due_at == at(15)


def test_an_answer_does_not_end_a_manager_s_pause(package, ae, sdr):
    handoff = submitted(**package)
    question = "Who signs the budget, and is it approved?"
    lifecycle.return_for_information(handoff, by=ae, question=question, at=at(11))
    happen(handoff, "paused", at(12))
    assert the(handoff, "answer").state == "paused"
    lifecycle.answer(handoff, by=sdr, text="Mark Dell signs it.", at=at(13))
    assert the(handoff, "accept").state == "paused"
    happen(handoff, "resumed", at(14))

    assert the(handoff, "accept").due_at == at(17)


def test_a_meeting_asks_for_its_outcome_from_its_end_on(package, ae, sdr):
    handoff = accepted(**package)
    meetings.book(handoff, by=sdr, starts_at=at(14, day=3), minutes=30)
    outcome = the(handoff, "disposition")

    assert (outcome.state, outcome.holder) == ("running", ae)
    assert (outcome.started_at, outcome.due_at) == (at(14, 30, day=3), at(14, 30, day=5))
    assert outcome.elapsed_at(at(12)) == timedelta()


def test_a_meeting_that_was_held_asks_until_the_handoff_is_decided(package, ae, sdr, clock):
    handoff = accepted(**package)
    meeting = meetings.book(handoff, by=sdr, starts_at=at(14, day=3), minutes=30)
    clock.move_to(at(14, 20, day=3), tick=False)
    meetings.hold(meeting, by=ae)
    assert the(handoff, "disposition").started_at == at(14, 20, day=3)
    clock.move_to(at(16, 20, day=3), tick=False)
    lifecycle.create_opportunity(handoff, by=ae)

    assert the(handoff, "disposition").elapsed_seconds == 2 * 3600
    assert the(handoff, "disposition").state == "stopped"


def test_a_meeting_moved_in_time_asks_at_its_new_end_only(package, ae, sdr):
    handoff = accepted(**package)
    meeting = meetings.book(handoff, by=sdr, starts_at=at(14, day=3), minutes=30)
    meetings.reschedule(meeting, by=sdr, starts_at=at(14, day=4))

    assert [c.started_at for c in Clock.objects.filter(kind="disposition")] == [at(14, 30, day=4)]


def test_a_no_show_recorded_late_stops_its_clock(package, ae, sdr, clock):
    handoff = accepted(**package)
    meeting = meetings.book(handoff, by=sdr, starts_at=at(14, day=3), minutes=30)
    clock.move_to(at(16, 30, day=3), tick=False)
    meetings.miss(meeting, by=ae)

    assert the(handoff, "disposition").elapsed_seconds == 2 * 3600
    assert the(handoff, "disposition").state == "stopped"


# --- What was promised ---------------------------------------------------------------------------


def test_a_holiday_entered_later_does_not_touch_a_running_clock(package, calendar, ae):
    handoff = submitted(**package, at=at(16))
    Holiday.objects.create(calendar=calendar, day=at(9, day=3).date(), name="Fair")
    lifecycle.accept(handoff, by=ae, at=at(10, day=3))

    assert the(handoff, "accept").elapsed_seconds == 2 * 3600
    later = submitted(**package, at=at(16))
    assert the(later, "accept").due_at == at(12, day=4)


def test_a_calendar_without_hours_counts_around_the_clock_instead_of_never(package, calendar):
    WorkInterval.objects.all().delete()
    handoff = submitted(**package, at=at(16))

    assert the(handoff, "accept").due_at == at(20)


def test_a_calendar_version_spoilt_behind_our_back_counts_around_the_clock(package, ae):
    handoff = submitted(**package)
    version = the(handoff, "accept").calendar_version
    type(version).objects.filter(pk=version.pk).update(weekly_hours={})
    clocks.rebuild(handoff)

    assert the(handoff, "accept").due_at == at(14)
    assert the(handoff, "accept").elapsed_at(at(18)) == timedelta(hours=8)


def test_a_time_zone_that_no_longer_exists_counts_around_the_clock(package, calendar):
    type(calendar).objects.filter(pk=calendar.pk).update(time_zone="US/Pacific-New")
    handoff = submitted(**package, at=at(16))

    assert the(handoff, "accept").due_at == at(20)


def test_a_promise_without_a_target_has_no_clock(package, north, ae):
    policy = Policy.objects.create(name="North", lead_source="mql", territory=north)
    draft, _ = policies.new_draft(policy)
    for kind in ("accept", "first_contact"):
        Target.objects.create(version=draft, kind=kind, limit_minutes=30)
        draft.steps.create(kind=kind, at_percent=100, action="manager")
    policies.activate(draft, by=None)
    handoff = accepted(**package | {"lead_source": "mql"})

    assert {c.kind for c in Clock.objects.filter(handoff=handoff)} == {"accept", "first_contact"}


# --- The deadline exactly ------------------------------------------------------------------------


def test_what_uses_its_limit_exactly_is_kept_and_a_moment_more_is_missed(package, ae):
    kept, missed = submitted(**package), submitted(**package)
    lifecycle.accept(kept, by=ae, at=at(14))
    lifecycle.accept(missed, by=ae, at=at(14) + timedelta(milliseconds=1))

    assert not the(kept, "accept").is_missed(at(15))
    assert the(missed, "accept").is_missed(at(15))
    assert [b.clock.handoff for b in Breach.objects.all()] == [missed]


def test_after_hours_minutes_decide_and_not_instants(package, ae):
    """Due at closing time, answered in the evening: not a minute more was used."""
    handoff = submitted(**package, at=at(13))
    accept = the(handoff, "accept")
    assert (accept.due_at, accept.late_after) == (at(17), at(9, day=3))
    assert not accept.is_missed(at(22))
    assert not Clock.objects.overdue(at(9, day=3)).exists()
    assert Clock.objects.overdue(at(9, 1, day=3)).get() == accept
    clocks.sweep(at(22))
    lifecycle.accept(handoff, by=ae, at=at(22))

    assert not Breach.objects.exists()


def test_a_miss_that_no_sweep_saw_is_a_breach_all_the_same(package, ae):
    handoff = submitted(**package)
    lifecycle.accept(handoff, by=ae, at=at(15))
    breach = Breach.objects.get()

    assert (breach.clock.kind, breach.fell_due_at, breach.holder) == ("accept", at(14), ae)


def test_a_contact_logged_later_as_having_been_in_time_withdraws_the_breach(package, ae, clock):
    handoff = accepted(**package)
    clock.move_to(at(12, day=3), tick=False)
    clocks.sweep()
    assert Breach.objects.get().clock.kind == "first_contact"
    lifecycle.record_contact(
        handoff, by=ae, channel="call", at=at(16), unprepared_because="They called us."
    )

    assert not Breach.objects.exists()
    assert Escalation.objects.filter(clock__kind="first_contact").exists()


def test_lateness_is_read_from_the_clock_without_any_worker(package):
    handoff = submitted(**package)
    accept = the(handoff, "accept")

    assert Clock.objects.at_risk(at(13)).get() == accept
    assert Clock.objects.overdue(at(14, 1)).get() == accept
    assert (accept.is_missed(at(14)), accept.is_missed(at(14, 1))) == (False, True)
    assert accept.left_at(at(13)) == timedelta(hours=1)
    assert accept.left_at(at(15)) == timedelta(hours=-1)


def test_the_next_deadline_is_the_first_of_the_running_ones(package, ae):
    handoff = submitted(**package)
    handoff.refresh_from_db()
    assert (handoff.next_due_at, handoff.next_warn_at) == (at(14), at(13))
    lifecycle.accept(handoff, by=ae)
    handoff.refresh_from_db()

    assert (handoff.next_due_at, handoff.next_warn_at) == (at(10, day=3), at(14))


# --- The three spans -----------------------------------------------------------------------------


def test_three_spans_are_kept_in_business_and_in_calendar_time(package, ae, clock):
    handoff = submitted(**package, at=at(16))
    assert Spans.objects.get(handoff=handoff).whole_business is None
    clock.move_to(at(10, day=3), tick=False)
    lifecycle.accept(handoff, by=ae)
    clock.move_to(at(11, day=3), tick=False)
    lifecycle.record_contact(handoff, by=ae, channel="call", unprepared_because="They called.")
    lifecycle.record_contact(handoff, by=ae, channel="email", unprepared_because="And again.")
    spans = Spans.objects.get(handoff=handoff)

    assert (spans.accept_business, spans.accept_calendar) == (2 * 3600, 18 * 3600)
    assert (spans.contact_business, spans.contact_calendar) == (3600, 3600)
    assert (spans.whole_business, spans.whole_calendar) == (3 * 3600, 19 * 3600)


def test_an_inbound_clock_runs_at_night_but_its_business_span_does_not(package, ae):
    handoff = submitted(**package | {"lead_source": "inbound"}, at=at(16, 30))
    lifecycle.accept(handoff, by=ae, at=at(9, 30, day=3))

    assert the(handoff, "accept").elapsed_seconds == 17 * 3600
    assert Spans.objects.get().accept_business == 3600
