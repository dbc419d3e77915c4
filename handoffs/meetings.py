"""Meetings of a handoff: booked tentative, confirmed by the gate, held, missed, moved, called off.

A chain is the first booking with all its reschedules: one calendar UID, one rising SEQUENCE. The
verbs follow the lifecycle's order: guard, change by conditional UPDATE, record, tell.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from handoffs import rights
from handoffs.handover import is_complete
from handoffs.invitation import CANCEL, REQUEST
from handoffs.letters import announce_change
from handoffs.log import record
from handoffs.models import Handoff, LeadSource, Meeting
from handoffs.models.event import EventKind
from handoffs.models.meeting import MOST_NO_SHOWS
from handoffs.refusal import TransitionRefused
from team.models import User

COMING = (Meeting.Status.TENTATIVE, Meeting.Status.CONFIRMED)
# A deal may be won on the phone before its meeting, which then still takes place or does not
WITH_OUTCOME = (Handoff.Status.ACCEPTED, Handoff.Status.QUALIFIED)
MOST_AHEAD = timedelta(days=366)
MINUTES = 30  # how long an agreed meeting takes unless somebody says otherwise
BEGUN = "Its time has come: record first whether it took place."
ALREADY_ANSWERED = "It is noted already that they said yes to this time."
ALREADY_COMING = "A meeting is already coming up: reschedule that one instead."


def book(
    handoff: Handoff,
    *,
    by: User | None,
    starts_at: datetime,
    minutes: int = MINUTES,
    location: str = "",
    at: datetime | None = None,
) -> Meeting:
    """Book a slot. Tentative until the package is complete and handed over.

    Where the prospect has been introduced already, the invitation leaves at once.
    """
    at = at or timezone.now()
    handoff = _open_to(handoff.pk, by, rights.BOOK)
    _check_time(starts_at, at)
    _check_attempts(handoff, by)
    try:
        with transaction.atomic():
            meeting = Meeting.objects.create(
                handoff=handoff,
                starts_at=starts_at,
                minutes=minutes,
                location=location,
                booked_at=at,
            )
            _log(meeting, EventKind.MEETING_BOOKED, by=by, at=at)
            confirm_coming(handoff, by=by, at=at)
            meeting.refresh_from_db()
            announce_change(meeting, by=by or handoff.sdr, method=REQUEST, at=at)
    except IntegrityError:
        raise TransitionRefused(ALREADY_COMING) from None
    return meeting


def arrange(handoff: Handoff, *, by: User | None, at: datetime) -> None:
    """What becomes of the meeting when a package is handed over.

    The one that is booked is confirmed. For an SDR-booked meeting that nobody entered, the agreed
    next step is the meeting: it is booked at that time, in the move that submits.
    """
    agreed = handoff.next_step_at
    is_theirs = handoff.lead_source == LeadSource.MEETING
    if is_theirs and agreed and agreed > at and not handoff.meetings.exists():
        meeting = Meeting.objects.create(
            handoff=handoff, starts_at=agreed, minutes=MINUTES, booked_at=at
        )
        _log(meeting, EventKind.MEETING_BOOKED, by=by, at=at)
    _confirm(handoff, by=by, at=at)  # the gate has just looked


def confirm_coming(handoff: Handoff, *, by: User | None, at: datetime) -> None:
    """Confirm the coming meeting, which only a complete, submitted package can (source article,
    step 2)."""
    if is_complete(handoff):
        _confirm(handoff, by=by, at=at)


def _confirm(handoff: Handoff, *, by: User | None, at: datetime) -> None:
    meeting = handoff.meetings.filter(status=Meeting.Status.TENTATIVE).first()
    if meeting is None:
        return
    if _change(meeting, Meeting.Status.CONFIRMED, only_from=(Meeting.Status.TENTATIVE,)):
        _log(meeting, EventKind.MEETING_CONFIRMED, by=by, at=at)


def hold(
    meeting: Meeting, *, by: User | None, note: str = "", at: datetime | None = None
) -> Meeting:
    """Record that somebody of the prospect's side attended. Only a confirmed meeting can be."""
    at = at or timezone.now()
    _check_outcome(meeting, by, at)
    if meeting.status == Meeting.Status.TENTATIVE:
        raise TransitionRefused("This meeting is tentative: the package has to be complete first.")
    return _decide(meeting, Meeting.Status.HELD, EventKind.MEETING_HELD, by=by, at=at, note=note)


def answer_invitation(
    meeting: Meeting, *, by: User | None, note: str = "", at: datetime | None = None
) -> Meeting:
    """They said yes to this time, by mail, calendar or phone. Said once for each time."""
    at = at or timezone.now()
    meeting.handoff = _open_to(meeting.handoff_id, by, rights.BOOK)
    if meeting.status in COMING and meeting.starts_at <= at:
        raise TransitionRefused(BEGUN)
    with transaction.atomic():
        unanswered = Meeting.objects.filter(
            pk=meeting.pk, status__in=COMING, answered_at__isnull=True
        )
        if not unanswered.update(answered_at=at):
            meeting.refresh_from_db()
            raise TransitionRefused(ALREADY_ANSWERED if meeting.answered_at else _settled(meeting))
        meeting.refresh_from_db()
        _log(meeting, EventKind.MEETING_ANSWERED, by=by, at=at, note=note)
    return meeting


def miss(
    meeting: Meeting,
    *,
    by: User | None,
    side: str = Meeting.Side.THEIRS,
    note: str = "",
    at: datetime | None = None,
) -> Meeting:
    """Record a no-show, theirs or ours."""
    at = at or timezone.now()
    if side not in Meeting.Side.values:
        raise TransitionRefused("Say whose no-show it was.")
    _check_outcome(meeting, by, at)
    return _decide(
        meeting,
        Meeting.Status.NO_SHOW,
        EventKind.MEETING_MISSED,
        by=by,
        at=at,
        side=side,
        note=note,
    )


def cancel(
    meeting: Meeting,
    *,
    by: User | None,
    side: str,
    note: str = "",
    at: datetime | None = None,
) -> Meeting:
    """Call it off before it begins, and say which side did. Whoever was invited is told."""
    at = at or timezone.now()
    meeting.handoff = _open_to(meeting.handoff_id, by, rights.BOOK)
    if side not in Meeting.Side.values:
        raise TransitionRefused("Say which side called it off.")
    if meeting.status in COMING and meeting.starts_at <= at:
        raise TransitionRefused(BEGUN)
    return _decide(
        meeting,
        Meeting.Status.CANCELLED,
        EventKind.MEETING_CANCELLED,
        by=by,
        at=at,
        side=side,
        note=note,
    )


def reschedule(
    meeting: Meeting,
    *,
    by: User | None,
    starts_at: datetime,
    minutes: int | None = None,
    location: str | None = None,
    note: str = "",
    at: datetime | None = None,
) -> Meeting:
    """Move it: the next link of the same chain. A no-show may be moved as well.

    A meeting whose time has passed needs its outcome first: moving it would hide a no-show.
    """
    at = at or timezone.now()
    meeting.handoff = handoff = _open_to(meeting.handoff_id, by, rights.BOOK)
    _check_time(starts_at, at)
    if meeting.status in COMING and meeting.starts_at <= at:
        raise TransitionRefused(BEGUN)
    _check_attempts(handoff, by)
    try:
        with transaction.atomic():
            following = _follow(meeting, handoff, starts_at, minutes, location, at)
            _log(following, EventKind.MEETING_MOVED, by=by, at=at, note=note)
            # First: only a confirmed meeting goes out with an invitation.
            confirm_coming(handoff, by=by, at=at)
            following.refresh_from_db()
            announce_change(following, by=by or handoff.sdr, method=REQUEST, at=at)
    except IntegrityError:
        raise TransitionRefused(ALREADY_COMING) from None
    return following


def _follow(
    meeting: Meeting,
    handoff: Handoff,
    starts_at: datetime,
    minutes: int | None,
    location: str | None,
    at: datetime,
) -> Meeting:
    """The next link: a no-show stays one in the record, any other is now "rescheduled"."""
    missed = meeting.status == Meeting.Status.NO_SHOW
    target = Meeting.Status.NO_SHOW if missed else Meeting.Status.RESCHEDULED
    movable = (*COMING, Meeting.Status.NO_SHOW)
    if not _change(meeting, target, only_from=movable, outcome_at=meeting.outcome_at or at):
        raise TransitionRefused(_settled(meeting))
    if Meeting.objects.filter(previous=meeting).exists():
        raise TransitionRefused("This meeting was already moved.")
    return Meeting.objects.create(
        handoff=handoff,
        previous=meeting,
        starts_at=starts_at,
        minutes=meeting.minutes if minutes is None else minutes,
        location=meeting.location if location is None else location,
        uid=meeting.uid,
        sequence=meeting.sequence + 1,
        booked_at=at,
    )


def why_no_opportunity(handoff: Handoff, at: datetime) -> str:
    """Why the meetings do not allow an opportunity at `at`; empty when they do.

    A deal may qualify on the phone before the meeting that was booked: that one stays booked, and
    its outcome is recorded when its time has come.
    """
    coming = handoff.coming_meeting()
    if coming is not None:
        return "Record first whether the meeting took place." if coming.starts_at <= at else ""
    statuses = set(handoff.meetings.values_list("status", flat=True))
    if statuses and Meeting.Status.HELD not in statuses:
        return "No meeting was held yet: book a new one, or disqualify."
    return ""


def no_shows(handoff: Handoff) -> int:
    """How often the prospect did not come; from what is prefetched, where it is."""
    missed = [one for one in handoff.meetings.all() if one.status == Meeting.Status.NO_SHOW]
    return sum(meeting.by_side != Meeting.Side.OURS for meeting in missed)


def why_no_more(handoff: Handoff, by: User | None) -> str:
    """Why `by` may not find yet another time after the no-shows so far; empty when they may."""
    if handoff.status != Handoff.Status.ACCEPTED or no_shows(handoff) < MOST_NO_SHOWS:
        return ""
    if by is None or rights.leads_it(by, handoff):
        return ""
    return (
        f"They have missed {MOST_NO_SHOWS} meetings, which is the limit: disqualify it with that "
        "reason, or ask a manager to book once more."
    )


def last_of(handoff: Handoff) -> Meeting | None:
    """The meeting that counts: the newest link."""
    return handoff.meetings.order_by("pk").last()


def call_off_coming(handoff: Handoff, *, by: User | None, at: datetime) -> None:
    """The handoff is over before its meeting: cancel it on our side."""
    meeting = handoff.coming_meeting()
    if meeting is not None:
        _decide(
            meeting,
            Meeting.Status.CANCELLED,
            EventKind.MEETING_CANCELLED,
            by=by,
            at=at,
            side=Meeting.Side.OURS,
        )


def _decide(
    meeting: Meeting,
    status: Meeting.Status,
    kind: EventKind,
    *,
    by: User | None,
    at: datetime,
    side: str = "",
    note: str = "",
) -> Meeting:
    with transaction.atomic():
        if not _change(meeting, status, only_from=COMING, outcome_at=at, by_side=side):
            raise TransitionRefused(_settled(meeting))
        _log(meeting, kind, by=by, at=at, note=note)
        if status == Meeting.Status.CANCELLED and meeting.starts_at > at:
            announce_change(meeting, by=by or meeting.handoff.sdr, method=CANCEL, at=at)
    return meeting


def _change(
    meeting: Meeting, status: Meeting.Status, *, only_from: tuple[str, ...], **changes: Any
) -> bool:
    handoff = meeting.handoff
    changed = Meeting.objects.filter(pk=meeting.pk, status__in=only_from).update(
        status=status, **changes
    )
    meeting.refresh_from_db()
    meeting.handoff = handoff  # as the verb has read it, with its people
    return bool(changed)


def _log(
    meeting: Meeting, kind: EventKind, *, by: User | None, at: datetime, note: str = ""
) -> None:
    handoff = meeting.handoff
    record(
        handoff,
        kind,
        by=by,
        at=at,
        from_status=handoff.status,
        note=note,
        data={
            "meeting": meeting.pk,
            "uid": meeting.uid,
            "starts_at": meeting.starts_at.isoformat(),
            "ends_at": (meeting.starts_at + timedelta(minutes=meeting.minutes)).isoformat(),
            "side": meeting.by_side,
        }
        | ({"no_shows": no_shows(handoff)} if kind == EventKind.MEETING_MISSED else {}),
    )


def _open_to(pk: int, by: User | None, right: str) -> Handoff:
    """The handoff as it stands now, if its meetings may change and `by` may do this."""
    handoff = Handoff.objects.select_related("sdr", "owner", "account", "territory").get(pk=pk)
    if not (handoff.is_open or handoff.status == Handoff.Status.QUALIFIED):
        raise TransitionRefused("This handoff is closed, so its meetings stay as they are.")
    if sentence := rights.why_not(by, right, handoff):
        raise TransitionRefused(sentence)
    return handoff


def _check_time(starts_at: datetime, at: datetime) -> None:
    if starts_at <= at:
        raise TransitionRefused("Choose a time that has not passed yet.")
    if starts_at > at + MOST_AHEAD:
        raise TransitionRefused("A meeting can be booked up to a year ahead.")


def _check_attempts(handoff: Handoff, by: User | None) -> None:
    if sentence := why_no_more(handoff, by):
        raise TransitionRefused(sentence)


def _check_outcome(meeting: Meeting, by: User | None, at: datetime) -> None:
    """An outcome is recorded by the AE's side, on an accepted handoff, once it has begun."""
    meeting.handoff = handoff = _open_to(meeting.handoff_id, by, rights.WORK)
    if handoff.status not in WITH_OUTCOME:
        raise TransitionRefused("Accept the handoff first, then record how the meeting went.")
    if at < meeting.starts_at:
        raise TransitionRefused("This meeting has not begun yet.")


def _settled(meeting: Meeting) -> str:
    return f"This meeting is already settled: {meeting.get_status_display().lower()}."
