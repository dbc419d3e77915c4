"""Letters to the prospect: their words, drafted from the package, and how they are posted.

Deterministic texts: the same package gives the same draft. A letter leaves through the outbox,
one row for each recipient with the same visible head, and carries the calendar invitation of the
coming meeting. Editing and sending them is in handoffs/sending.py.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils import timezone

from handoffs.invitation import REQUEST, invitation
from handoffs.log import record
from handoffs.models import Handoff, LeadSource, Letter, Meeting
from handoffs.models.event import EventKind
from handoffs.refusal import TransitionRefused
from messaging import outbox
from messaging.models import Message
from team.models import User

Kind = Letter.Kind
THIRD_PERSON = ("they", "their", "them", "he", "his", "him", "she", "her")
PROSPECT = Message.Audience.PROSPECT
FAILED = (Message.State.DEAD, Message.State.EXPIRED, Message.State.CANCELLED)


def draft(handoff: Handoff, kind: str, *, at: datetime | None = None) -> Letter:
    """The unsent letter of this kind: as somebody saved it, else fresh from the package.

    A fresh one is not saved yet, so that looking at it changes nothing.
    """
    letter = handoff.letters.filter(kind=kind, sent_at__isnull=True).first()
    if letter is not None:
        return letter
    at = at or timezone.now()
    subject, body = compose(handoff, kind, at)
    return Letter(
        handoff=handoff,
        kind=kind,
        meeting=handoff.coming_meeting(),
        subject=subject,
        body=body,
        version=0,
        created_at=at,
    )


def sent(handoff: Handoff, kind: str) -> Letter | None:
    """The newest letter of this kind that has left."""
    return handoff.letters.filter(kind=kind, sent_at__isnull=False).order_by("pk").last()


def fates(letter: Letter) -> list[Message]:
    """What became of a sent letter, one row for each recipient, the prospect first."""
    rows = list(Message.objects.filter(event_key=event_key(letter)).order_by("pk"))
    return sorted(rows, key=lambda row: row.audience != PROSPECT)


def posted(handoff: Handoff) -> list[Message]:
    """Every message about it, to whomever, the newest first, without its text. One query."""
    rows = Message.objects.filter(about=f"handoff:{handoff.pk}").select_related("person")
    return list(rows.defer("body", "headers", "calendar").order_by("-pk"))


def astray(messages: Iterable[Message]) -> list[Message]:
    """The prospect’s copy of the newest letter of each kind, where it did not surely arrive.

    `messages` are those about a handoff, the newest first.
    """
    newest: dict[str, Message] = {}
    for message in messages:
        if message.event_key.startswith("letter:") and message.audience == PROSPECT:
            newest.setdefault(message.kind, message)
    return [row for row in newest.values() if row.state in (*FAILED, Message.State.UNKNOWN)]


def has_failed(letter: Letter) -> bool:
    """Whether it is certain that the prospect never got it."""
    return any(row.audience == PROSPECT and row.state in FAILED for row in fates(letter))


def event_key(letter: Letter) -> str:
    """The outbox’s name for this letter."""
    return f"letter:{letter.pk}"


def compose(handoff: Handoff, kind: str, at: datetime) -> tuple[str, str]:
    """Subject and body in the words of the package (source article, step 3)."""
    subject, body = {
        Kind.INTRODUCTION: _introduction,
        Kind.PREP: _prep,
        Kind.CONFIRMATION: _confirmation,
    }[Kind(kind)](handoff, at)
    return " ".join(subject.split())[:200], body


def about_them(handoff: Handoff, body: str) -> list[str]:
    """The notes of the package in `body` that speak about the prospect, who is going to read them.

    “Priya sends the price list” is right in the package, and odd in a letter to Priya.
    """
    names = [handoff.contact.first_name] if handoff.contact and handoff.contact.first_name else []
    others = re.compile(
        rf"\b({'|'.join([*THIRD_PERSON, *map(re.escape, names)])})\b", re.IGNORECASE
    )
    notes = (handoff.next_step.strip().rstrip("."), handoff.next_step_who.strip())
    return [note for note in notes if note[1:] and note[1:] in body and others.search(note)]


def announce_change(meeting: Meeting, *, by: User, method: str, at: datetime) -> None:
    """Send the time, the new time, or the cancellation, to a prospect who was written to before."""
    handoff = meeting.handoff
    was_invited = invited(meeting)
    known = was_invited or bool(sent(handoff, Kind.INTRODUCTION) or sent(handoff, Kind.PREP))
    if not (known if method == REQUEST else was_invited):
        return
    if handoff.owner is None or handoff.contact is None or not handoff.contact.email:
        return
    if method == REQUEST and meeting.status != Meeting.Status.CONFIRMED:
        return
    subject, body = _change(meeting, by, method, was_invited)
    letter = Letter.objects.create(
        handoff=handoff,
        kind=Kind.UPDATE,
        meeting=meeting,
        subject=subject,
        body=body,
        created_at=at,
        sent_at=at,
        sent_by=by,
    )
    post(letter, sender=by, meeting=meeting, method=method, at=at)


def invited(meeting: Meeting) -> bool:
    """Whether the prospect holds an invitation to this meeting or an earlier link of its chain."""
    return Letter.objects.filter(meeting__uid=meeting.uid, sent_at__isnull=False).exists()


def confirm_receipt(handoff: Handoff, *, by: User | None, at: datetime) -> None:
    """Tell an MQL's prospect, once and by itself, that somebody has their request.

    Part of the acceptance, so well within the two hours that were promised. Never a contact: a
    person still has to write or call.
    """
    owner = handoff.owner
    if handoff.lead_source != LeadSource.MQL or owner is None:
        return
    contact = handoff.contact
    if contact is None or not contact.email or sent(handoff, Kind.CONFIRMATION):
        return
    subject, body = compose(handoff, Kind.CONFIRMATION, at)
    letter = Letter.objects.create(
        handoff=handoff,
        kind=Kind.CONFIRMATION,
        subject=subject,
        body=body,
        created_at=at,
        sent_at=at,
    )
    post(letter, sender=owner, meeting=None, method="", at=at)
    record(
        handoff,
        EventKind.CONFIRMATION_SENT,
        by=None,
        at=at,
        from_status=handoff.status,
        data={"letter": letter.pk},
    )


def copied(handoff: Handoff, kind: str, sender: User) -> list[User]:
    """Whom of ours a letter shows in copy: the AE and the SDR, less whoever sends it."""
    if kind == Kind.CONFIRMATION:
        return []
    people = dict.fromkeys([handoff.owner, handoff.sdr])
    return [person for person in people if person and person.is_active and person.pk != sender.pk]


def calendar_for(
    handoff: Handoff, *, sender: User, meeting: Meeting | None, method: str, at: datetime
) -> str:
    """The invitation that goes along; "" for a meeting that is tentative or over.

    The SDR organizes it, whoever sends: calendars take updates from the first organizer only, and
    the AE may change.
    """
    contact = handoff.contact
    if meeting is None or contact is None or handoff.owner is None or meeting.starts_at <= at:
        return ""
    if meeting.status == Meeting.Status.TENTATIVE:
        return ""
    guests = [(contact.name, contact.email)]
    if handoff.owner.pk != handoff.sdr_id:
        guests.append((str(handoff.owner), handoff.owner.email))
    return invitation(
        meeting, method=method, now=at, organizer=handoff.sdr, sender=sender, guests=guests
    )


def post(
    letter: Letter, *, sender: User, meeting: Meeting | None, method: str, at: datetime
) -> list[Message]:
    """One outbox row for each recipient: the prospect, and the colleagues in copy."""
    handoff = letter.handoff
    contact = handoff.contact
    if contact is None or not contact.email:
        raise TransitionRefused("The contact has no e-mail address.")
    others = copied(handoff, letter.kind, sender)
    calendar = calendar_for(handoff, sender=sender, meeting=meeting, method=method, at=at)
    headers = {
        "From": outbox.mailbox(str(sender), sender.email),
        "Reply-To": outbox.mailbox(str(sender), sender.email),
        "To": outbox.mailbox(contact.name, contact.email),
        "Cc": ", ".join(outbox.mailbox(str(person), person.email) for person in others),
    }
    common: dict[str, Any] = {
        "event_key": event_key(letter),
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
            audience=PROSPECT,
            person=sender,
            **common,
        )
    ]
    for person in others:
        rows.append(outbox.post(recipient=person.email, person=person, **common))
    return rows


# --- The words -----------------------------------------------------------------------------------


def _introduction(handoff: Handoff, at: datetime) -> tuple[str, str]:
    contact, owner = handoff.contact, handoff.owner
    first = (contact.first_name or contact.name) if contact else "there"
    heard = _heard(handoff)
    body = f"""Hello {first},

thank you for your time and for being so open about where things stand at {handoff.account}.

{heard}

I would like you to meet {owner}, who is in copy. {_short(owner)} has read everything we talked \
about, so you will not have to start over. You two will go straight into what we agreed: \
{_lower(handoff.next_step)}

{_time_line(handoff, at)}

Kind regards
{handoff.sdr}"""
    return f"{handoff.account}: meet {owner}, as agreed", body


def _prep(handoff: Handoff, at: datetime) -> tuple[str, str]:
    contact, owner = handoff.contact, handoff.owner
    first = (contact.first_name or contact.name) if contact else "there"
    pain = handoff.answers.filter(criterion__must_have="pain").first()
    said = pain.evidence.strip() if pain else ""
    issue = f"You told {_short(handoff.sdr)}: “{said}” " if said else ""
    body = f"""Hello {first},

{_short(handoff.sdr)} has passed on everything you two discussed. {issue}I have built our \
conversation around exactly that.

What I would like to cover: {_lower(handoff.next_step)}
Who brings what: {handoff.next_step_who}

{_time_line(handoff, at)} If something has changed since, a line is enough and I will adapt.

Kind regards
{owner}"""
    return f"Preparing our call: {handoff.account}", body


def _confirmation(handoff: Handoff, at: datetime) -> tuple[str, str]:
    contact, owner = handoff.contact, handoff.owner
    first = (contact.first_name or contact.name) if contact else "there"
    body = f"""Hello {first},

thank you for your interest. {owner} has your request and will be in touch with you personally.

Kind regards
{owner}"""
    return "We have your request", body


def _change(meeting: Meeting, by: User, method: str, was_invited: bool) -> tuple[str, str]:
    """The words around an invitation, its update or its withdrawal."""
    handoff = meeting.handoff
    contact = handoff.contact
    first = (contact.first_name or contact.name) if contact else "there"
    when = when_text(meeting)
    if method != REQUEST:
        head, says = "Cancelled", f"our call on {when} will not take place."
    elif was_invited:
        head, says = "New time", f"our call has a new time: {when}. The invitation is attached."
    else:
        head, says = "Our call", f"our call is on {when}. The invitation is attached."
    subject = f"{head}: {handoff.account} and {handoff.owner}"
    return " ".join(subject.split())[:200], f"Hello {first},\n\n{says}\n\nKind regards\n{by}"


def _heard(handoff: Handoff) -> str:
    """What they said, in their words; somebody else’s words under that person’s name."""
    quotes = list(handoff.quotes.all())
    name = handoff.contact.name.casefold() if handoff.contact else ""
    own = [quote for quote in quotes if quote.speaker.strip().casefold() == name]
    if own:
        return f"You put it like this: “{own[0].text.strip()}” That stayed with me."
    if quotes and quotes[0].speaker.strip():
        quote = quotes[0]
        return f"{quote.speaker.strip()} put it like this: “{quote.text.strip()}”"
    return "You told me what you would like to change."


def when_text(meeting: Meeting) -> str:
    """The time in the AE's zone, named: mail clients show their own from the invitation."""
    zone = meeting.handoff.owner.zone if meeting.handoff.owner else meeting.handoff.sdr.zone
    local, city = meeting.starts_at.astimezone(zone), zone.key.split("/")[-1].replace("_", " ")
    return f"{local:%A, %d %B %Y at %H:%M} ({city} time)"


def _time_line(handoff: Handoff, at: datetime) -> str:
    meeting = handoff.coming_meeting()
    if meeting is None or meeting.starts_at <= at:
        return "Would you let us know which time suits you best this week?"
    return f"We meet on {when_text(meeting)}, for {meeting.minutes} minutes."


def _short(person: User | None) -> str:
    return (person.first_name or str(person)) if person else "Your contact"


def _lower(sentence: str) -> str:
    text = sentence.strip().rstrip(".")
    return (text[:1].lower() + text[1:] if text[1:2].islower() else text) + "."
