"""The log of a handoff told in sentences, for people; the log itself is HandoffEvent."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from handoffs.models import Contest, HandoffEvent
from handoffs.models.event import EventKind

THE_PRODUCT = "Handoff Desk"


class Line(NamedTuple):
    """One thing that happened: the sentence, and what was said on the occasion."""

    at: datetime
    sentence: str
    note: str
    late: bool


def tell(events: Iterable[HandoffEvent], *, with_tries: bool) -> list[Line]:
    """Newest first. `with_tries`: also refused submissions, which concern the SDR's side only."""
    lines = [
        Line(event.occurred_at, sentence_of(event), event.note, event.backfilled)
        for event in events
        if with_tries or event.kind != EventKind.GATE_REFUSED
    ]
    return lines[::-1]


def sentence_of(event: HandoffEvent) -> str:
    """What happened, as one sentence with who did it.

    “Ana Silva accepted it.” Reasons from the list stand after a colon; the words that were
    written are the line's note.
    """
    who = str(event.actor or THE_PRODUCT)
    kind, data = event.kind, event.data or {}
    if kind == EventKind.GATE_REFUSED:
        count = len(data.get("gaps", []))
        things = "1 thing was" if count == 1 else f"{count} things were"
        return f"{who} tried to submit it; {things} missing."
    if kind == EventKind.SUBMITTED:
        return f"{who} submitted it; {_went_to(event, data)}."
    if kind == EventKind.ASSIGNED:
        return f"{event.owner or 'Nobody'} was given it."
    if kind == EventKind.REASSIGNED:
        before = data.get("from_name") or "the unassigned list"
        return f"{who} moved it from {before} to {event.owner}."
    if kind == EventKind.ACCEPTED and data.get("on_behalf_of_name"):
        return f"{who} accepted it for {data['on_behalf_of_name']}."
    if kind == EventKind.CONTACTED:
        how = f" by {channel}" if (channel := _channel(data)) else ""
        unprepared = ", before preparing" if data.get("unprepared") else ""
        return f"{who} contacted the prospect{how}{unprepared}."
    if kind == EventKind.AMENDED:
        return f"{who} changed the opportunity: {'; '.join(data.get('changes', []))}."
    if kind == EventKind.RULED:
        wrong = data.get("ruling") == Contest.Ruling.OVERTURNED
        return f"{who} ruled: {'the rejection was wrong' if wrong else 'the rejection stands'}."
    if kind == EventKind.MEETING_MISSED:
        side = "we did not come" if data.get("side") == "ours" else "they did not come"
        return f"{who} recorded a no-show: {side}."
    if kind == EventKind.MEETING_CANCELLED:
        side = "us" if data.get("side") == "ours" else "them"
        return f"{who} noted that the meeting was cancelled by {side}."
    if event.reason_id:
        criterion = f" ({data['criterion_name']})" if data.get("criterion_name") else ""
        return f"{who} {event.get_kind_display()}: {event.reason}{criterion}."
    return f"{who} {event.get_kind_display()}."


def routing_of(events: Iterable[HandoffEvent]) -> dict[str, Any]:
    """The newest stored decision about who gets it; empty when it was never submitted."""
    found: dict[str, Any] = {}
    for event in events:
        found = (event.data or {}).get("routing") or found
    return found


def moved_since_routing(events: Iterable[HandoffEvent]) -> str:
    """The sentence of the newest change of hands since routing decided; empty where none was."""
    moved: HandoffEvent | None = None
    for event in events:
        if (event.data or {}).get("routing"):
            moved = None
        elif event.kind == EventKind.REASSIGNED:
            moved = event
    return sentence_of(moved) if moved else ""


def open_question(events: Iterable[HandoffEvent]) -> HandoffEvent | None:
    """The question of the newest return."""
    returned = [event for event in events if event.kind == EventKind.RETURNED]
    return returned[-1] if returned else None


def _went_to(event: HandoffEvent, data: dict[str, Any]) -> str:
    reason = (data.get("routing") or {}).get("reason", "")
    if event.owner is None:
        return "nobody could take it, so it stands on the manager’s list"
    return f"it went to {event.owner}, {reason}" if reason else f"it went to {event.owner}"


def _channel(data: dict[str, Any]) -> str:
    return {"email": "e-mail", "form": "web form"}.get(
        str(data.get("channel", "")), str(data.get("channel", ""))
    )
