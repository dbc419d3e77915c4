"""Meetings: booked with the package, moved, missed, held; a passed one asks how it went."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import Account, Contact
from handoffs import lifecycle, meetings
from handoffs.models import Handoff, LeadSource, Meeting, Reason
from handoffs.models.event import EventKind
from handoffs.refusal import TransitionRefused
from messaging.models import Message
from team.models import User
from tests.factories import accepted, complete_package, submitted

pytestmark = pytest.mark.django_db
Status = Meeting.Status


@pytest.fixture
def taken(sdr: User, account: Account, contact: Contact) -> Handoff:
    return accepted(sdr=sdr, account=account, contact=contact)


def the_meeting(handoff: Handoff) -> Meeting:
    found = meetings.last_of(handoff)
    assert found is not None
    return found


def go_past(clock: time_machine.Traveller, handoff: Handoff) -> None:
    clock.move_to(the_meeting(handoff).starts_at + timedelta(minutes=40))


def test_the_agreed_meeting_is_booked_and_confirmed_with_the_submission(
    sdr: User, account: Account, contact: Contact
) -> None:
    handoff = submitted(sdr=sdr, account=account, contact=contact)
    meeting = handoff.meetings.get()
    assert (meeting.starts_at, meeting.minutes) == (handoff.next_step_at, 30)
    assert meeting.status == Status.CONFIRMED
    kinds = list(handoff.events.values_list("kind", flat=True))
    assert kinds[-3:] == ["submitted", "meeting_booked", "meeting_confirmed"]


def test_only_a_meeting_tier_books_by_itself_and_never_a_second_one(
    sdr: User, account: Account, contact: Contact
) -> None:
    own = complete_package(sdr=sdr, account=account, contact=contact)
    slot = timezone.now() + timedelta(days=1)
    meetings.book(own, by=sdr, starts_at=slot, minutes=45)
    assert lifecycle.submit(own, by=sdr).meetings.get().starts_at == slot
    lifecycle.withdraw(own, by=sdr)
    outbound = submitted(sdr=sdr, account=account, contact=contact, lead_source=LeadSource.OUTBOUND)
    assert not outbound.meetings.exists()


def test_a_draft_s_meeting_is_tentative_and_says_why(
    client: Client, sdr: User, account: Account, contact: Contact
) -> None:
    handoff = complete_package(sdr=sdr, account=account, contact=contact, call_notes="")
    meetings.book(handoff, by=sdr, starts_at=timezone.now() + timedelta(days=1))
    assert the_meeting(handoff).status == Status.TENTATIVE
    client.force_login(sdr)
    page = client.get(f"/handoffs/{handoff.pk}/").content.decode()
    assert "Tentative: 1 thing is still missing in the package." in page


def test_an_answer_confirms_what_was_booked_meanwhile(
    sdr: User, ae: User, account: Account, contact: Contact
) -> None:
    handoff = submitted(sdr=sdr, account=account, contact=contact, lead_source=LeadSource.OUTBOUND)
    lifecycle.return_for_information(handoff, by=ae, question="Who signs above fifty thousand?")
    meetings.book(handoff, by=sdr, starts_at=timezone.now() + timedelta(days=1))
    assert the_meeting(handoff).status == Status.TENTATIVE
    lifecycle.answer(handoff, by=sdr, text="Mark Dell signs.")
    assert the_meeting(handoff).status == Status.CONFIRMED


def test_a_passed_meeting_asks_for_its_outcome(
    client: Client, clock: time_machine.Traveller, taken: Handoff, ae: User
) -> None:
    client.force_login(ae)
    early = client.get(f"/handoffs/{taken.pk}/meeting-held/")
    assert early.status_code == 409
    assert "has not begun yet" in early.content.decode()
    go_past(clock, taken)
    client.force_login(ae)
    page = client.get(f"/handoffs/{taken.pk}/").content.decode()
    assert "Did the meeting take place?" in page
    assert "Outcome missing" in client.get("/").content.decode()
    answer = client.post(f"/handoffs/{taken.pk}/meeting-held/", {"note": "Went well."})
    assert answer.status_code == 302
    assert the_meeting(taken).status == Status.HELD
    again = client.post(f"/handoffs/{taken.pk}/meeting-held/", {"note": "And once more."})
    assert again.status_code == 409
    assert "And once more." in again.content.decode()


def test_moving_is_a_chain_that_stays_confirmed_after_the_agreed_day(
    client: Client, clock: time_machine.Traveller, taken: Handoff, sdr: User, ae: User
) -> None:
    first = the_meeting(taken)
    go_past(clock, taken)
    with pytest.raises(TransitionRefused, match="record first"):
        meetings.reschedule(first, by=ae, starts_at=timezone.now() + timedelta(days=1))
    meetings.miss(first, by=ae, side="theirs")
    client.force_login(sdr)
    home = client.get("/").content.decode()
    assert "No-show: find a new time" in home
    assert "No-show 1 of 3" in home
    when = timezone.now() + timedelta(days=1)
    typed = {"starts_at": f"{when:%Y-%m-%dT%H:%M}", "minutes": 45, "location": "Video call"}
    assert client.post(f"/handoffs/{taken.pk}/meeting-move/", typed).status_code == 302
    second = the_meeting(taken)
    assert (second.previous, second.uid) == (first, first.uid)
    assert second.sequence == first.sequence + 1
    assert (second.status, second.minutes) == (Status.CONFIRMED, 45)
    first.refresh_from_db()
    assert first.status == Status.NO_SHOW
    page = client.get(f"/handoffs/{taken.pk}/").content.decode()
    assert "No-show" in page
    meetings.reschedule(second, by=ae, starts_at=when + timedelta(days=1))
    assert "Moved from" in client.get(f"/handoffs/{taken.pk}/").content.decode()


def miss_thrice(clock: time_machine.Traveller, handoff: Handoff, ae: User) -> None:
    for _ in range(3):
        go_past(clock, handoff)
        meetings.miss(the_meeting(handoff), by=ae, side="theirs", note="Waited ten minutes.")
        if meetings.no_shows(handoff) < 3:
            slot = timezone.now() + timedelta(days=1)
            meetings.reschedule(the_meeting(handoff), by=ae, starts_at=slot)


def test_the_third_no_show_ends_it_with_a_reason(
    client: Client, clock: time_machine.Traveller, taken: Handoff, sdr: User, ae: User
) -> None:
    miss_thrice(clock, taken, ae)
    slot = timezone.now() + timedelta(days=1)
    for person in (sdr, ae):
        with pytest.raises(TransitionRefused, match="which is the limit"):
            meetings.reschedule(the_meeting(taken), by=person, starts_at=slot)
        with pytest.raises(TransitionRefused, match="which is the limit"):
            meetings.book(taken, by=person, starts_at=slot)
        client.force_login(person)
        page = client.get(f"/handoffs/{taken.pk}/").content.decode()
        assert "No-show 3 of 3, which is the limit." in page
        assert f"/handoffs/{taken.pk}/meeting-move/" not in page
        assert f"/handoffs/{taken.pk}/meeting-book/" not in page
    client.force_login(sdr)
    assert "Ana Silva disqualifies it" in client.get("/").content.decode()
    client.force_login(ae)
    home = client.get("/").content.decode()
    assert home.index("Outcome missing") < home.index("No-show 3 of 3: disqualify it")
    form = client.get(f"/handoffs/{taken.pk}/disqualify/").content.decode()
    reason = Reason.objects.get(code="no_shows")
    assert f'value="{reason.pk}"' in form
    assert "They did not come 3 times." in form
    typed = {"reason": reason.pk, "note": "They did not come 3 times."}
    assert client.post(f"/handoffs/{taken.pk}/disqualify/", typed).status_code == 302
    taken.refresh_from_db()
    assert taken.status == "disqualified"
    page = client.get(f"/handoffs/{taken.pk}/").content.decode()
    assert "Did not come to the meetings" in page


def test_only_a_manager_books_once_more_after_the_limit(
    client: Client, clock: time_machine.Traveller, taken: Handoff, ae: User, manager: User
) -> None:
    miss_thrice(clock, taken, ae)
    client.force_login(manager)
    page = client.get(f"/handoffs/{taken.pk}/").content.decode()
    assert f"/handoffs/{taken.pk}/meeting-move/" in page
    slot = timezone.now() + timedelta(days=1)
    meetings.reschedule(the_meeting(taken), by=manager, starts_at=slot)
    go_past(clock, taken)
    meetings.hold(the_meeting(taken), by=ae)
    assert the_meeting(taken).status == Status.HELD


def told_of(handoff: Handoff, kind: EventKind) -> set[tuple[int | None, str]]:
    event = handoff.events.filter(kind=kind).latest("pk")
    rows = Message.objects.filter(event_key=f"event:{event.pk}")
    return set(rows.values_list("person", "kind"))


def test_the_sdr_hears_how_the_meeting_went(
    clock: time_machine.Traveller, taken: Handoff, sdr: User, ae: User
) -> None:
    go_past(clock, taken)
    meetings.miss(the_meeting(taken), by=ae, side="ours")
    assert told_of(taken, EventKind.MEETING_MISSED) == {(sdr.pk, "meeting_missed_by_us")}
    slot = timezone.now() + timedelta(days=1)
    meetings.reschedule(the_meeting(taken), by=sdr, starts_at=slot)
    meetings.cancel(the_meeting(taken), by=sdr, side="theirs")
    assert told_of(taken, EventKind.MEETING_CANCELLED) == {(ae.pk, "meeting_cancelled")}
    meetings.book(taken, by=sdr, starts_at=slot)
    meetings.cancel(the_meeting(taken), by=ae, side="theirs")
    assert told_of(taken, EventKind.MEETING_CANCELLED) == {(sdr.pk, "meeting_cancelled")}
    meetings.book(taken, by=sdr, starts_at=slot)
    go_past(clock, taken)
    meetings.hold(the_meeting(taken), by=ae)
    assert told_of(taken, EventKind.MEETING_HELD) == {(sdr.pk, "meeting_held")}


def test_each_no_show_goes_back_to_the_sdr_and_the_last_one_to_both(
    clock: time_machine.Traveller, taken: Handoff, sdr: User, ae: User
) -> None:
    miss_thrice(clock, taken, ae)
    kinds = Message.objects.filter(person=sdr, kind__startswith="meeting_").order_by("pk")
    assert list(kinds.values_list("kind", flat=True)) == [
        "meeting_missed",
        "meeting_missed",
        "meeting_no_more",
    ]
    assert "Waited ten minutes." in kinds[0].body


def test_a_meeting_that_ends_with_its_handoff_is_not_told_of_twice(
    sdr: User, ae: User, account: Account, contact: Contact
) -> None:
    waiting = submitted(sdr=sdr, account=account, contact=contact)
    reason = Reason.objects.filter(use=Reason.Use.REJECT).first()
    assert reason is not None
    lifecycle.reject(waiting, by=ae, reason=reason, note="They only wanted a student licence.")
    assert told_of(waiting, EventKind.MEETING_CANCELLED) == set()
    assert told_of(waiting, EventKind.REJECTED) == {(sdr.pk, "handoff_rejected")}


def test_our_own_no_show_does_not_count_as_theirs(
    clock: time_machine.Traveller, taken: Handoff, ae: User
) -> None:
    go_past(clock, taken)
    meetings.miss(the_meeting(taken), by=ae, side="ours")
    assert meetings.no_shows(taken) == 0
    with pytest.raises(TransitionRefused, match="No meeting was held"):
        lifecycle.create_opportunity(taken, by=ae)


def test_cancelling_asks_whose_side_and_ends_when_it_has_begun(
    client: Client, clock: time_machine.Traveller, taken: Handoff, sdr: User
) -> None:
    client.force_login(sdr)
    address = f"/handoffs/{taken.pk}/meeting-cancel/"
    refused = client.post(address, {"note": "They are ill."})
    assert refused.status_code == 422
    assert "Say which side called it off." in refused.content.decode()
    assert client.post(address, {"side": "theirs"}).status_code == 302
    assert the_meeting(taken).status == Status.CANCELLED
    later = meetings.book(taken, by=sdr, starts_at=timezone.now() + timedelta(days=3))
    go_past(clock, taken)
    with pytest.raises(TransitionRefused, match="record first"):
        meetings.cancel(later, by=sdr, side="ours")


def test_two_coming_meetings_are_refused_in_words(taken: Handoff, sdr: User) -> None:
    with pytest.raises(TransitionRefused, match="reschedule that one"):
        meetings.book(taken, by=sdr, starts_at=timezone.now() + timedelta(days=3))


def test_only_its_people_may_book(taken: Handoff, other_ae: User, sdr: User) -> None:
    with pytest.raises(TransitionRefused, match="Only"):
        meetings.cancel(the_meeting(taken), by=other_ae, side="ours")
    with pytest.raises(TransitionRefused, match="Only"):
        meetings.hold(the_meeting(taken), by=sdr)


def test_whatever_ends_the_handoff_calls_the_meeting_off(
    sdr: User, ae: User, account: Account, contact: Contact, clock: time_machine.Traveller
) -> None:
    waiting = submitted(sdr=sdr, account=account, contact=contact)
    lifecycle.withdraw(waiting, by=sdr)
    assert the_meeting(waiting).status == Status.CANCELLED
    taken = accepted(sdr=sdr, account=account, contact=contact)
    reason = Reason.objects.filter(use=Reason.Use.DISQUALIFY).first()
    assert reason is not None
    with pytest.raises(TransitionRefused, match="took place"):
        begun = the_meeting(taken).starts_at + timedelta(minutes=5)
        lifecycle.disqualify(taken, by=ae, reason=reason, at=begun)
    lifecycle.disqualify(taken, by=ae, reason=reason)
    assert the_meeting(taken).status == Status.CANCELLED
    assert taken.events.filter(kind=EventKind.MEETING_CANCELLED).exists()


def test_a_deal_won_before_its_meeting_still_gets_the_outcome(
    client: Client, clock: time_machine.Traveller, taken: Handoff, ae: User
) -> None:
    lifecycle.create_opportunity(taken, by=ae)
    go_past(clock, taken)
    client.force_login(ae)
    assert client.post(f"/handoffs/{taken.pk}/meeting-held/", {}).status_code == 302
    assert the_meeting(taken).status == Status.HELD
