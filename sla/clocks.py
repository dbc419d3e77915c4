"""The clocks of a handoff: started and stopped by its log, looked after by the sweep."""

from __future__ import annotations

import logging
import math
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from handoffs.models import Handoff, HandoffEvent
from handoffs.models.event import EventKind
from handoffs.querysets import HandoffQuerySet
from handoffs.refusal import TransitionRefused
from sla import escalation, script
from sla.escalation import Alert
from sla.ledger import Case, Ledger, save_plans
from sla.models import Breach, Clock, ClockKind
from sla.models.clock import ClockQuerySet
from sla.policies import missing_policy
from sla.reach import Crowd
from sla.spans import MILESTONES

logger = logging.getLogger(__name__)

BATCH = 200  # due clocks in one transaction: a verb on one of them waits for as long as it takes
LATER = timedelta(hours=1)  # when a clock that could not be worked on is tried again
SOON = timedelta(minutes=1)  # the same where the clock itself is not the reason
MANY = 10  # due clocks that all fail at once are not all spoilt


def apply(event: HandoffEvent) -> None:
    """Make the clocks say what the log says now. Applying an event twice changes nothing.

    Raises TransitionRefused, which undoes the move, when no policy promises anything about a
    handoff that is submitted.
    """
    if event.kind not in script.MOVES_CLOCKS:
        return
    if event.kind in script.OF_A_MEETING and event.handoff.accepted_at is None:
        return  # no clock runs on a meeting before the handoff is accepted
    ledger = Ledger()
    with transaction.atomic():
        handoff = _held(event.handoff)
        case = ledger.load([handoff])[handoff.pk]
        ledger.settle(case)
        if event.kind == EventKind.SUBMITTED and (ClockKind.ACCEPT, 0) not in case.clocks:
            raise TransitionRefused(missing_policy(handoff.lead_source, handoff.territory))
        if event.kind in MILESTONES:
            ledger.keep_spans(case)
    # The verb that rang hands this instance back
    for name in DEADLINE:
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


def sweep(now: datetime | None = None, *, seconds: float | None = None) -> dict[str, int]:
    """One pass over what is due at `now`: fire steps, stamp breaches, hand over to backups.

    Any number of these may run at once: a step fires once. Each batch is a transaction of its
    own, in which every clock is computed again from the log first. A clock that raises is tried
    again an hour later and says why; the others go on. Where the database or the machine is at
    fault nothing is put off: it raises, or the next pass tries again. Costs what is due, not what
    is open.

    After `seconds` it takes no further batch and leaves the rest to the next pass.
    """
    now = now or timezone.now()
    until = math.inf if seconds is None else time.monotonic() + seconds
    one_pass = _Pass(now)
    seen: set[int] = set()
    while Clock.objects.due(now).exists():
        looked = one_pass.batch(until)
        if not looked - seen or time.monotonic() >= until:  # the rest is others' work, or later's
            break
        seen |= looked
    return one_pass.counts


class _Pass:
    """One sweep: what it has read for all of its batches, and what it has done."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.ledger, self.crowd = Ledger(), Crowd(now)
        self.counts = {"due": 0, "fired": 0, "breached": 0, "reassigned": 0, "failed": 0}

    def batch(self, until: float) -> set[int]:
        """Work on some clocks that are due; which those were.

        What takes long is done one by one, each in a transaction of its own: nobody waits for
        more than one of them, and what is done stays done when `until` (monotonic) comes.
        """
        with transaction.atomic():
            due = self._held(Clock.objects.due(self.now).order_by("next_at", "pk")[:BATCH])
            left = self._together(due) if due else []
        self.counts["due"] += len(due)
        failed = []
        for clock in left:
            if error := self._alone(clock):
                failed.append((clock, error))
            if time.monotonic() >= until:
                break
        self._put_off(failed, all_of_them=MANY <= len(due) == len(failed))
        return {clock.pk for clock in due}

    def _held(self, clocks: ClockQuerySet) -> list[Clock]:
        """Those of `clocks` that nobody else works on, held until the end of the transaction.

        Whoever moves a handoff holds its row, so that row is the lock on all of its clocks; what
        somebody else holds is left for the next pass: nothing waits, so no deadlock.
        """
        lock = clocks.select_for_update(skip_locked=True, no_key=True, of=("self", "handoff"))
        return list(lock.select_related("handoff").only("handoff", "handoff__status"))

    def _together(self, due: list[Clock]) -> list[Clock]:
        """Fire what only tells people in one go; what is left to be worked on one by one.

        That is where the log says something new, where a handoff changes hands (and what is due
        on it after that), and everything if anything fails.
        """
        handoffs = Handoff.objects.filter(pk__in={clock.handoff_id for clock in due})
        try:
            with transaction.atomic():
                cases = self.ledger.load(self.crowd.handoffs(handoffs))
        except Exception as error:
            _raise_if_hopeless(error)
            logger.exception("A batch of %s is read one by one.", len(due))
            return due
        done, left = _Done(), list[Clock]()
        moving: set[int] = set()
        for one in due:
            looked = None
            if one.handoff_id not in moving:
                with suppress(Exception):  # alone, it will raise again and be put off
                    looked = self._tell_only(cases[one.handoff_id], one.pk)
            if looked is None:
                left.append(one)
                moving.add(one.handoff_id)
            else:
                done.add(looked)
        try:
            with transaction.atomic():
                done.write(self.crowd)
        except Exception as error:  # whichever it is, alone it will be found
            _raise_if_hopeless(error)
            logger.exception("A batch of %s is worked on one by one.", len(due))
            return due
        self.counts["fired"] += len(done.alerts)
        self.counts["breached"] += len(done.breaches)
        return left

    def _tell_only(self, case: Case, pk: int) -> _Done | None:
        """What a clock is due for, if that is only to tell people; nothing is written."""
        clock = case.clock(pk)
        if clock is None or not self.ledger.stands(case, clock):
            return None
        case.looked[pk] = self.now
        looked = _Done(clocks=[clock])
        if clock.is_missed(self.now) and clock.pk not in case.breaches:
            breach = self.ledger.breach_of(case, clock)
            looked.breaches += [breach] if breach is not None else []
        while (coming := escalation.next_step(case, clock, self.crowd)) is not None:
            if escalation.hands_over(coming.step, clock):
                return None
            looked.alerts.append(escalation.prepare(case, clock, coming, self.crowd))
            case.fired[pk].add(coming.step.pk)
            self.ledger.drop_fired(case, clock)
        if looked.breaches:
            case.breaches[pk] = looked.breaches[0]
        self.ledger.plan_on(case, clock)
        return looked

    def _alone(self, due: Clock) -> Exception | None:
        """Work on one clock, so that what fails is undone without the others; why it failed."""
        try:
            with transaction.atomic():
                if not self._held(Clock.objects.due(self.now).filter(pk=due.pk)):
                    return None
                counts = self._look(due)
        except Exception as error:  # one bad row must not stop the others
            _raise_if_hopeless(error)
            logger.exception("Clock %s could not be worked on.", due.pk)
            return error
        for name, count in counts.items():
            self.counts[name] += count
        return None

    def _put_off(self, failed: list[tuple[Clock, Exception]], *, all_of_them: bool) -> None:
        """Try them again later: an hour later, unless the reason lies outside of them."""
        for clock, error in failed:
            outside = all_of_them or isinstance(error, OUTSIDE)
            trouble = f"{type(error).__name__}: {error}"[:300]
            Clock.objects.due(self.now).filter(pk=clock.pk).update(
                next_at=self.now + (SOON if outside else LATER), trouble=trouble
            )
        self.counts["failed"] += len(failed)

    def _look(self, due: Clock) -> dict[str, int]:
        """Do what one clock is due for, each step once, in the order they fell due."""
        counts = {"fired": 0, "breached": 0, "reassigned": 0}
        case = self._case(due)
        while True:
            self.ledger.settle(case)
            clock = case.clock(due.pk)
            if clock is None or clock.state != Clock.State.RUNNING:
                return counts
            if clock.is_missed(self.now) and clock.pk not in case.breaches:
                self.ledger.stamp(case, clock)
                counts["breached"] += 1
            step = escalation.next_step(case, clock, self.crowd)
            if step is None:
                break
            alert = escalation.fire(case, clock, step, self.crowd)
            case.fired[clock.pk].add(step.step.pk)
            if alert is not None:
                counts["fired"] += 1
            if alert is not None and alert.reassigned:
                counts["reassigned"] += 1
                case = self._case(due)
        self.ledger.settle(case)
        return counts

    def _case(self, due: Clock) -> Case:
        case = self.ledger.load([_with_people().get(pk=due.handoff_id)])[due.handoff_id]
        case.looked[due.pk] = self.now
        return case


@dataclass
class _Done:
    """What telling people about some clocks comes to, to be written together."""

    clocks: list[Clock] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    breaches: list[Breach] = field(default_factory=list)

    def add(self, other: _Done) -> None:
        self.clocks += other.clocks
        self.alerts += other.alerts
        self.breaches += other.breaches

    def write(self, crowd: Crowd) -> None:
        escalation.write(self.alerts, crowd)
        Breach.objects.bulk_create(self.breaches)
        save_plans(self.clocks)


# What a database or a machine in trouble raises, whatever row is worked on
OUTSIDE = (OperationalError, InterfaceError, MemoryError)


def _raise_if_hopeless(error: Exception) -> None:
    """Let `error` go on up where going on makes no sense: no memory, or no connection."""
    if isinstance(error, MemoryError):
        raise error
    if isinstance(error, OUTSIDE) and not connection.is_usable():
        raise error


DEADLINE = ("next_due_at", "next_warn_at", "next_due_calendar_id")
ITS_PEOPLE = ("lead_source", "sdr_id", "owner_id", "territory_id")


def _held(known: Handoff) -> Handoff:
    """The handoff that a verb has just read, held like `_locked`; read anew where it is old."""
    row = Handoff.objects.filter(pk=known.pk).select_for_update(no_key=True).order_by()
    found = row.values(*DEADLINE, *ITS_PEOPLE).get()
    if any(getattr(known, name) != found[name] for name in ITS_PEOPLE):
        return _locked(known.pk)
    for name in DEADLINE:
        setattr(known, name, found[name])
    return known


def _locked(pk: int) -> Handoff:
    """The handoff as it stands, held until the end of the transaction with all of its clocks."""
    held: Handoff = _with_people().select_for_update(no_key=True, of=("self",)).get(pk=pk)
    return held


def _with_people() -> HandoffQuerySet:
    return Handoff.objects.select_related(
        "account", "sdr", "owner", "territory__calendar", "territory__manager"
    )
