"""Letters to the prospect: their words, drafted from the package, and how they are posted.

Deterministic texts: the same package gives the same draft. A letter leaves through the outbox,
one row for each recipient with the same visible head, and carries the calendar invitation of the
coming meeting. Editing and sending them is in handoffs/sending.py.
"""

from datetime import datetime
from typing import Any

from django.utils import timezone

from handoffs.invitation import REQUEST, invitation
from handoffs.models import Handoff, Letter, Meeting
from handoffs.refusal import TransitionRefused
from messaging import outbox
from messaging.models import Message
from team.models import User

Kind = Letter.Kind


def draft(handoff: Handoff, kind: str, *, at: datetime | None = None) -> Letter:
    """The unsent letter of this kind, made from the package when there is none yet."""
    at = at or timezone.now()
    letter = handoff.letters.filter(kind=kind, sent_at__isnull=True).first()
    if letter is not None:
        return letter
    subject, body = compose(handoff, kind)
    return Letter.objects.create(
        handoff=handoff,
        kind=kind,
        meeting=handoff.coming_meeting(),
        subject=subject,
        body=body,
        created_at=at,
    )


def compose(handoff: Handoff, kind: str) -> tuple[str, str]:
    """Subject and body in the words of the package (source article, step 3)."""
    return {
        Kind.INTRODUCTION: _introduction,
        Kind.PREP: _prep,
        Kind.CONFIRMATION: _confirmation,
    }[Kind(kind)](handoff)


def announce_change(meeting: Meeting, *, by: User, method: str, at: datetime) -> None:
    """Send the new time, or the cancellation, to whoever was invited before."""
    handoff = meeting.handoff
    invited = handoff.letters.filter(sent_at__isnull=False, kind=Kind.INTRODUCTION).exists()
    if not invited or handoff.owner is None or handoff.contact is None:
        return
    moved = method == REQUEST
    first = handoff.contact.first_name or handoff.contact.name
    when = when_text(meeting)
    letter = Letter.objects.create(
        handoff=handoff,
        kind=Kind.UPDATE,
        meeting=meeting,
        subject=f"{'New time' if moved else 'Cancelled'}: {handoff.account} and {handoff.owner}",
        body=(
            f"Hello {first},\n\n"
            + (
                f"our call has a new time: {when}. The invitation is attached.\n\n"
                if moved
                else f"our call on {when} will not take place.\n\n"
            )
            + f"Kind regards\n{by}"
        ),
        created_at=at,
        sent_at=at,
        sent_by=by,
    )
    post(letter, sender=by, meeting=meeting, method=method, at=at)


def post(
    letter: Letter, *, sender: User, meeting: Meeting | None, method: str, at: datetime
) -> list[Message]:
    """One outbox row for each recipient: the prospect, and the colleague in copy."""
    handoff = letter.handoff
    contact, owner = handoff.contact, handoff.owner
    if contact is None or not contact.email:
        raise TransitionRefused("The contact has no e-mail address.")
    copied = [person for person in (owner, handoff.sdr) if person and person.pk != sender.pk]
    calendar = ""
    if meeting is not None and owner is not None and meeting.status != Meeting.Status.TENTATIVE:
        guests = [(contact.name, contact.email)]
        guests += [(str(person), person.email) for person in copied if person.pk != owner.pk]
        calendar = invitation(meeting, method=method, now=at, organizer=owner, guests=guests)
    headers = {
        "From": outbox.mailbox(str(sender), sender.email),
        "Reply-To": outbox.mailbox(str(sender), sender.email),
        "To": outbox.mailbox(contact.name, contact.email),
        "Cc": ", ".join(outbox.mailbox(str(person), person.email) for person in copied),
    }
    common: dict[str, Any] = {
        "event_key": f"letter:{letter.pk}",
        "medium": Message.Medium.EMAIL,
        "kind": letter.kind,
        "subject": letter.subject,
        "body": letter.body,
        "about": f"handoff:{handoff.pk}",
        "headers": headers,
        "calendar": calendar,
        "calendar_method": method if calendar else "",
        "now": at,
    }
    # The sender is the person to whom a letter that failed comes back.
    rows = [
        outbox.post(
            recipient=contact.email,
            audience=Message.Audience.PROSPECT,
            person=sender,
            **common,
        )
    ]
    for person in copied:
        rows.append(outbox.post(recipient=person.email, person=person, **common))
    return rows


# --- The words -----------------------------------------------------------------------------------


def _introduction(handoff: Handoff) -> tuple[str, str]:
    contact, owner = handoff.contact, handoff.owner
    first = (contact.first_name or contact.name) if contact else "there"
    quote = handoff.quotes.first()
    heard = (
        f"You put it like this: “{quote.text.strip()}” That stayed with me."
        if quote
        else "You told me what you would like to change."
    )
    body = f"""Hello {first},

thank you for your time and for being so open about where things stand at {handoff.account}.

{heard}

I would like you to meet {owner}, who is in copy. {_short(owner)} has read everything we talked \
about, so you will not have to start over. You two will go straight into what we agreed: \
{_lower(handoff.next_step)}

{_time_line(handoff)}

Kind regards
{handoff.sdr}"""
    return f"{handoff.account}: meet {owner}, as agreed", body


def _prep(handoff: Handoff) -> tuple[str, str]:
    contact, owner = handoff.contact, handoff.owner
    first = (contact.first_name or contact.name) if contact else "there"
    pain = handoff.answers.filter(criterion__must_have="pain").first()
    issue = f"You told {_short(handoff.sdr)}: “{pain.evidence.strip()}” " if pain else ""
    body = f"""Hello {first},

{_short(handoff.sdr)} has passed on everything you two discussed. {issue}I have built our \
conversation around exactly that.

What I would like to cover: {_lower(handoff.next_step)}
Who brings what: {handoff.next_step_who}

{_time_line(handoff)} If something has changed since, a line is enough and I will adapt.

Kind regards
{owner}"""
    return f"Preparing our call: {handoff.account}", body


def _confirmation(handoff: Handoff) -> tuple[str, str]:
    contact, owner = handoff.contact, handoff.owner
    first = (contact.first_name or contact.name) if contact else "there"
    body = f"""Hello {first},

thank you for your interest. {owner} has your request and will be in touch with you personally.

Kind regards
{owner}"""
    return "We have your request", body


def when_text(meeting: Meeting) -> str:
    """The time in the AE's zone, named: mail clients show their own from the invitation."""
    zone = meeting.handoff.owner.zone if meeting.handoff.owner else meeting.handoff.sdr.zone
    local = meeting.starts_at.astimezone(zone)
    return f"{local:%A, %d %B %Y at %H:%M} ({zone.key.replace('_', ' ')} time)"


def _time_line(handoff: Handoff) -> str:
    meeting = handoff.coming_meeting()
    if meeting is None:
        return "Would you let us know which time suits you best this week?"
    return f"We meet on {when_text(meeting)}, for {meeting.minutes} minutes."


def _short(person: User | None) -> str:
    return (person.first_name or str(person)) if person else "Your contact"


def _lower(sentence: str) -> str:
    text = sentence.strip().rstrip(".")
    return (text[:1].lower() + text[1:] if text[1:2].islower() else text) + "."
