"""Meetings of a handoff: booked tentative, confirmed by the gate, held, missed, moved, called off.

A chain is the first booking with all its reschedules: one calendar UID, one rising SEQUENCE. The
verbs follow the lifecycle's order: guard, change by conditional UPDATE, record, tell.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from handoffs import rights
from handoffs.completeness import gaps
from handoffs.invitation import CANCEL, REQUEST
from handoffs.letters import announce_change
from handoffs.log import record
from handoffs.models import Handoff, Meeting
from handoffs.models.event import EventKind
from handoffs.refusal import TransitionRefused
from team.models import User

COMING = (Meeting.Status.TENTATIVE, Meeting.Status.CONFIRMED)
MOST_AHEAD = timedelta(days=366)


def book(
    handoff: Handoff,
    *,
    by: User | None,
    starts_at: datetime,
    minutes: int = 30,
    location: str = "",
    at: datetime | None = None,
) -> Meeting:
    """Book a slot. Tentative until the package is complete and handed over."""
    at = at or timezone.now()
    handoff = _open_to(handoff.pk, by, rights.BOOK)
    _check_time(starts_at, at)
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
    except IntegrityError:
        raise TransitionRefused(
            "A meeting is already coming up: reschedule that one instead."
        ) from None
    meeting.refresh_from_db()
    return meeting


def confirm_coming(handoff: Handoff, *, by: User | None, at: datetime) -> None:
    """Confirm the coming meeting, which only a complete, submitted package can (step 2)."""
    meeting = handoff.meetings.filter(status=Meeting.Status.TENTATIVE).first()
    waiting = handoff.status in (Handoff.Status.DRAFT, Handoff.Status.RETURNED)
    if meeting is None or waiting or not handoff.is_open or gaps(handoff, now=at):
        return
    if _change(meeting, Meeting.Status.CONFIRMED, only_from=(Meeting.Status.TENTATIVE,)):
        _log(meeting, EventKind.MEETING_CONFIRMED, by=by, at=at)


def hold(
    meeting: Meeting, *, by: User | None, note: str = "", at: datetime | None = None
) -> Meeting:
    """Record that somebody of the prospect's side attended. Only a confirmed meeting can be."""
    at = at or timezone.now()
    meeting.handoff = _open_to(meeting.handoff_id, by, rights.WORK)
    _check_begun(meeting, at)
    if meeting.status == Meeting.Status.TENTATIVE:
        raise TransitionRefused("This meeting is tentative: the package has to be complete first.")
    return _decide(meeting, Meeting.Status.HELD, EventKind.MEETING_HELD, by=by, at=at, note=note)


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
    meeting.handoff = _open_to(meeting.handoff_id, by, rights.WORK)
    _check_begun(meeting, at)
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
    """Call it off, and say which side did."""
    at = at or timezone.now()
    meeting.handoff = _open_to(meeting.handoff_id, by, rights.BOOK)
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
    note: str = "",
    at: datetime | None = None,
) -> Meeting:
    """Move it: the next link of the same chain. A no-show may be moved as well."""
    at = at or timezone.now()
    meeting.handoff = handoff = _open_to(meeting.handoff_id, by, rights.BOOK)
    _check_time(starts_at, at)
    movable = (*COMING, Meeting.Status.NO_SHOW)
    with transaction.atomic():
        missed = meeting.status == Meeting.Status.NO_SHOW
        # A no-show stays one in the record; only a meeting that never came up is "rescheduled".
        target = Meeting.Status.NO_SHOW if missed else Meeting.Status.RESCHEDULED
        if not _change(meeting, target, only_from=movable, outcome_at=meeting.outcome_at or at):
            raise TransitionRefused(_settled(meeting))
        if Meeting.objects.filter(previous=meeting).exists():
            raise TransitionRefused("This meeting was already moved.")
        following = Meeting.objects.create(
            handoff=handoff,
            previous=meeting,
            starts_at=starts_at,
            minutes=meeting.minutes,
            location=meeting.location,
            uid=meeting.uid,
            sequence=meeting.sequence + 1,
            booked_at=at,
        )
        _log(following, EventKind.MEETING_MOVED, by=by, at=at, note=note)
        announce_change(following, by=by or handoff.sdr, method=REQUEST, at=at)
        confirm_coming(handoff, by=by, at=at)
    following.refresh_from_db()
    return following


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
        if status == Meeting.Status.CANCELLED:
            announce_change(meeting, by=by or meeting.handoff.sdr, method=CANCEL, at=at)
    return meeting


def _change(
    meeting: Meeting, status: Meeting.Status, *, only_from: tuple[str, ...], **changes: Any
) -> bool:
    changed = Meeting.objects.filter(pk=meeting.pk, status__in=only_from).update(
        status=status, **changes
    )
    meeting.refresh_from_db()
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
        },
    )


def _open_to(pk: int, by: User | None, right: str) -> Handoff:
    """The handoff as it stands now, if it is open and `by` may do this."""
    handoff = Handoff.objects.select_related("sdr", "owner", "account", "territory").get(pk=pk)
    if not handoff.is_open:
        raise TransitionRefused("This handoff is closed, so its meetings stay as they are.")
    if sentence := rights.why_not(by, right, handoff):
        raise TransitionRefused(sentence)
    return handoff


def _check_time(starts_at: datetime, at: datetime) -> None:
    if starts_at <= at:
        raise TransitionRefused("Choose a time that has not passed yet.")
    if starts_at > at + MOST_AHEAD:
        raise TransitionRefused("A meeting can be booked up to a year ahead.")


def _check_begun(meeting: Meeting, at: datetime) -> None:
    if at < meeting.starts_at:
        raise TransitionRefused("This meeting has not begun yet.")


def _settled(meeting: Meeting) -> str:
    return f"This meeting is already settled: {meeting.get_status_display().lower()}."
