"""The clocks of a handoff: started and stopped by its log, looked after by the sweep."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from handoffs.models import Handoff, HandoffEvent
from handoffs.models.event import EventKind
from handoffs.querysets import HandoffQuerySet
from handoffs.refusal import TransitionRefused
from sla import escalation, script
from sla.ledger import Case, Ledger
from sla.models import Clock, ClockKind
from sla.policies import missing_policy
from sla.reach import Crowd
from sla.spans import MILESTONES

logger = logging.getLogger(__name__)

BATCH = 50  # due clocks in one transaction: a verb on one of them waits for as long as it takes
LATER = timedelta(hours=1)  # when a clock that could not be worked on is tried again


def apply(event: HandoffEvent) -> None:
    """Make the clocks say what the log says now. Applying an event twice changes nothing.

    Raises TransitionRefused, which undoes the move, when no policy promises anything about a
    handoff that is submitted.
    """
    if event.kind not in script.MOVES_CLOCKS:
        return
    ledger = Ledger()
    with transaction.atomic():
        handoff = _locked(event.handoff_id)
        case = ledger.load([handoff])[handoff.pk]
        ledger.settle(case)
        if event.kind == EventKind.SUBMITTED and (ClockKind.ACCEPT, 0) not in case.clocks:
            raise TransitionRefused(missing_policy(handoff.lead_source, handoff.territory))
        if event.kind in MILESTONES:
            ledger.keep_spans(case)
    # The verb that rang hands this instance back
    for name in ("next_due_at", "next_warn_at", "next_due_calendar_id"):
        setattr(event.handoff, name, getattr(handoff, name))


def rebuild(handoff: Handoff) -> None:
    """Make the clocks anew from the log: the same as having lived through it.

    A clock that is still there keeps what it promised, the steps that fired and its breach.
    """
    ledger = Ledger()
    with transaction.atomic():
        case = ledger.load([_locked(handoff.pk)])[handoff.pk]
        ledger.settle(case)
        ledger.keep_spans(case)


def look_at(person_id: int, at: datetime) -> int:
    """Have the sweep look at what this person holds, at `at` or before; returns how many.

    For when somebody turns out to be away or is deactivated: the backup step comes at once.
    """
    held = Clock.objects.running().filter(holder=person_id)
    return held.filter(next_at__gt=at).update(next_at=at)


def sweep(now: datetime | None = None) -> dict[str, int]:
    """One pass over what is due at `now`: fire steps, stamp breaches, hand over to backups.

    Any number of these may run at once: a step fires once. Each batch is a transaction of its
    own, in which every clock is computed again from the log first. A clock that raises is tried
    again an hour later and says why; the others go on. Costs what is due, not what is open.
    """
    now = now or timezone.now()
    done = {"due": 0, "fired": 0, "breached": 0, "reassigned": 0, "failed": 0}
    seen: set[int] = set()
    while True:
        looked, counts = _sweep_batch(now)
        for name, count in counts.items():
            done[name] += count
        if not looked - seen:  # nothing left, or only what others are at work on
            return done
        seen |= looked


def _sweep_batch(now: datetime) -> tuple[set[int], dict[str, int]]:
    ledger, crowd = Ledger(), Crowd(now)
    counts = {"due": 0, "fired": 0, "breached": 0, "reassigned": 0, "failed": 0}
    with transaction.atomic():
        # Whoever moves a handoff holds its row, so that row is the lock on all of its clocks;
        # what somebody else holds is left for the next pass, which is why nothing can deadlock
        due = list(
            Clock.objects.due(now)
            .select_for_update(skip_locked=True, no_key=True, of=("self", "handoff"))
            .select_related("handoff")
            .order_by("next_at", "pk")[:BATCH]
        )
        if not due:
            return set(), counts
        cases = ledger.load(_with_people().filter(pk__in={clock.handoff_id for clock in due}))
        for clock in due:
            counts["due"] += 1
            try:
                with transaction.atomic():
                    for name, count in _look(ledger, crowd, cases, clock).items():
                        counts[name] += count
            except Exception as error:  # one bad row must not stop the others
                logger.exception("Clock %s is put off by an hour.", clock.pk)
                counts["failed"] += 1
                _put_off(clock, now, error)
                cases |= ledger.load([_fresh(clock.handoff_id)])
    return {clock.pk for clock in due}, counts


def _look(ledger: Ledger, crowd: Crowd, cases: dict[int, Case], due: Clock) -> dict[str, int]:
    """Do what one clock is due for, each step once, in the order they fell due."""
    counts = {"fired": 0, "breached": 0, "reassigned": 0}
    case = cases[due.handoff_id]
    while True:
        case.looked[due.pk] = crowd.now
        ledger.settle(case)
        clock = case.clock(due.pk)
        if clock is None or clock.state != Clock.State.RUNNING:
            return counts
        if clock.is_missed(crowd.now) and clock.pk not in case.breaches:
            ledger.stamp(case, clock)
            counts["breached"] += 1
        step = escalation.next_step(case, clock, crowd)
        if step is None:
            break
        fired = escalation.fire(case, clock, step, crowd)
        case.fired[clock.pk].add(step.step.pk)
        if fired is not None:
            counts["fired"] += 1
        if fired is not None and fired.reassigned:
            counts["reassigned"] += 1
            case = cases[due.handoff_id] = ledger.load([_fresh(due.handoff_id)])[due.handoff_id]
    ledger.settle(case)
    return counts


def _locked(pk: int) -> Handoff:
    """The handoff as it stands, held until the end of the transaction with all of its clocks."""
    held: Handoff = _with_people().select_for_update(no_key=True, of=("self",)).get(pk=pk)
    return held


def _put_off(clock: Clock, now: datetime, error: Exception) -> None:
    trouble = f"{type(error).__name__}: {error}"[:300]
    Clock.objects.filter(pk=clock.pk).update(next_at=now + LATER, trouble=trouble)


def _fresh(pk: int) -> Handoff:
    fresh: Handoff = _with_people().get(pk=pk)
    return fresh


def _with_people() -> HandoffQuerySet:
    return Handoff.objects.select_related(
        "account", "sdr", "owner", "territory__calendar", "territory__manager"
    )
