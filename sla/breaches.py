"""Missed promises: a failure of the process each, with the cause we can see and the one given."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils import timezone

from handoffs.models import Handoff, HandoffEvent
from handoffs.models.event import EventKind
from handoffs.routing import load_of
from messaging.models import Message
from sla.models import Breach, Clock, ClockKind, Escalation, EscalationStep
from team.models import Absence, User

Cause = Breach.Cause


def stamp(handoff: Handoff, clock: Clock, due_at: datetime, holder_id: int | None) -> Breach:
    """Record that the clock was missed, at the instant it fell due, with a cause proposed.

    `holder_id` is whoever held it then.
    """
    cause, because = next(_causes(handoff, clock, due_at, holder_id))
    return Breach.objects.create(
        clock=clock,
        fell_due_at=due_at,
        holder_id=holder_id,
        proposed_cause=cause,
        proposed_because=because[:200],
    )


def explain(
    breach: Breach, *, cause: str, note: str = "", by: User, at: datetime | None = None
) -> Breach:
    """Record the cause as a manager sees it. ValidationError in words if it is not one.

    Said again, it replaces what was said before.
    """
    if cause not in Cause.values:
        raise ValidationError({"cause": "Choose a cause from the list."})
    breach.cause, breach.cause_note = cause, note.strip()
    breach.explained_by, breach.explained_at = by, at or timezone.now()
    breach.clean_fields(exclude=["clock", "holder"])
    breach.clean()
    breach.save(update_fields=["cause", "cause_note", "explained_by", "explained_at"])
    return breach


def _causes(
    handoff: Handoff, clock: Clock, due_at: datetime, holder_id: int | None
) -> Iterator[tuple[Breach.Cause, str]]:
    """What the records say about why, the most telling first; at last, that it was simply late."""
    if holder_id is None:
        yield Cause.ROUTING, "Nobody had it when it fell due."
        return
    holder = User.objects.get(pk=holder_id)
    away = Absence.objects.filter(
        user=holder, starts_at__lt=due_at, ends_at__gt=clock.started_at
    ).first()
    if away is not None:
        notice = "" if away.created_at <= clock.started_at else ", entered only afterwards"
        yield Cause.ABSENCE, f"{holder} was away from {_day(away.starts_at)}{notice}."
    if not holder.is_active:
        yield Cause.ABSENCE, f"{holder} is deactivated."
    if clock.kind != ClockKind.ANSWER and (load := load_of(holder)) > holder.capacity:
        yield Cause.OVERLOAD, f"{holder} holds {load} open handoffs; {holder.capacity} are set."
    fired = Escalation.objects.filter(clock__handoff=handoff, action=EscalationStep.Action.BACKUP)
    if fired.filter(outcome__startswith=NO_BACKUP).exists():
        yield Cause.ROUTING, "No backup could take it over."
    lost = Message.objects.filter(
        about=f"handoff:{handoff.pk}",
        person=holder,
        created_at__lte=due_at,
        state__in=[Message.State.DEAD, Message.State.UNKNOWN],
    )
    if lost.exists():
        yield Cause.TOOLING, f"A message to {holder} about it did not arrive."
    returns = HandoffEvent.objects.filter(
        handoff=handoff, kind=EventKind.RETURNED, occurred_at__lte=due_at
    ).count()
    if returns and clock.kind != ClockKind.ANSWER:
        times = "once" if returns == 1 else f"{returns} times"
        yield Cause.PACKAGE, f"It was returned for information {times}."
    yield Cause.LATE, "Nothing on record explains it."


NO_BACKUP = "Nobody could take it over"  # how such an outcome begins


def _day(at: datetime) -> str:
    return f"{at:%d %b %H:%M} UTC"
