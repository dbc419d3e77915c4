"""The calendar invitation of a meeting (RFC 5545, RFC 5546): plain text, sent by the outbox.

One UID for a chain of reschedules, SEQUENCE rising with each; METHOD REQUEST invites and updates,
CANCEL withdraws. Times are UTC, so no zone table is needed and every client shows its own.
"""

from datetime import datetime, timedelta

from icalendar import Alarm, Calendar, Event, vCalAddress, vText

from handoffs.models import Meeting
from team.models import User

REQUEST, CANCEL = "REQUEST", "CANCEL"


def invitation(
    meeting: Meeting,
    *,
    method: str,
    now: datetime,
    organizer: User,
    sender: User,
    guests: list[tuple[str, str]],
    is_over: bool = True,
) -> str:
    """The .ics text for `meeting`; `guests` are (name, e-mail), the organizer not among them.

    The organizer stays the same for the whole chain; whoever else sends is named as SENT-BY.
    A CANCEL with `is_over` False takes the `guests` off a meeting that takes place without them.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Handoff Desk//Meetings//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    event = Event()
    event.add("uid", meeting.uid)
    # A cancellation has to outrank the invitation it withdraws.
    event.add("sequence", meeting.sequence + (1 if method == CANCEL else 0))
    event.add("dtstamp", now)
    event.add("dtstart", meeting.starts_at)
    event.add("dtend", meeting.starts_at + timedelta(minutes=meeting.minutes))
    event.add("summary", f"{meeting.handoff.account} and {meeting.handoff.owner or organizer}")
    is_taken_off = method == CANCEL and not is_over
    if not is_taken_off:
        event.add("status", "CANCELLED" if method == CANCEL else "CONFIRMED")
    event.add("transp", "OPAQUE")
    if meeting.location:
        event.add("location", meeting.location)
    if meeting.handoff.next_step:
        event.add("description", meeting.handoff.next_step)
    event["organizer"] = _address(str(organizer), organizer.email)
    if sender.pk != organizer.pk:
        event["organizer"].params["SENT-BY"] = vText(f"mailto:{sender.email}")
    if not is_taken_off:
        # Their own calendars show it to organizers only when they are among the attendees.
        host = _address(str(organizer), organizer.email)
        host.params["ROLE"] = vText("CHAIR")
        host.params["PARTSTAT"] = vText("ACCEPTED")
        event.add("attendee", host, encode=False)
    for name, email in guests:
        guest = _address(name, email)
        guest.params["ROLE"] = vText("REQ-PARTICIPANT")
        guest.params["PARTSTAT"] = vText("NEEDS-ACTION")
        guest.params["RSVP"] = vText("TRUE")
        event.add("attendee", guest, encode=False)
    if method == REQUEST:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", "Meeting in 15 minutes")
        alarm.add("trigger", timedelta(minutes=-15))
        event.add_component(alarm)
    calendar.add_component(event)
    return calendar.to_ical().decode()


def _address(name: str, email: str) -> vCalAddress:
    address = vCalAddress(f"mailto:{email}")
    # A parameter cannot hold a double quote (RFC 5545, 3.2).
    address.params["CN"] = vText((name or email).replace('"', "’"))
    return address
