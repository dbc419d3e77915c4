"""Rejections that both sides have not talked over yet."""

from collections.abc import Sequence

from handoffs import feedback
from handoffs.models import HandoffEvent
from handoffs.models.event import EventKind
from handoffs.views.work.blocks import Block, Desk


def to_talk_over(desk: Desk) -> Block:
    """What this person rejected, or had rejected, within the last days, without a talk."""
    user = desk.reader.user
    return desk.block(
        "talks",
        "Talk it over: ten minutes",
        feedback.to_talk_over(user, desk.now),
        notes=lambda pks: _with_whom(pks, user.pk),
    )


def _with_whom(pks: Sequence[int], me: int) -> dict[int, str]:
    events = HandoffEvent.objects.filter(handoff__in=pks, kind=EventKind.REJECTED)
    events = events.select_related("actor", "handoff__sdr", "reason")
    return {
        event.handoff_id: f"With {event.handoff.sdr if event.actor_id == me else event.actor}, "
        f"about: {event.reason}"
        for event in events
    }
