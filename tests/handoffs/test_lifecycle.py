"""The verbs: what each changes, records and refuses."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Account, Contact
from handoffs import lifecycle, notices, pausing, pursuit
from handoffs.lifecycle import TransitionRefused
from handoffs.models import Handoff, HandoffEvent, Reason
from messaging.models import Message
from team.models import User
from tests.factories import accepted, complete_package, make_user, submitted

Status = Handoff.Status
pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(sdr: User, account: Account, contact: Contact) -> Handoff:
    return complete_package(sdr=sdr, account=account, contact=contact)


@pytest.fixture
def waiting(sdr: User, account: Account, contact: Contact) -> Handoff:
    return submitted(sdr=sdr, account=account, contact=contact)


@pytest.fixture
def taken(sdr: User, account: Account, contact: Contact) -> Handoff:
    return accepted(sdr=sdr, account=account, contact=contact)


def kinds(handoff: Handoff) -> list[str]:
    return list(handoff.events.values_list("kind", flat=True))


def test_a_draft_may_be_empty(sdr: User) -> None:
    handoff = lifecycle.create_draft(sdr=sdr, by=sdr)
    assert handoff.status == Status.DRAFT
    assert kinds(handoff) == ["created"]


def test_submit_gives_it_to_the_primary_ae_and_logs_why(draft: Handoff, ae: User) -> None:
    handoff = lifecycle.submit(draft, by=draft.sdr)
    assert (handoff.status, handoff.owner) == (Status.SUBMITTED, ae)
    event = handoff.events.get(kind="submitted")
    assert event.data["routing"]["reason"] == "primary AE of North"
    assert event.data["package"]["quotes"]
    message = Message.objects.get(about=f"handoff:{handoff.pk}", medium="email")
    assert message.person == ae


def test_submit_refuses_an_incomplete_package_with_every_gap(sdr: User, standard: object) -> None:
    handoff = lifecycle.create_draft(sdr=sdr, by=sdr)
    with pytest.raises(TransitionRefused) as refused:
        lifecycle.submit(handoff, by=sdr)
    assert {gap.section for gap in refused.value.gaps} == {
        "company",
        "fit",
        "qualification",
        "trigger",
        "words",
        "objections",
        "committee",
        "next_step",
    }
    handoff.refresh_from_db()
    assert handoff.status == Status.DRAFT
    assert handoff.events.get(kind="gate_refused").data["gaps"]


def test_a_change_between_the_gate_and_the_move_is_noticed(
    draft: Handoff, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another editor saves after the gate looked: the move finds another version."""
    real = lifecycle.routing.route

    def edit_meanwhile(handoff: Handoff, now: object) -> object:
        Handoff.objects.filter(pk=handoff.pk).update(version=handoff.version + 1, next_step="")
        return real(handoff, now)  # type: ignore[arg-type]

    monkeypatch.setattr(lifecycle.routing, "route", edit_meanwhile)
    with pytest.raises(TransitionRefused, match="changed this handoff a moment ago"):
        lifecycle.submit(draft, by=draft.sdr)
    draft.refresh_from_db()
    assert draft.status == Status.DRAFT


def test_accept_makes_the_taker_its_owner(waiting: Handoff, backup: User) -> None:
    handoff = lifecycle.accept(waiting, by=backup)
    assert (handoff.status, handoff.owner, handoff.accepted_by) == (
        Status.ACCEPTED,
        backup,
        backup,
    )
    assert handoff.accepted_at == timezone.now()
    assert Message.objects.filter(person=handoff.sdr, kind="handoff_accepted").exists()


def test_a_second_accept_is_refused_by_name(waiting: Handoff, ae: User, backup: User) -> None:
    lifecycle.accept(waiting, by=ae)
    with pytest.raises(TransitionRefused, match="Ana Silva has already accepted"):
        lifecycle.accept(waiting, by=backup)
    assert kinds(waiting).count("accepted") == 1


def test_the_author_cannot_accept(waiting: Handoff) -> None:
    sdr = waiting.sdr
    sdr.is_ae = True
    sdr.save()
    with pytest.raises(TransitionRefused, match="You wrote this handoff"):
        lifecycle.accept(waiting, by=sdr)


def test_somebody_of_another_territory_cannot_accept(waiting: Handoff, other_ae: User) -> None:
    with pytest.raises(TransitionRefused, match="belongs to Ana Silva"):
        lifecycle.accept(waiting, by=other_ae)


def test_somebody_deactivated_cannot_accept(waiting: Handoff, ae: User) -> None:
    ae.is_active = False
    ae.save()
    with pytest.raises(TransitionRefused, match="deactivated"):
        lifecycle.accept(waiting, by=ae)


def test_reject_needs_a_reason_and_a_sentence(waiting: Handoff, ae: User) -> None:
    reason = Reason.objects.filter(use="reject").first()
    assert reason
    with pytest.raises(TransitionRefused, match="sentence"):
        lifecycle.reject(waiting, by=ae, reason=reason, note="no")
    with pytest.raises(TransitionRefused, match="reason from the list"):
        lifecycle.reject(waiting, by=ae, reason="nonsense", note="They have no budget at all.")
    handoff = lifecycle.reject(
        waiting, by=ae, reason=reason, note="They said there is no project this year."
    )
    assert handoff.status == Status.REJECTED
    assert handoff.events.get(kind="rejected").reason == reason


def test_return_and_answer_go_back_to_the_same_ae(waiting: Handoff, ae: User) -> None:
    returned = lifecycle.return_for_information(
        waiting, by=ae, question="Who signs above fifty thousand?"
    )
    assert returned.status == Status.RETURNED
    assert returned.events.get(kind="returned").note == "Who signs above fifty thousand?"
    back = lifecycle.answer(returned, by=returned.sdr, text="The CFO, Mark Dell, signs.")
    assert (back.status, back.owner) == (Status.SUBMITTED, ae)


def test_an_answer_passes_the_gate_again(waiting: Handoff, ae: User) -> None:
    returned = lifecycle.return_for_information(
        waiting, by=ae, question="Who signs above fifty thousand?"
    )
    returned.quotes.all().delete()
    with pytest.raises(TransitionRefused) as refused:
        lifecycle.answer(returned, by=returned.sdr, text="The CFO signs.")
    assert [gap.section for gap in refused.value.gaps] == ["words"]


def test_withdraw_only_before_acceptance(waiting: Handoff, ae: User) -> None:
    lifecycle.accept(waiting, by=ae)
    with pytest.raises(TransitionRefused, match="already accepted"):
        lifecycle.withdraw(waiting, by=waiting.sdr)


def test_reassign_moves_it_and_tells_both(waiting: Handoff, manager: User, ae2: User) -> None:
    handoff = lifecycle.reassign(waiting, to=ae2, why="Ana is at the fair", by=manager)
    assert handoff.owner == ae2
    told = set(Message.objects.filter(kind__contains="handoff_").values_list("kind", "person"))
    assert ("handoff_reassigned", ae2.pk) in told
    assert ("handoff_taken_away", waiting.owner_id) in told


@pytest.mark.parametrize("who", ["sdr", "gone", "nobody"])
def test_reassign_refuses_who_cannot_take_it(
    waiting: Handoff, manager: User, sdr: User, who: str
) -> None:
    gone = make_user("gone", "ae", is_active=False)
    to = {"sdr": sdr, "gone": gone, "nobody": make_user("plain")}[who]
    with pytest.raises(TransitionRefused):
        lifecycle.reassign(waiting, to=to, why="Somebody has to", by=manager)


def test_preparation_contact_and_opportunity(taken: Handoff, ae: User, clock: object) -> None:
    lifecycle.start_preparation(taken, by=ae)
    lifecycle.finish_preparation(taken, by=ae, objections=["Too heavy"])
    handoff = lifecycle.record_contact(taken, by=ae, channel="email")
    assert handoff.first_contact_at == timezone.now()
    assert "unprepared" not in handoff.events.get(kind="contacted").data
    held(handoff)
    won = lifecycle.create_opportunity(handoff, by=ae, amount=None, external_id="OPP-1")
    assert (won.status, won.opportunity_id) == (Status.QUALIFIED, "OPP-1")
    assert kinds(won) == [
        "created",
        "submitted",
        "meeting_booked",
        "meeting_confirmed",
        "accepted",
        "prep_started",
        "prep_finished",
        "contacted",
        "qualified",
    ]


def test_contact_before_the_preparation_is_logged_as_unprepared(taken: Handoff, ae: User) -> None:
    handoff = lifecycle.record_contact(
        taken, by=ae, channel="call", unprepared_because="They called me back at once."
    )
    data = handoff.events.get(kind="contacted").data
    assert data["unprepared"] and data["unprepared_because"] == "They called me back at once."


def test_a_contact_lies_between_acceptance_and_now(taken: Handoff, ae: User) -> None:
    with pytest.raises(TransitionRefused, match="before the handoff was accepted"):
        lifecycle.record_contact(
            taken, by=ae, channel="call", at=timezone.now() - timedelta(hours=1)
        )
    with pytest.raises(TransitionRefused, match="before it happened"):
        lifecycle.record_contact(
            taken, by=ae, channel="call", at=timezone.now() + timedelta(hours=1)
        )


def test_only_the_first_contact_counts(taken: Handoff, ae: User, clock) -> None:  # type: ignore[no-untyped-def]
    first = lifecycle.record_contact(taken, by=ae, channel="call").first_contact_at
    clock.shift(timedelta(hours=2))
    assert lifecycle.record_contact(taken, by=ae, channel="call").first_contact_at == first


def test_saving_a_stale_copy_does_not_undo_a_move(waiting: Handoff, ae: User) -> None:
    stale = Handoff.objects.get(pk=waiting.pk)
    lifecycle.accept(waiting, by=ae)
    stale.call_notes = "Typed on an old page."
    stale.save()
    stale.refresh_from_db()
    assert stale.status == Status.ACCEPTED


def test_save_writes_no_status(draft: Handoff) -> None:
    draft.status = Status.ACCEPTED
    draft.save()
    draft.refresh_from_db()
    assert draft.status == Status.DRAFT
    with pytest.raises(ValueError, match="lifecycle"):
        draft.save(update_fields=["status"])


def test_a_new_handoff_is_a_draft_whatever_is_given(sdr: User, ae: User) -> None:
    handoff = Handoff(sdr=sdr, status=Status.ACCEPTED, owner=ae, submitted_at=timezone.now())
    handoff.save()
    handoff.refresh_from_db()
    assert (handoff.status, handoff.owner, handoff.submitted_at) == (Status.DRAFT, None, None)


@pytest.mark.parametrize("status", ["submitted", "accepted", "returned", "qualified"])
def test_the_database_holds_an_incomplete_package_back(sdr: User, status: str) -> None:
    handoff = lifecycle.create_draft(sdr=sdr, by=sdr)
    with pytest.raises(IntegrityError), transaction.atomic():
        Handoff.objects.filter(pk=handoff.pk).update(status=status)


def test_the_database_knows_no_other_status(draft: Handoff) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Handoff.objects.filter(pk=draft.pk).update(status="done")


def test_events_are_append_only(waiting: Handoff) -> None:
    event = waiting.events.first()
    assert event
    with pytest.raises(Exception, match="append-only"):
        event.save()
    with pytest.raises(Exception, match="append-only"):
        event.delete()
    with pytest.raises(TypeError, match="append-only"):
        HandoffEvent.objects.filter(pk=event.pk).update(note="rewritten")
    with pytest.raises(TypeError, match="append-only"):
        HandoffEvent.objects.all().delete()


def test_a_receiver_that_fails_rolls_the_move_back(
    waiting: Handoff, ae: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(event: HandoffEvent) -> None:
        raise RuntimeError("the post office is on fire")

    monkeypatch.setattr(notices, "announce", broken)
    with pytest.raises(RuntimeError):
        lifecycle.accept(waiting, by=ae)
    waiting.refresh_from_db()
    assert waiting.status == Status.SUBMITTED
    assert "accepted" not in kinds(waiting)


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("verb", list(lifecycle.TRANSITIONS))
def test_every_verb_keeps_to_the_table(
    verb: str, status: Status, waiting: Handoff, ae: User, manager: User, ae2: User
) -> None:
    """From a status that the table does not list, a verb is refused in words."""
    move = lifecycle.TRANSITIONS[verb]
    stamps = {"accepted_at": timezone.now(), "accepted_by": ae, "owner": ae}
    Handoff.objects.filter(pk=waiting.pk).update(status=status, **stamps)
    reason = {use: Reason.objects.filter(use=use).first() for use in Reason.Use}
    sentence = "Because of what they told me in the second call."
    calls = {
        "submit": lambda: lifecycle.submit(waiting, by=waiting.sdr),
        "accept": lambda: lifecycle.accept(waiting, by=ae),
        "accept_for": lambda: lifecycle.accept_for(waiting, to=ae, why=sentence, by=manager),
        "reject": lambda: lifecycle.reject(waiting, by=ae, reason=reason["reject"], note=sentence),
        "return": lambda: lifecycle.return_for_information(waiting, by=ae, question=sentence),
        "answer": lambda: lifecycle.answer(waiting, by=waiting.sdr, text=sentence),
        "withdraw": lambda: lifecycle.withdraw(waiting, by=waiting.sdr),
        "reassign": lambda: lifecycle.reassign(waiting, to=ae2, why=sentence, by=manager),
        "pause": lambda: pausing.pause(waiting, by=manager, why=sentence),
        "resume": lambda: pausing.resume(_paused(waiting, manager), by=manager),
        "start_preparation": lambda: lifecycle.start_preparation(waiting, by=ae),
        "finish_preparation": lambda: _prepared(waiting, ae),
        "contact": lambda: lifecycle.record_contact(waiting, by=ae, channel="call"),
        "qualify": lambda: lifecycle.create_opportunity(held(waiting), by=ae),
        "amend": lambda: pursuit.amend_opportunity(waiting, by=ae, stage="Proposal"),
        "disqualify": lambda: lifecycle.disqualify(
            waiting, by=ae, reason=reason["disqualify"], note=sentence
        ),
    }
    if status in move.sources:
        assert calls[verb]().status == (move.target or status)
        return
    with pytest.raises(TransitionRefused):
        calls[verb]()
    waiting.refresh_from_db()
    assert waiting.status == status


def held(handoff: Handoff) -> Handoff:
    """Its meeting has taken place."""
    handoff.meetings.update(status="held")
    return handoff


def _paused(handoff: Handoff, manager: User) -> Handoff:
    """Its clocks stand still, if they may."""
    pausing.pause(handoff, by=manager, why="They close for the week, so nothing can happen.")
    return handoff


def _prepared(handoff: Handoff, ae: User) -> Handoff:
    Handoff.objects.filter(pk=handoff.pk).update(prep_started_at=timezone.now())
    return lifecycle.finish_preparation(handoff, by=ae)
