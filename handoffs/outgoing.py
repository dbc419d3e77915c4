"""What other systems are told of a handoff: the opportunity with everything that is known of it.

docs/outgoing-webhook.md describes it to those who receive it.
"""

from typing import Any

from handoffs.export import document_of
from handoffs.models import HandoffEvent
from handoffs.models.event import EventKind
from messaging import webhooks

KINDS = {
    EventKind.QUALIFIED: "opportunity.created",
    EventKind.AMENDED: "opportunity.updated",
    EventKind.DISQUALIFIED: "handoff.disqualified",
}


def publish(event: HandoffEvent) -> None:
    """Tell the endpoints that want it, in the transaction of the move; history is told to nobody.

    The log says what was so: the body is made once, here, however late it leaves.
    """
    kind = KINDS.get(EventKind(event.kind))
    if kind is None or event.backfilled or not webhooks.wanted(kind):
        return
    handoff = event.handoff
    company = handoff.account.name if handoff.account else "An account without a name"
    webhooks.publish(
        kind,
        content_of(event),
        event_key=f"event:{event.pk}",
        subject=f"{company}: {kind}",
        about=f"handoff:{handoff.pk}",
        at=event.occurred_at,
        now=event.recorded_at,
    )


def content_of(event: HandoffEvent) -> dict[str, Any]:
    """The `data` of the event: the package, the account, the people and what was decided."""
    handoff = event.handoff
    found = document_of(handoff) | {"note": event.note}
    if event.kind == EventKind.DISQUALIFIED:
        found["reason"] = str(event.reason or "")
        del found["opportunity"]
    return found
