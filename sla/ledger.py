"""Brings clock rows in line with the log of their handoffs; decides nothing about lateness.

The log is the truth. `Ledger.load` reads a few handoffs in a fixed number of queries, `derive`
computes what their clocks have to say, `store` writes what differs. So an event applied twice, a
rebuild and having lived through it all come to the same rows.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

from handoffs.models import Handoff, HandoffEvent, Meeting
from handoffs.models.event import EventKind
from sla import breaches, script, spans
from sla.models import Breach, Clock, ClockKind, Escalation, EscalationStep, Target
from sla.models.clock import AROUND_THE_CLOCK
from sla.policies import Book
from sla.script import Entry, Script, Slot
from sla.timeline import Measure, measure
from team.business_time import ZERO, BusinessHours
from team.models import Absence, CalendarVersion, Territory, User

Action = EscalationStep.Action
# What is asked of an owner runs in the owner's cycle, what is owed to the prospect on the
# handoff's own clock; the manager hears of both.
FOR_AN_OWNER = frozenset({Action.REMIND, Action.MANAGER, Action.BACKUP})
BESIDE_AN_OWNER = frozenset({Action.MANAGER, Action.UPPER, Action.CHANNEL})
AN_INSTANT = timedelta(microseconds=1)


class Coming(NamedTuple):
    """A step that has not fired, and when it falls due."""

    step: EscalationStep
    at: datetime


@dataclass
class Case:
    """One handoff with its log, its clocks and what has been done about them."""

    handoff: Handoff
    log: list[Entry] = field(default_factory=list)
    meetings: list[Slot] = field(default_factory=list)
    clocks: dict[tuple[str, int], Clock] = field(default_factory=dict)
    fired: dict[int, set[int]] = field(default_factory=dict)  # steps by clock
    breaches: dict[int, Breach] = field(default_factory=dict)  # by clock
    no_backup: bool = False  # nobody could take it over when somebody had to
    scripts: dict[tuple[str, int], Script] = field(default_factory=dict)
    coming: dict[tuple[str, int], list[Coming]] = field(default_factory=dict)  # in time's order
    looked: dict[int, datetime] = field(default_factory=dict)  # by clock: when the sweep was there

    @property
    def last_at(self) -> datetime | None:
        return self.log[-1].at if self.log else None

    def owners(self) -> set[int]:
        """Everybody who has had it."""
        return {entry.owner for entry in self.log if entry.owner is not None}

    def clock(self, pk: int) -> Clock | None:
        return next((clock for clock in self.clocks.values() if clock.pk == pk), None)


class Ledger:
    """Loads, derives and stores; keeps the policies and calendars it has read for one pass."""

    def __init__(self) -> None:
        self.book = Book()
        self._calendars: dict[int, CalendarVersion | None] = {}
        self._absences: dict[tuple[int, datetime], datetime | None] = {}
        self.records = breaches.Records([])

    def load(self, handoffs: Iterable[Handoff]) -> dict[int, Case]:
        """The cases of these handoffs by id, in a fixed number of queries."""
        cases = {handoff.pk: Case(handoff) for handoff in handoffs}
        self.records = breaches.Records(cases)
        events = HandoffEvent.objects.filter(handoff__in=cases, kind__in=script.MOVES_CLOCKS)
        rows = events.order_by("occurred_at", "pk")
        accepted = set()
        for pk, kind, at, owner in rows.values_list(
            "handoff_id", "kind", "occurred_at", "owner_id"
        ):
            cases[pk].log.append(Entry(kind, at, owner))
            if kind == EventKind.ACCEPTED:
                accepted.add(pk)
        if accepted:
            self._load_meetings(cases, accepted)
        clocks = Clock.objects.filter(handoff__in=cases).select_related(
            "calendar_version", "breach"
        )
        for clock in clocks.order_by("pk"):
            case = cases[clock.handoff_id]
            case.clocks[clock.kind, clock.cycle] = clock
            case.fired[clock.pk] = set()
            if hasattr(clock, "breach"):
                case.breaches[clock.pk] = clock.breach
        if any(case.clocks for case in cases.values()):
            self._load_fired(cases)
        return cases

    def _load_fired(self, cases: dict[int, Case]) -> None:
        fired = Escalation.objects.filter(clock__handoff__in=cases).order_by()
        for pk, clock_id, step_id, action, outcome in fired.values_list(
            "clock__handoff_id", "clock_id", "step_id", "action", "outcome"
        ):
            cases[pk].fired[clock_id].add(step_id)
            if action == Action.BACKUP and outcome.startswith(breaches.NO_BACKUP):
                cases[pk].no_backup = True

    def _load_meetings(self, cases: dict[int, Case], accepted: set[int]) -> None:
        meetings = Meeting.objects.filter(handoff__in=accepted).order_by("pk")
        for pk, starts_at, minutes, status, outcome_at in meetings.values_list(
            "handoff_id", "starts_at", "minutes", "status", "outcome_at"
        ):
            ends_at = starts_at + timedelta(minutes=minutes)
            cases[pk].meetings.append(Slot(ends_at, status, outcome_at))

    def settle(self, case: Case) -> None:
        """Make the rows say what the log says, the handoff's next deadline included."""
        if not case.log:
            return
        self._read(case)
        self._drop_unexplained(case)
        fresh: list[Clock] = []
        for one in case.scripts.values():
            clock = case.clocks.get(one.key) or self._start(case.handoff, one)
            if clock is None:
                continue
            if clock.pk is None:
                fresh.append(clock)
                case.clocks[one.key] = clock
            before = _values(clock)
            self._derive(case, one, clock)
            self._plan(case, one, clock)
            self._note_plan(case, one, clock)
            after = _values(clock)
            if clock.pk is not None and before != after:
                changed = {name: value for name, value in after.items() if before[name] != value}
                Clock.objects.filter(pk=clock.pk).update(**changed)
        if fresh:
            Clock.objects.bulk_create(fresh)
            case.fired |= {clock.pk: set() for clock in fresh}
        self._settle_breaches(case)
        self._note_next_deadline(case)

    def stands(self, case: Case, clock: Clock) -> bool:
        """Whether a running clock's row says what the log says, read without writing anything.

        Then what is coming on it is known as well, for the sweep to act on.
        """
        if not case.scripts:
            self._read(case)
        one = case.scripts.get((clock.kind, clock.cycle))
        if one is None or clock.state != Clock.State.RUNNING:
            return False
        before = {name: getattr(clock, name) for name in STANDING}
        self._derive(case, one, clock)
        self._plan(case, one, clock)
        return all(getattr(clock, name) == value for name, value in before.items())

    def plan_on(self, case: Case, clock: Clock) -> None:
        """Plan what comes after the steps that have fired since; nothing is written."""
        self._note_plan(case, case.scripts[clock.kind, clock.cycle], clock)

    def drop_fired(self, case: Case, clock: Clock) -> None:
        """Take the steps that have fired since off the list of what is coming."""
        key, fired = (clock.kind, clock.cycle), case.fired[clock.pk]
        case.coming[key] = [one for one in case.coming[key] if one.step.pk not in fired]

    def _read(self, case: Case) -> None:
        stories = script.read(case.log, case.handoff.sdr_id, case.meetings)
        case.scripts = {story.key: story for story in stories}

    def scripts_of(self, case: Case) -> list[Script]:
        """The stories of the case's clocks as the log tells them; nothing is written."""
        self._read(case)
        return list(case.scripts.values())

    def keep_spans(self, case: Case) -> None:
        """Write how long it took between its milestones."""
        spans.keep(case.handoff, case.log, lambda: self.calendar_of(case.handoff))

    def calendar_of(self, handoff: Handoff) -> CalendarVersion | None:
        """The business hours its promises run in: the territory's, else its owner's or author's.

        None, around the clock, where there is no calendar or it has no opening hours.
        """
        territory: Territory | None = handoff.territory
        person: User = handoff.owner or handoff.sdr
        calendar = territory.calendar if territory else person.calendar
        if calendar is None:
            return None
        if calendar.pk not in self._calendars:
            try:
                self._calendars[calendar.pk] = calendar.current_version()
            except ValueError:
                self._calendars[calendar.pk] = None
        return self._calendars[calendar.pk]

    def _start(self, handoff: Handoff, one: Script) -> Clock | None:
        """A new clock with the promise in force when it started; None where none is made."""
        version = self.book.version_at(handoff.lead_source, handoff.territory_id, one.started_at)
        target = self.book.target(version.pk, one.kind) if version else None
        if version is None or target is None:
            return None
        business = target.hours == Target.Hours.BUSINESS
        return Clock(
            handoff=handoff,
            kind=one.kind,
            cycle=one.cycle,
            policy_version=version,
            calendar_version=self.calendar_of(handoff) if business else None,
            limit_seconds=round(target.limit.total_seconds()),
            warn_seconds=round(target.warn.total_seconds()),
        )

    def _derive(self, case: Case, one: Script, clock: Clock) -> None:
        hours, until = clock.hours(), one.last_at
        reading = _reach(hours, one, clock.limit)
        clock.holder_id = one.holder
        clock.state = reading.state
        clock.started_at = one.started_at
        clock.stopped_at = until if reading.state == "stopped" else None
        clock.resumed_at = until if reading.state == "running" else None
        clock.elapsed_seconds = _seconds(reading.elapsed)
        clock.wall_seconds = _seconds(_reach(AROUND_THE_CLOCK, one, clock.limit).elapsed)
        clock.warn_at = _reach(hours, one, timedelta(seconds=clock.warn_seconds)).due
        clock.due_at = reading.due
        clock.late_after = hours.add(reading.due, ZERO) if reading.due else None

    def _plan(self, case: Case, one: Script, clock: Clock) -> None:
        """Which steps come when; nothing is written down yet."""
        case.coming[one.key] = coming = []
        if clock.state == Clock.State.RUNNING:
            hours = clock.hours()
            fired = case.fired.get(clock.pk, set())
            for step in self.steps(case, one, clock):
                at = _reach(hours, one, step.offset(clock.limit)).due
                if at is not None and step.pk not in fired:
                    coming.append(Coming(step, at))
            coming.sort(key=_time)

    def _note_plan(self, case: Case, one: Script, clock: Clock) -> None:
        """Write down what is coming, and when the sweep has to look next."""
        coming = case.coming[one.key]
        clock.plan = [[step.pk, at.isoformat()] for step, at in coming]
        clock.next_at, clock.trouble = None, ""
        if clock.state != Clock.State.RUNNING:
            return
        looks = [at for _, at in coming[:1]]
        if clock.late_after is None:
            clock.trouble = "It never falls due: its calendar has no open time ahead."
        elif clock.pk not in case.breaches:
            looks.append(clock.late_after + AN_INSTANT)
        if clock.holder_id and any(step.action == Action.BACKUP for step, _ in coming):
            looks += self._absence(clock.holder_id, one, case.looked.get(clock.pk))
        clock.next_at = min(looks, default=None)

    def steps(self, case: Case, one: Script, clock: Clock) -> list[EscalationStep]:
        """The steps of this clock, fired or not."""
        steps = self.book.steps(clock.policy_version_id, clock.kind)
        if one.kind not in (ClockKind.ACCEPT, ClockKind.FIRST_CONTACT):
            return steps
        if one.cycle:
            return [step for step in steps if step.action in FOR_AN_OWNER]
        if any(s.kind == one.kind and s.cycle and not s.is_over for s in case.scripts.values()):
            return [step for step in steps if step.action in BESIDE_AN_OWNER]
        return steps

    def _absence(self, person: int, one: Script, looked_at: datetime | None) -> Iterator[datetime]:
        """When its holder is away next: the backup step comes at once then."""
        after = looked_at or one.last_at
        if (person, after) not in self._absences:
            absences = Absence.objects.filter(user=person).order_by("starts_at")
            left = (
                absences.filter(starts_at__gt=after)
                if looked_at
                else absences.filter(ends_at__gt=after)
            )
            self._absences[person, after] = left.values_list("starts_at", flat=True).first()
        if begins := self._absences[person, after]:
            yield max(begins, one.last_at)

    def _drop_unexplained(self, case: Case) -> None:
        """Clocks that the log no longer speaks of, such as of a meeting that was moved in time."""
        for key in [key for key in case.clocks if key not in case.scripts]:
            clock = case.clocks.pop(key)
            if case.fired[clock.pk] or clock.pk in case.breaches:
                values: dict[str, Any] = {"state": Clock.State.STOPPED, "plan": [], "next_at": None}
                stopped = {"stopped_at": case.last_at, "resumed_at": None}
                Clock.objects.filter(pk=clock.pk).exclude(state="stopped").update(
                    **values, **stopped
                )
            else:
                clock.delete()

    def _settle_breaches(self, case: Case) -> None:
        """Stamp what was missed before it stopped or paused; withdraw what was not missed."""
        for clock in case.clocks.values():
            breach = case.breaches.get(clock.pk)
            holds = clock.elapsed_seconds > clock.limit_seconds
            if clock.state == Clock.State.RUNNING and breach is not None:
                # The sweep stamps what is missed since; only a deadline that moved undoes that
                holds = holds or clock.due_at == breach.fell_due_at
            if breach is not None and not holds:
                breach.delete()
                del case.breaches[clock.pk]
            elif breach is None and holds:
                self.stamp(case, clock)

    def stamp(self, case: Case, clock: Clock) -> None:
        """Record the breach of a clock, at the instant it fell due."""
        breach = self.breach_of(case, clock)
        if breach is not None:
            breach.save(force_insert=True)
            case.breaches[clock.pk] = breach

    def breach_of(self, case: Case, clock: Clock) -> Breach | None:
        """The breach of a clock that was missed, not saved yet; None if it never falls due."""
        if clock.due_at is None:
            return None
        return breaches.stamp(
            clock,
            clock.due_at,
            case.scripts[clock.kind, clock.cycle].held_by(clock.due_at),
            log=case.log,
            no_backup=case.no_backup,
            records=self.records,
        )

    def _note_next_deadline(self, case: Case) -> None:
        running = (c for c in case.clocks.values() if c.state == Clock.State.RUNNING)
        coming = [(c.due_at, c.pk, c) for c in running if c.due_at is not None]
        first = min(coming, default=(None, 0, None))[2]
        values = {
            "next_due_at": first.due_at if first else None,
            "next_warn_at": first.warn_at if first else None,
            "next_due_calendar_id": first.calendar_version_id if first else None,
        }
        handoff = case.handoff
        if any(getattr(handoff, name) != value for name, value in values.items()):
            Handoff.objects.filter(pk=handoff.pk).update(**values)
            for name, value in values.items():
                setattr(handoff, name, value)


STANDING = (
    "holder_id",
    "state",
    "started_at",
    "stopped_at",
    "elapsed_seconds",
    "wall_seconds",
    "resumed_at",
    "warn_at",
    "due_at",
    "late_after",
)
DERIVED = (*STANDING, "plan", "next_at", "trouble")


def save_plans(clocks: Sequence[Clock]) -> None:
    """Write when each clock comes up next, and with what."""
    written = {"plan", "next_at", "trouble"}
    fields = [field for field in Clock._meta.concrete_fields if field.name in written]
    pairs = ", ".join(f"{connection.ops.quote_name(f.name)} = %s" for f in fields)
    rows = [
        [*(f.get_db_prep_save(getattr(clock, f.attname), connection) for f in fields), clock.pk]
        for clock in clocks
    ]
    if rows:
        table = connection.ops.quote_name(Clock._meta.db_table)
        with connection.cursor() as cursor:
            cursor.executemany(f"UPDATE {table} SET {pairs} WHERE id = %s", rows)  # noqa: S608


def _reach(hours: BusinessHours, one: Script, target: timedelta) -> Measure:
    """How a clock with this story stands towards `target` at its last mark."""
    if len(one.marks) == 1:  # it has only started, as most have that the sweep looks at
        begun = one.marks[0][0]
        return Measure(ZERO, hours.add(begun, target), "running", True)
    return measure(hours, one.marks, target, one.last_at)


def _values(clock: Clock) -> dict[str, Any]:
    return {name: getattr(clock, name) for name in DERIVED}


def _seconds(span: timedelta) -> int:
    """Whole seconds, rounded up, so that a second past the limit stays past it."""
    return math.ceil(span.total_seconds())


def _time(one: Coming) -> tuple[datetime, int]:
    return one.at, one.step.pk
