"""Writing the log: the one place where a HandoffEvent is made, the bell rung and people told."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from handoffs import notices, outgoing
from handoffs.models import Handoff, HandoffEvent, Reason
from handoffs.models.event import EventKind
from handoffs.signals import event_recorded
from team.models import User


def record(
    handoff: Handoff,
    kind: EventKind,
    *,
    by: User | None,
    at: datetime,
    from_status: str,
    reason: Reason | None = None,
    note: str = "",
    data: dict[str, Any] | None = None,
) -> HandoffEvent:
    """Write the event, ring the bell, tell who has to know; inside the caller's transaction."""
    now = timezone.now()
    event = HandoffEvent.objects.create(
        handoff=handoff,
        kind=kind,
        actor=by,
        occurred_at=at,
        recorded_at=now,
        from_status=from_status,
        to_status=handoff.status,
        owner=handoff.owner,
        reason=reason,
        note=note.strip(),
        data=data or {},
        backfilled=now - at > timedelta(minutes=5),
    )
    event_recorded.send(sender=HandoffEvent, event=event)
    notices.announce(event)
    outgoing.publish(event)
    return event
