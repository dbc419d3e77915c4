"""The decisions about a handoff's meeting: book, move, call off, and how it went."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from handoffs import decision_forms as forms
from handoffs import meetings, rights
from handoffs.models import Handoff, Meeting
from handoffs.refusal import TransitionRefused
from handoffs.views.decision import Decision

NONE_COMING = "No meeting is coming up."
NOT_BEGUN = "This meeting has not begun yet."


def newest(handoff: Handoff) -> Meeting | None:
    """The meeting that counts: the newest link; from what is prefetched."""
    return max(handoff.meetings.all(), key=lambda meeting: meeting.pk, default=None)


def is_missed(meeting: Meeting | None) -> bool:
    return meeting is not None and meeting.status == Meeting.Status.NO_SHOW


def _of_newest(verb: Callable[..., Meeting]) -> Callable[..., Meeting]:
    """A verb of a meeting as a verb of the handoff."""

    def on(handoff: Handoff, **values: Any) -> Meeting:
        meeting = meetings.last_of(handoff)
        if meeting is None:
            raise TransitionRefused(NONE_COMING)
        return verb(meeting, **values)

    return on


def _no_booking(handoff: Handoff, now: datetime) -> str:
    meeting = newest(handoff)
    if meeting is not None and meeting.status in meetings.COMING:
        return meetings.ALREADY_COMING
    return "Reschedule the one they missed instead." if is_missed(meeting) else ""


def _no_move(handoff: Handoff, now: datetime) -> str:
    return "" if is_missed(newest(handoff)) else _not_to_come(handoff, now)


def _not_to_come(handoff: Handoff, now: datetime) -> str:
    meeting = newest(handoff)
    if meeting is None or meeting.status not in meetings.COMING:
        return NONE_COMING
    return meetings.BEGUN if meeting.starts_at <= now else ""


def _no_answer(handoff: Handoff, now: datetime) -> str:
    meeting = newest(handoff)
    if meeting is not None and meeting.answered_at and meeting.status in meetings.COMING:
        return meetings.ALREADY_ANSWERED
    return _not_to_come(handoff, now)


def _no_outcome(handoff: Handoff, now: datetime) -> str:
    meeting = newest(handoff)
    if meeting is None or meeting.status not in meetings.COMING:
        return NONE_COMING
    return NOT_BEGUN if meeting.starts_at > now else ""


MEETINGS = [
    Decision(
        "meeting_book",
        "Book a meeting",
        "Book a meeting",
        rights.BOOK,
        Handoff.OPEN,
        meetings.book,
        "Booked. It is confirmed as soon as the package is complete and handed over.",
        form=forms.BookForm,
        intro="If the prospect was introduced already, the invitation leaves at once.",
        icon="event",
        why_not_now=_no_booking,
    ),
    Decision(
        "meeting_move",
        "Reschedule",
        "Move the meeting",
        rights.BOOK,
        Handoff.OPEN,
        _of_newest(meetings.reschedule),
        "Moved. Whoever was invited gets the new time.",
        form=forms.MoveForm,
        intro="Whoever was invited gets an update of the same invitation.",
        icon="event_repeat",
        why_not_now=_no_move,
    ),
    Decision(
        "meeting_answered",
        "They said yes",
        "They said yes to this time",
        rights.BOOK,
        Handoff.OPEN,
        _of_newest(meetings.answer_invitation),
        "Noted. The risk of a no-show goes down.",
        form=forms.AnsweredForm,
        intro="They accepted the invitation, or confirmed the time by mail or phone.",
        icon="mark_email_read",
        why_not_now=_no_answer,
    ),
    Decision(
        "meeting_cancel",
        "Cancel the meeting",
        "Cancel the meeting",
        rights.BOOK,
        Handoff.OPEN,
        _of_newest(meetings.cancel),
        "Cancelled. Whoever was invited is told.",
        form=forms.CancelForm,
        intro="Whoever was invited gets the cancellation, and it leaves their calendar.",
        icon="event_busy",
        style="btn-danger",
        why_not_now=_not_to_come,
    ),
    Decision(
        "meeting_held",
        "It took place",
        "The meeting took place",
        rights.WORK,
        meetings.WITH_OUTCOME,
        _of_newest(meetings.hold),
        "Noted. Now create the opportunity, or say why there is none.",
        form=forms.HeldForm,
        intro="Somebody from their side was there.",
        icon="event_available",
        why_not_now=_no_outcome,
    ),
    Decision(
        "meeting_missed",
        "No-show",
        "Somebody did not come",
        rights.WORK,
        meetings.WITH_OUTCOME,
        _of_newest(meetings.miss),
        "Noted. It goes back to the SDR, who finds a new time.",
        form=forms.MissedForm,
        intro="It counts in the show rate; when it was us, it counts against us.",
        icon="person_off",
        why_not_now=_no_outcome,
    ),
]
