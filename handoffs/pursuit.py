"""The verbs after the acceptance: preparation, contact, and how it ended. Meetings have a room of
their own; the table of moves is `handoffs.moves`.

They follow the order of `handoffs.lifecycle`, where they can be called as well.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from handoffs import meetings
from handoffs.models import Handoff, Reason
from handoffs.moves import fresh_of, move, now_of, reason_of
from handoffs.refusal import TransitionRefused
from team.models import User

# Where an opportunity may stand, to choose from; a CRM may call them otherwise
STAGES = ("Discovery", "Evaluation", "Proposal", "Negotiation", "Closed won", "Closed lost")
OPPORTUNITY_WORDS = {
    "opportunity_amount": "Amount",
    "opportunity_stage": "Stage",
    "opportunity_id": "CRM id",
    "opportunity_url": "Link",
}


def start_preparation(handoff: Handoff, *, by: User, at: datetime | None = None) -> Handoff:
    """Open the fifteen minutes of preparation."""
    fresh = fresh_of(handoff)
    at = at or now_of(fresh)
    if fresh.prep_started_at:
        raise TransitionRefused("The preparation was already started.")
    return move(
        "start_preparation",
        fresh,
        by=by,
        at=at,
        seen=fresh,
        changes={"prep_started_at": at},
    )


def finish_preparation(
    handoff: Handoff, *, by: User, at: datetime | None = None, **notes: Any
) -> Handoff:
    """Close the preparation; `notes` (likely objections, case study, …) go into the log."""
    fresh = fresh_of(handoff)
    at = at or now_of(fresh)
    if fresh.prep_finished_at:
        raise TransitionRefused("The preparation is already finished.")
    if not fresh.prep_started_at:
        raise TransitionRefused("Start the preparation first.")
    return move(
        "finish_preparation",
        fresh,
        by=by,
        at=at,
        seen=fresh,
        changes={"prep_finished_at": at},
        data=notes,
    )


def record_contact(
    handoff: Handoff,
    *,
    by: User,
    channel: str,
    at: datetime | None = None,
    note: str = "",
    unprepared_because: str = "",
) -> Handoff:
    """Log that the AE reached out to the prospect. The first one stops the clock.

    Before the preparation is finished it is possible, and logged as unprepared.
    """
    fresh = fresh_of(handoff)
    if at is not None and at > timezone.now() + timedelta(minutes=5):
        raise TransitionRefused("A contact cannot be logged before it happened.")
    at = at or now_of(fresh)
    if fresh.accepted_at and at < fresh.accepted_at:
        raise TransitionRefused("That was before the handoff was accepted; check the time.")
    data: dict[str, Any] = {"channel": channel, "first": fresh.first_contact_at is None}
    if data["first"] and not (fresh.prep_finished_at and fresh.prep_finished_at <= at):
        data |= {"unprepared": True, "unprepared_because": unprepared_because}
    changes = {"first_contact_at": at} if data["first"] else {}
    return move("contact", fresh, by=by, at=at, seen=fresh, changes=changes, note=note, data=data)


def create_opportunity(
    handoff: Handoff,
    *,
    by: User,
    amount: Decimal | None = None,
    stage: str = "",
    external_id: str = "",
    url: str = "",
    note: str = "",
    at: datetime | None = None,
) -> Handoff:
    """The deal qualified: after a held meeting, or on the phone before the one that is booked.

    Without a `stage` it stands at the first one.
    """
    fresh = fresh_of(handoff)
    at = at or now_of(fresh)
    if sentence := meetings.why_no_opportunity(fresh, at):
        raise TransitionRefused(sentence)
    return move(
        "qualify",
        fresh,
        by=by,
        at=at,
        seen=fresh,
        changes={
            "closed_at": at,
            "opportunity_amount": amount,
            "opportunity_stage": stage.strip() or STAGES[0],
            "opportunity_id": external_id,
            "opportunity_url": url,
        },
        note=note,
        data={"amount": str(amount) if amount is not None else None},
    )


def amend_opportunity(
    handoff: Handoff,
    *,
    by: User,
    amount: Decimal | None = None,
    stage: str = "",
    external_id: str = "",
    url: str = "",
    at: datetime | None = None,
) -> Handoff:
    """Say what the opportunity is worth, where it stands and where the CRM keeps it, by now.

    All four as they are from now on; the log keeps what each was before. The CRM is told.
    """
    fresh = fresh_of(handoff)
    values = {
        "opportunity_amount": amount,
        "opportunity_stage": stage.strip() or STAGES[0],
        "opportunity_id": external_id,
        "opportunity_url": url,
    }
    changes = {name: value for name, value in values.items() if getattr(fresh, name) != value}
    if fresh.status == Handoff.Status.QUALIFIED and not changes:
        raise TransitionRefused("That is what stands there already.")
    words = [
        f"{OPPORTUNITY_WORDS[name]} {_shown(getattr(fresh, name))} → {_shown(value)}"
        for name, value in changes.items()
    ]
    return move(
        "amend",
        fresh,
        by=by,
        at=at or now_of(fresh),
        seen=fresh,
        changes=changes,
        data={"changes": words},
    )


def disqualify(
    handoff: Handoff,
    *,
    by: User,
    reason: Reason | str,
    note: str = "",
    at: datetime | None = None,
) -> Handoff:
    """No deal after all, with a reason from the list; a meeting to come is called off."""
    at = at or now_of(handoff)
    chosen = reason_of(reason, Reason.Use.DISQUALIFY)
    coming = handoff.coming_meeting()
    if coming is not None and coming.starts_at <= at:
        raise TransitionRefused("Record first whether the meeting took place.")
    return move(
        "disqualify",
        handoff,
        by=by,
        at=at,
        changes={"closed_at": at},
        reason=chosen,
        note=note,
        then=meetings.call_off_coming,
    )


def _shown(value: Decimal | str | None) -> str:
    if isinstance(value, Decimal):
        return f"{value:,.2f}".removesuffix(".00")
    return value or "empty"
