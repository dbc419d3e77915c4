"""A manager stops the clocks of a handoff for a reason, such as a strike or a prospect who asked
for time, and lets them run again.

A return for information pauses by itself (`handoffs.lifecycle`). Nobody stops a clock that runs
for themselves.
"""

from datetime import datetime

from handoffs.models import Handoff, HandoffEvent
from handoffs.models.event import EventKind
from handoffs.moves import fresh_of, insist, move, now_of
from handoffs.refusal import TransitionRefused
from team.models import User

PAUSES = (EventKind.PAUSED, EventKind.RESUMED)


def pause(handoff: Handoff, *, by: User, why: str, at: datetime | None = None) -> Handoff:
    """Stop every clock of the handoff, also those still to start, until `resume`."""
    fresh = fresh_of(handoff)
    if open_pause(fresh) is not None:
        raise TransitionRefused("Its clocks are paused already.")
    insist(why, "Say in a sentence why the clocks have to wait.")
    return move("pause", fresh, by=by, at=at or now_of(fresh), seen=fresh, note=why)


def resume(handoff: Handoff, *, by: User, note: str = "", at: datetime | None = None) -> Handoff:
    """Let the clocks go on from where they stood."""
    fresh = fresh_of(handoff)
    if open_pause(fresh) is None:
        raise TransitionRefused("Its clocks are running already.")
    return move("resume", fresh, by=by, at=at or now_of(fresh), seen=fresh, note=note)


def open_pause(handoff: Handoff) -> HandoffEvent | None:
    """The pause that lasts: by whom, since when and why; None while the clocks run."""
    last = next(reversed(handoff.told(*PAUSES)), None)
    return last if last is not None and last.kind == EventKind.PAUSED else None


def why_no_pause(handoff: Handoff, now: datetime) -> str:
    """Why the button to pause is not there; empty when it is."""
    return "Its clocks are paused already." if open_pause(handoff) else ""


def why_no_resume(handoff: Handoff, now: datetime) -> str:
    return "" if open_pause(handoff) else "Its clocks are running already."
