"""When the AE changes after the prospect was invited: the invitation follows, the old AE's goes.

RFC 5546, 3.2.5: whoever is taken off gets a CANCEL that names them alone; everybody else gets the
next REQUEST of the same UID. Both carry the next SEQUENCE.
"""

from datetime import datetime

from django.db.models import F

from handoffs import letters
from handoffs.invitation import CANCEL, REQUEST, invitation
from handoffs.models import Handoff, Letter, Meeting
from messaging import outbox
from messaging.models import Message
from team.models import User


def follow(handoff: Handoff, *, before: User | None, at: datetime) -> None:
    """Update what a prospect holds of the coming meeting, now that `handoff` has another owner.

    Nothing goes out where nobody was invited yet: the introduction will name the new AE.
    """
    meeting = handoff.coming_meeting()
    if meeting is None or meeting.status != Meeting.Status.CONFIRMED or meeting.starts_at <= at:
        return
    contact, owner = handoff.contact, handoff.owner
    if contact is None or not contact.email or owner is None or not letters.invited(meeting):
        return
    meeting.handoff = handoff
    if before is not None and before.pk not in (handoff.sdr_id, owner.pk):
        _take_off(meeting, before, at)
    Meeting.objects.filter(pk=meeting.pk).update(sequence=F("sequence") + 1)
    meeting.sequence += 1
    subject, body = _words(meeting, owner, before)
    letter = Letter.objects.create(
        handoff=handoff,
        kind=Letter.Kind.UPDATE,
        meeting=meeting,
        subject=subject,
        body=body,
        created_at=at,
        sent_at=at,
        sent_by=handoff.sdr,
    )
    # From the SDR, whom they know and whose invitation it is, whoever made the change.
    letters.post(letter, sender=handoff.sdr, meeting=meeting, method=REQUEST, at=at)


def _take_off(meeting: Meeting, before: User, at: datetime) -> None:
    """Withdraw the meeting from the calendar of the AE who had it, and from nobody else's."""
    handoff = meeting.handoff
    sdr = handoff.sdr
    calendar = invitation(
        meeting,
        method=CANCEL,
        now=at,
        organizer=sdr,
        sender=sdr,
        guests=[(str(before), before.email)],
        is_over=False,
    )
    outbox.post(
        event_key=f"meeting:{meeting.pk}:{meeting.sequence}",
        medium=Message.Medium.EMAIL,
        recipient=before.email,
        person=before,
        kind=Letter.Kind.UPDATE,
        subject=f"No longer yours: {handoff.account} on {meeting.starts_at:%d %b %Y}"[:200],
        body=(
            f"Hello {before.first_name or before},\n\n{handoff.owner} takes the meeting with "
            f"{handoff.account} instead of you. It leaves your calendar with this e-mail.\n"
        ),
        about=f"handoff:{handoff.pk}",
        headers={
            "From": outbox.mailbox(str(sdr), sdr.email),
            "To": outbox.mailbox(str(before), before.email),
        },
        calendar=calendar,
        calendar_method=CANCEL,
        now=at,
    )


def _words(meeting: Meeting, owner: User, before: User | None) -> tuple[str, str]:
    """What the prospect reads about it."""
    handoff = meeting.handoff
    contact = handoff.contact
    first = (contact.first_name or contact.name) if contact else "there"
    instead = f" instead of {before}" if before else ""
    body = (
        f"Hello {first},\n\n{owner} will take our call on {letters.when_text(meeting)}{instead} "
        "and has read everything we talked about, so you will not have to start over. The time "
        f"stays the same; the invitation is attached anew.\n\nKind regards\n{handoff.sdr}"
    )
    return " ".join(f"{handoff.account}: you will meet {owner}".split())[:200], body
