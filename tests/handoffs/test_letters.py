"""Letters to the prospect: drafted, edited, sent once, with an invitation calendars accept."""

from datetime import timedelta
from email.utils import getaddresses, parseaddr
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from icalendar import Calendar

from accounts.models import Account, Contact
from handoffs import letters, lifecycle, meetings, sending
from handoffs.models import Handoff, LeadSource, Letter, Reason
from handoffs.models.event import EventKind
from handoffs.refusal import TransitionRefused
from messaging.models import Message
from sla.models import Clock
from team.models import User
from tests.factories import accepted, complete_package, submitted

pytestmark = pytest.mark.django_db
Kind = Letter.Kind


@pytest.fixture
def taken(sdr: User, account: Account, contact: Contact) -> Handoff:
    return accepted(sdr=sdr, account=account, contact=contact)


def to_prospect() -> list[Message]:
    return list(Message.objects.filter(audience=Message.Audience.PROSPECT).order_by("pk"))


def event_in(message: Message) -> Any:
    """The one event of its invitation, parsed."""
    calendar = Calendar.from_ical(message.calendar)
    assert str(calendar["METHOD"]) == message.calendar_method
    (event,) = calendar.walk("VEVENT")
    return event


def test_the_introduction_is_drafted_from_the_package_in_their_words(
    client: Client, taken: Handoff, sdr: User
) -> None:
    client.force_login(sdr)
    page = client.get(f"/handoffs/{taken.pk}/introduction/").content.decode()
    for words in (
        "Hello Priya,",
        "By the time our quote is out",
        "I would like you to meet Ana Silva",
        "priya.nair@acme-robotics.example",
        "ae@desk.example",
    ):
        assert words in page
    assert not Letter.objects.exists()  # looking writes nothing
    assert (
        "Introduce Ana Silva to Priya Nair" in client.get(f"/handoffs/{taken.pk}/").content.decode()
    )


def test_notes_about_the_prospect_are_pointed_out_to_whoever_writes_to_them(
    client: Client, taken: Handoff, ae: User
) -> None:
    client.force_login(ae)
    address = f"/handoffs/{taken.pk}/prep-email/"
    page = client.get(address).content.decode()
    assert "Turn into “you” what the notes say about them" in page
    assert page.count("“Priya sends the price list by Wednesday, we load it before the call.”") == 1
    agreed = "45 minutes on quoting with the pricing lead, on the price list you use today."
    who = "You send the price list by Wednesday, we load it before the call."
    Handoff.objects.filter(pk=taken.pk).update(next_step=agreed, next_step_who=who)
    page = client.get(address).content.decode()
    assert who in page
    assert "Turn into “you”" not in page


def test_what_was_rewritten_is_not_pointed_out_again(taken: Handoff) -> None:
    body = letters.draft(taken, Kind.PREP).body
    assert len(letters.about_them(taken, body)) == 2
    mended = body.replace("Priya sends", "You send").replace("their own price list", "your own")
    assert letters.about_them(taken, mended) == []


def test_somebody_elses_words_are_not_put_into_the_contacts_mouth(taken: Handoff) -> None:
    taken.quotes.update(speaker="Mark Dell")
    assert "Mark Dell put it like this" in letters.draft(taken, Kind.INTRODUCTION).body


def test_the_introduction_leaves_once_to_prospect_and_ae_with_an_invitation(
    client: Client, taken: Handoff, sdr: User, ae: User
) -> None:
    client.force_login(sdr)
    address = f"/handoffs/{taken.pk}/introduction/"
    draft = client.get(address).context["form"].initial
    typed = {**draft, "subject": "Meet Ana", "body": "Hello Priya,\n\nmeet Ana.", "do": "send"}
    assert client.post(address, typed).status_code == 302
    rows = Message.objects.filter(kind=Kind.INTRODUCTION)
    assert {row.recipient for row in rows} == {"priya.nair@acme-robotics.example", ae.email}
    (message,) = to_prospect()
    assert (message.subject, message.body) == ("Meet Ana", "Hello Priya,\n\nmeet Ana.")
    assert parseaddr(message.headers["From"]) == ("Sam Ortiz", sdr.email)
    assert getaddresses([message.headers["Cc"]]) == [("Ana Silva", ae.email)]
    event = event_in(message)
    meeting = taken.meetings.get()
    assert event.decoded("dtstart") == meeting.starts_at
    assert str(event["UID"]) == meeting.uid
    assert event["SEQUENCE"] == 0
    assert str(event["ORGANIZER"]) == f"mailto:{sdr.email}"
    attendees = {str(a).removeprefix("mailto:"): a.params["PARTSTAT"] for a in event["ATTENDEE"]}
    assert attendees == {
        sdr.email: "ACCEPTED",
        ae.email: "NEEDS-ACTION",
        "priya.nair@acme-robotics.example": "NEEDS-ACTION",
    }
    assert taken.events.filter(kind=EventKind.INTRODUCED).count() == 1
    again = client.post(address, typed)
    assert again.status_code == 409
    assert "This e-mail was already sent." in again.content.decode()
    assert len(to_prospect()) == 1
    page = client.get(address).content.decode()
    assert "Waiting to be sent" in page


def test_names_with_commas_and_quotes_stay_one_person(
    taken: Handoff, sdr: User, contact: Contact
) -> None:
    Contact.objects.filter(pk=contact.pk).update(first_name='Nair, "Priya"', last_name="M.B.A.")
    sending.send(taken, Kind.INTRODUCTION, by=sdr)
    (message,) = to_prospect()
    contact.refresh_from_db()
    assert getaddresses([message.headers["To"]]) == [(contact.name, contact.email)]
    people = {str(a): str(a.params["CN"]) for a in event_in(message)["ATTENDEE"]}
    assert people[f"mailto:{contact.email}"] == contact.name.replace('"', "’")


def test_moves_and_the_cancellation_update_the_same_invitation(
    taken: Handoff, sdr: User, ae: User
) -> None:
    sending.send(taken, Kind.INTRODUCTION, by=sdr)
    meeting = taken.meetings.get()
    moved = meetings.reschedule(
        meeting, by=ae, starts_at=meeting.starts_at + timedelta(days=1), note="They asked."
    )
    meetings.cancel(moved, by=ae, side="theirs")
    first, second, third = (event_in(message) for message in to_prospect())
    assert {str(event["UID"]) for event in (first, second, third)} == {meeting.uid}
    assert [event["SEQUENCE"] for event in (first, second, third)] == [0, 1, 2]
    assert [message.calendar_method for message in to_prospect()] == [
        "REQUEST",
        "REQUEST",
        "CANCEL",
    ]
    assert str(third["STATUS"]) == "CANCELLED"
    assert second.decoded("dtstart") == moved.starts_at
    # Calendars take updates from the first organizer only; the AE sends on their behalf.
    assert str(second["ORGANIZER"]) == f"mailto:{sdr.email}"
    assert str(second["ORGANIZER"].params["SENT-BY"]) == f"mailto:{ae.email}"


def test_nobody_who_was_not_invited_hears_of_a_move(taken: Handoff, ae: User) -> None:
    meeting = taken.meetings.get()
    meetings.reschedule(meeting, by=ae, starts_at=meeting.starts_at + timedelta(days=1))
    assert to_prospect() == []


def test_a_meeting_booked_after_the_introduction_is_sent_at_once(
    sdr: User, ae: User, account: Account, contact: Contact
) -> None:
    taken = accepted(sdr=sdr, account=account, contact=contact, lead_source=LeadSource.OUTBOUND)
    sending.send(taken, Kind.INTRODUCTION, by=sdr)
    assert to_prospect()[0].calendar == ""
    meetings.book(taken, by=ae, starts_at=timezone.now() + timedelta(days=1))
    assert event_in(to_prospect()[1])["SEQUENCE"] == 0


def test_disqualifying_withdraws_the_invitation(taken: Handoff, sdr: User, ae: User) -> None:
    sending.send(taken, Kind.INTRODUCTION, by=sdr)
    reason = Reason.objects.filter(use=Reason.Use.DISQUALIFY).first()
    assert reason is not None
    lifecycle.disqualify(taken, by=ae, reason=reason, note="No project behind it this year.")
    assert [message.calendar_method for message in to_prospect()] == ["REQUEST", "CANCEL"]


def test_it_is_blocked_with_the_reason_until_accepted(
    client: Client, sdr: User, account: Account, contact: Contact
) -> None:
    client.force_login(sdr)
    draft = complete_package(sdr=sdr, account=account, contact=contact)
    page = client.get(f"/handoffs/{draft.pk}/introduction/").content.decode()
    assert "The package is not complete" in page
    lifecycle.submit(draft, by=sdr)
    page = client.get(f"/handoffs/{draft.pk}/introduction/").content.decode()
    assert "An AE has to accept first" in page
    with pytest.raises(TransitionRefused, match="accept first"):
        sending.send(draft, Kind.INTRODUCTION, by=sdr)
    assert to_prospect() == []


def test_a_contact_who_left_meanwhile_is_not_written_to(
    taken: Handoff, sdr: User, contact: Contact
) -> None:
    Contact.objects.filter(pk=contact.pk).update(left_on=timezone.localdate())
    with pytest.raises(TransitionRefused, match="no longer complete"):
        sending.send(taken, Kind.INTRODUCTION, by=sdr)


def test_time_alone_does_not_block_it(
    clock: time_machine.Traveller, taken: Handoff, sdr: User
) -> None:
    clock.shift(timedelta(days=120))
    sending.send(taken, Kind.INTRODUCTION, by=sdr)
    assert to_prospect()[0].calendar == ""  # the day is over: no invitation into the past


def test_a_meeting_that_moves_while_somebody_writes_is_noticed(
    client: Client, taken: Handoff, sdr: User, ae: User
) -> None:
    client.force_login(sdr)
    address = f"/handoffs/{taken.pk}/introduction/"
    draft = client.get(address).context["form"].initial
    meeting = taken.meetings.get()
    meetings.reschedule(meeting, by=ae, starts_at=meeting.starts_at + timedelta(days=1))
    refused = client.post(address, {**draft, "body": "My own words.", "do": "send"})
    assert refused.status_code == 409
    assert "My own words." in refused.content.decode()
    seen = refused.context["form"].data
    again = {**seen, "do": "send"}
    assert client.post(address, again).status_code == 302
    assert to_prospect()[0].body == "My own words."


def test_two_people_do_not_overwrite_each_others_wording(
    taken: Handoff, sdr: User, manager: User
) -> None:
    now = timezone.now()
    words: dict[str, Any] = {"subject": "Meet Ana", "body": "One.", "version": 0, "at": now}
    saved = sending.save(taken, Kind.INTRODUCTION, by=sdr, **words)
    assert saved.version == 1
    with pytest.raises(TransitionRefused, match="Somebody else"):
        sending.save(taken, Kind.INTRODUCTION, by=manager, **words)
    assert letters.draft(taken, Kind.INTRODUCTION).body == "One."


def test_who_may_write_which_letter(
    client: Client, taken: Handoff, sdr: User, other_sdr: User
) -> None:
    client.force_login(sdr)
    assert client.get(f"/handoffs/{taken.pk}/prep-email/").status_code == 403
    client.force_login(other_sdr)
    assert client.get(f"/handoffs/{taken.pk}/introduction/").status_code == 404


def test_the_prep_email_is_the_first_contact_and_asks_why_when_unprepared(
    client: Client, taken: Handoff, ae: User, sdr: User
) -> None:
    client.force_login(ae)
    address = f"/handoffs/{taken.pk}/prep-email/"
    draft = client.get(address).context["form"].initial
    refused = client.post(address, {**draft, "do": "send"})
    assert refused.status_code == 409
    assert "why it cannot wait" in refused.content.decode()
    why = {"unprepared_because": "She asked for it within the hour."}
    assert client.post(address, {**draft, **why, "do": "send"}).status_code == 302
    taken.refresh_from_db()
    assert taken.first_contact_at == timezone.now()
    assert taken.events.get(kind=EventKind.CONTACTED).data["unprepared"] is True
    assert {m.recipient for m in Message.objects.filter(kind=Kind.PREP)} == {
        "priya.nair@acme-robotics.example",
        sdr.email,
    }


@pytest.mark.parametrize(
    ("does", "state"), [("arrived", Message.State.SENT), ("resend", Message.State.PENDING)]
)
def test_a_mail_of_unknown_fate_is_settled_by_a_person(
    client: Client, taken: Handoff, sdr: User, does: str, state: str
) -> None:
    sending.send(taken, Kind.INTRODUCTION, by=sdr)
    (message,) = to_prospect()
    Message.objects.filter(pk=message.pk).update(state=Message.State.UNKNOWN)
    client.force_login(sdr)
    assert "Did it arrive?" in client.get(f"/handoffs/{taken.pk}/").content.decode()
    address = f"/handoffs/{taken.pk}/introduction/"
    assert "It arrived" in client.get(address).content.decode()
    assert client.post(address, {"do": does, "message": message.pk}).status_code == 302
    message.refresh_from_db()
    assert message.state == state
    assert client.post(address, {"do": "arrived", "message": message.pk}).status_code == 409
    foreign = Message.objects.exclude(event_key=message.event_key).first()
    if foreign is not None:
        answer = client.post(address, {"do": "resend", "message": foreign.pk})
        assert answer.status_code == 404


def test_a_letter_that_never_arrived_may_be_written_anew(taken: Handoff, sdr: User) -> None:
    sending.send(taken, Kind.INTRODUCTION, by=sdr)
    Message.objects.filter(audience=Message.Audience.PROSPECT).update(state=Message.State.DEAD)
    sending.send(taken, Kind.INTRODUCTION, by=sdr)
    assert len(to_prospect()) == 2


def test_an_mql_is_confirmed_at_acceptance_which_is_no_contact(
    sdr: User, ae: User, account: Account, contact: Contact
) -> None:
    handoff = submitted(sdr=sdr, account=account, contact=contact, lead_source=LeadSource.MQL)
    assert to_prospect() == []
    handoff = lifecycle.accept(handoff, by=ae)
    (message,) = to_prospect()
    assert message.kind == Kind.CONFIRMATION
    assert "Ana Silva has your request" in message.body
    assert "Cc" not in message.headers
    assert handoff.first_contact_at is None
    event = handoff.events.get(kind=EventKind.CONFIRMATION_SENT)
    assert event.actor is None
    clocks = {clock.kind: clock.state for clock in Clock.objects.filter(handoff=handoff)}
    assert clocks["confirmation"] != Clock.State.RUNNING
    assert clocks["first_contact"] == Clock.State.RUNNING


def test_no_other_tier_is_confirmed_by_itself(taken: Handoff) -> None:
    assert to_prospect() == []


def test_a_new_ae_gets_the_invitation_and_the_old_one_loses_it(
    taken: Handoff, sdr: User, ae: User, backup: User, manager: User
) -> None:
    sending.send(taken, Kind.INTRODUCTION, by=sdr)
    meeting = taken.meetings.get()
    lifecycle.reassign(taken, to=backup, why="Ana is ill until Thursday.", by=manager)
    meeting.refresh_from_db()
    assert meeting.sequence == 1
    rows = Message.objects.filter(kind=Kind.UPDATE).exclude(calendar_method="CANCEL")
    assert {row.recipient for row in rows} == {"priya.nair@acme-robotics.example", backup.email}
    update = to_prospect()[-1]
    assert update.subject == "Acme Robotics: you will meet Ben Okafor"
    assert "Ben Okafor will take our call on" in update.body
    assert "instead of Ana Silva" in update.body
    assert parseaddr(update.headers["From"]) == ("Sam Ortiz", sdr.email)
    assert getaddresses([update.headers["Cc"]]) == [("Ben Okafor", backup.email)]
    event = event_in(update)
    assert (update.calendar_method, str(event["UID"]), event["SEQUENCE"]) == (
        "REQUEST",
        meeting.uid,
        1,
    )
    assert str(event["ORGANIZER"]) == f"mailto:{sdr.email}"
    attendees = {str(a).removeprefix("mailto:") for a in event["ATTENDEE"]}
    assert attendees == {sdr.email, backup.email, "priya.nair@acme-robotics.example"}

    (off,) = Message.objects.filter(calendar_method="CANCEL")
    assert off.recipient == ae.email
    event = event_in(off)
    assert (str(event["UID"]), event["SEQUENCE"]) == (meeting.uid, 1)
    assert str(event["ATTENDEE"]) == f"mailto:{ae.email}"  # nobody else is taken off
    assert "STATUS" not in event  # RFC 5546, 3.2.5: the meeting itself takes place


def test_given_back_it_outranks_the_withdrawal(
    taken: Handoff, sdr: User, ae: User, backup: User, manager: User
) -> None:
    sending.send(taken, Kind.INTRODUCTION, by=sdr)
    lifecycle.reassign(taken, to=backup, why="Ana is ill until Thursday.", by=manager)
    lifecycle.reassign(taken, to=ae, why="Ana is back already.", by=manager)
    assert event_in(to_prospect()[-1])["SEQUENCE"] == 2
    mine = Message.objects.filter(recipient=ae.email).exclude(calendar="").order_by("pk")
    assert [(row.calendar_method, event_in(row)["SEQUENCE"]) for row in mine] == [
        ("REQUEST", 0),
        ("CANCEL", 1),
        ("REQUEST", 2),
    ]
    later = timezone.now() + timedelta(days=4)
    meetings.reschedule(taken.meetings.get(), by=sdr, starts_at=later)
    assert event_in(to_prospect()[-1])["SEQUENCE"] == 3


def test_before_the_introduction_a_new_ae_is_nobodys_business(
    taken: Handoff, backup: User, manager: User, clock: time_machine.Traveller, sdr: User
) -> None:
    lifecycle.reassign(taken, to=backup, why="Ana is ill until Thursday.", by=manager)
    assert to_prospect() == []
    assert taken.meetings.get().sequence == 0
    sending.send(taken, Kind.INTRODUCTION, by=sdr)
    clock.move_to(taken.meetings.get().starts_at + timedelta(minutes=5))
    count = Message.objects.exclude(calendar="").count()
    lifecycle.reassign(taken, to=User.objects.get(username="ae"), why="Ben fell ill.", by=manager)
    assert Message.objects.exclude(calendar="").count() == count
