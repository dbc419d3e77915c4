"""Editing and sending the letters to the prospect: the doors call these verbs."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from handoffs import letters, lifecycle, rights
from handoffs.handover import gaps_since_handover
from handoffs.invitation import REQUEST
from handoffs.log import record
from handoffs.models import Handoff, Letter, Meeting
from handoffs.models.event import EventKind
from handoffs.refusal import TransitionRefused
from handoffs.wording import is_sentence
from team.models import User

Kind = Letter.Kind
Status = Handoff.Status
MEANWHILE = "Somebody else changed or sent this e-mail meanwhile. Look again."
MOVED = (
    "The AE or the meeting has changed since this was written. Check the name and the time in "
    "the text, then send it."
)


def right_for(kind: str) -> str:
    """The AE writes the prep e-mail; the introduction is the SDR’s, the AE may help."""
    return rights.WORK if kind == Kind.PREP else rights.BOOK


def why_not_yet(handoff: Handoff, kind: str) -> str:
    """What has to happen before this e-mail may leave; empty when it may."""
    if handoff.status in (Status.DRAFT, Status.RETURNED):
        return "The package is not complete, so the prospect is not written to yet."
    if not handoff.is_open:
        return "This handoff is closed: there is nothing to send any more."
    if handoff.status != Status.ACCEPTED or handoff.owner is None:
        return "An AE has to accept first: the e-mail introduces them by name."
    if missing := gaps_since_handover(handoff):
        return f"The package is no longer complete: {missing[0].message}"
    before = letters.sent(handoff, kind)
    if before is not None and not letters.has_failed(before):
        return "This e-mail was already sent."
    return ""


def asks_why(handoff: Handoff, kind: str) -> bool:
    """Whether sending it would be a first contact before the preparation is finished."""
    return kind == Kind.PREP and handoff.first_contact_at is None and not handoff.is_prepared


def basis_of(handoff: Handoff) -> str:
    """What a draft is written on: who is introduced, and which meeting."""
    meeting = handoff.coming_meeting()
    return f"{handoff.owner_id or 0}:{meeting.pk if meeting else 0}"


def save(
    handoff: Handoff, kind: str, *, by: User, subject: str, body: str, version: int, at: datetime
) -> Letter:
    """Keep somebody’s wording; refused when somebody else saved or sent it meanwhile."""
    _may_write(handoff, kind, by)
    with transaction.atomic():
        handoff = _held(handoff)
        letter = letters.draft(handoff, kind, at=at)
        if letter.version != version:
            raise TransitionRefused(MEANWHILE)
        _write(letter, subject, body, handoff.coming_meeting())
    return letter


def send(
    handoff: Handoff,
    kind: str,
    *,
    by: User,
    subject: str = "",
    body: str = "",
    basis: str = "",
    unprepared_because: str = "",
    at: datetime | None = None,
) -> Letter:
    """Send it to the prospect with the colleague in copy, exactly once.

    Left out, subject and body are as drafted. `basis` is what the sender saw (see `basis_of`): a
    meeting that moved meanwhile refuses. Blocked until the package is complete and accepted.
    Sending the prep e-mail is the AE's contact, and asks why when nothing is prepared.
    """
    at = at or timezone.now()
    _may_write(handoff, kind, by)
    with transaction.atomic():
        # As it stands now, not as it stood when the letter was drafted; nobody sends beside us.
        handoff = _held(handoff)
        if sentence := why_not_yet(handoff, kind):
            raise TransitionRefused(sentence)
        if basis and basis != basis_of(handoff):
            raise TransitionRefused(MOVED)
        if asks_why(handoff, kind) and not is_sentence(unprepared_because):
            raise TransitionRefused(
                "The preparation is not finished. Say in a sentence why it cannot wait."
            )
        letter = letters.draft(handoff, kind, at=at)
        meeting = handoff.coming_meeting()
        _write(letter, subject or letter.subject, body or letter.body, meeting)
        calendar = letters.calendar_for(handoff, sender=by, meeting=meeting, method=REQUEST, at=at)
        letter.sent_at, letter.sent_by = at, by
        letter.meeting = meeting if calendar else None  # who was invited is read from this
        letter.save(update_fields=["sent_at", "sent_by", "meeting"])
        letter.handoff = handoff
        letters.post(letter, sender=by, meeting=letter.meeting, method=REQUEST, at=at)
        _log(letter, by, at, unprepared_because)
    return letter


def _write(letter: Letter, subject: str, body: str, meeting: Meeting | None) -> None:
    letter.subject, letter.body = " ".join(subject.split()), body.replace("\r\n", "\n").strip()
    letter.meeting = meeting
    letter.version += 1
    try:
        letter.clean_fields(exclude=["handoff", "meeting", "sent_by"])
    except ValidationError as refused:
        raise TransitionRefused(" ".join(refused.messages)) from None
    letter.save()


def _log(letter: Letter, by: User, at: datetime, unprepared_because: str) -> None:
    handoff = letter.handoff
    if letter.kind == Kind.PREP:
        lifecycle.record_contact(
            handoff,
            by=by,
            channel="email",
            at=at,
            note=f"Prep e-mail: {letter.subject}",
            unprepared_because=unprepared_because,
        )
        return
    record(
        handoff,
        EventKind.INTRODUCED,
        by=by,
        at=at,
        from_status=handoff.status,
        data={"letter": letter.pk},
    )


def _held(handoff: Handoff) -> Handoff:
    """The handoff as it stands, held until the transaction ends."""
    rows = Handoff.objects.select_for_update(of=("self",))
    joined = rows.select_related("sdr", "owner", "contact__account", "account", "territory")
    return joined.get(pk=handoff.pk)


def _may_write(handoff: Handoff, kind: str, by: User) -> None:
    if sentence := rights.why_not(by, right_for(kind), handoff):
        raise TransitionRefused(sentence)
