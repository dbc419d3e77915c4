"""A policy tried on the past: which promises it would have missed, and whom it would have woken.

The log of what really happened is measured twice, by the promises that were made and by those of
another version, in another calendar or with other backups: nothing is written. It says what the
same work would have looked like, not how people would have behaved: nobody is reassigned in a
replay.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple

from handoffs.models import Handoff
from handoffs.querysets import HandoffQuerySet
from sla.ledger import BESIDE_AN_OWNER, FOR_AN_OWNER, Case, Ledger
from sla.models import Clock, ClockKind, EscalationStep, PolicyVersion, Target
from sla.models.policy import OF_THE_OWNER
from sla.past import Past, is_night
from sla.script import Script
from sla.timeline import Measure, measure
from team.business_time import BusinessHours
from team.models import Territory, User

Action = EscalationStep.Action
MOST_HANDOFFS = 20_000  # the newest of a window; more take minutes
BATCH = 500
SWEPT = timedelta(minutes=15)  # what fell due since may not have been looked at yet
AROUND_THE_CLOCK = BusinessHours.around_the_clock()


@dataclass
class Side:
    """What came of the promises: counts by promise, by step and by person.

    `people` held what was missed; `woken` would have been told, `nights` of these at night.
    """

    clocks: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    steps: Counter[str] = field(default_factory=Counter)
    people: Counter[int | None] = field(default_factory=Counter)
    woken: Counter[int | None] = field(default_factory=Counter)
    nights: Counter[int | None] = field(default_factory=Counter)


@dataclass
class Trial:
    """A policy version beside what was really promised, over handoffs submitted in a window."""

    since: datetime
    until: datetime
    before: Side = field(default_factory=Side)
    after: Side = field(default_factory=Side)
    handoffs: int = 0
    is_cut: bool = False  # there were more than MOST_HANDOFFS
    newly_missed: list[int] = field(default_factory=list)
    newly_kept: list[int] = field(default_factory=list)
    differs: int = 0  # clocks whose replay is not what their row says; 0, or the replay is wrong
    alerts_differ: int = 0  # steps that fired and should not have, or the other way round

    def kinds(self) -> list[ClockKind]:
        return [kind for kind in ClockKind if self.before.clocks[kind] or self.after.clocks[kind]]

    def actions(self) -> list[EscalationStep.Action]:
        known = EscalationStep.Action
        return [one for one in known if self.before.steps[one] or self.after.steps[one]]


def try_out(
    version: PolicyVersion,
    *,
    since: datetime,
    until: datetime,
    now: datetime,
    limits: Mapping[str, timedelta] | None = None,
    hours: BusinessHours | None = None,
) -> Trial:
    """Replay the handoffs of the version's lead source and territory, submitted in [since, until).

    `limits` replaces limits of the version by promise, `hours` the business hours everywhere.
    Clocks that still run are measured at `now`.
    """
    trial = Trial(since, until)
    then = Past()
    promised = _Promised(version, limits or {}, hours, then)
    for case, ledger in _cases(trial, _rows(version, since, until)):
        _replay(trial, case, ledger, promised, then, now)
    return trial


def try_coverage(
    territory: Territory,
    backups: Sequence[User],
    *,
    since: datetime,
    until: datetime,
    now: datetime,
) -> Trial:
    """Replay the promises that were made in a territory with other backups, in order."""
    trial = Trial(since, until)
    rows = Handoff.objects.filter(
        territory=territory, submitted_at__gte=since, submitted_at__lt=until
    )
    then, tried = Past(), Past({territory.pk: backups})
    for case, ledger in _cases(trial, rows):
        for run in _made(trial, case, ledger, then, now):
            _count(trial.after, run._replace(past=tried))
    return trial


def _cases(trial: Trial, rows: HandoffQuerySet) -> Iterator[tuple[Case, Ledger]]:
    """The newest of these handoffs, each with the ledger it was read by."""
    newest = rows.order_by("-submitted_at", "-pk").values_list("pk", flat=True)
    ids = list(newest[: MOST_HANDOFFS + 1])
    trial.is_cut = len(ids) > MOST_HANDOFFS
    for batch in _batches(ids[:MOST_HANDOFFS]):
        ledger = Ledger()
        handoffs = Handoff.objects.filter(pk__in=batch).select_related(
            "territory__calendar", "territory__manager", "owner__calendar", "sdr__calendar"
        )
        for case in ledger.load(handoffs).values():
            trial.handoffs += 1
            yield case, ledger


def _made(trial: Trial, case: Case, ledger: Ledger, then: Past, now: datetime) -> Iterator[_Run]:
    """The promises as they were made, counted and held against what is on record."""
    for one in ledger.scripts_of(case):
        clock = case.clocks.get(one.key)
        if clock is None:
            continue
        steps = ledger.book.steps(clock.policy_version_id, one.kind)
        run = _Run(case, one, clock.hours(), clock.limit, steps, then, now)
        _count(trial.before, run)
        trial.differs += run.reading().met == clock.is_missed(now)
        due = {step.pk: at for step, at in fired(run)}
        on_record = case.fired[clock.pk]
        waiting = {pk for pk, at in due.items() if pk not in on_record and now - at < SWEPT}
        trial.alerts_differ += len((due.keys() - waiting) ^ on_record)
        yield run


def _rows(version: PolicyVersion, since: datetime, until: datetime) -> HandoffQuerySet:
    policy = version.policy
    rows: HandoffQuerySet = Handoff.objects.filter(
        lead_source=policy.lead_source, submitted_at__gte=since, submitted_at__lt=until
    )
    if policy.territory_id is not None:
        rows = rows.filter(territory=policy.territory_id)
    return rows


class _Promised:
    """The targets and steps of the version that is tried, with what is tried instead of them."""

    def __init__(
        self,
        version: PolicyVersion,
        limits: Mapping[str, timedelta],
        hours: BusinessHours | None,
        past: Past,
    ) -> None:
        self.targets: dict[str, Target] = {row.kind: row for row in version.targets.all()}
        self.limits = {kind: row.limit for kind, row in self.targets.items()} | dict(limits)
        self.steps: dict[str, list[EscalationStep]] = {}
        for step in version.steps.all():
            self.steps.setdefault(step.kind, []).append(step)
        self.business_hours = hours
        self.past = past


def _replay(
    trial: Trial, case: Case, ledger: Ledger, promised: _Promised, then: Past, now: datetime
) -> None:
    was_missed = would_miss = False
    for run in _made(trial, case, ledger, then, now):
        was_missed |= not run.reading().met
    for one in case.scripts.values():
        if (target := promised.targets.get(one.kind)) is not None:
            clock = case.clocks.get(one.key)
            hours = _hours(target, case, clock, ledger, promised.business_hours)
            limit, steps = promised.limits[one.kind], promised.steps.get(one.kind, [])
            run = _Run(case, one, hours, limit, steps, promised.past, now)
            would_miss |= not run.reading().met
            _count(trial.after, run)
    if would_miss and not was_missed:
        trial.newly_missed.append(case.handoff.pk)
    elif was_missed and not would_miss:
        trial.newly_kept.append(case.handoff.pk)


class _Run(NamedTuple):
    """One promise on one handoff, as it was made or as it is tried."""

    case: Case
    one: Script
    hours: BusinessHours
    limit: timedelta
    steps: Sequence[EscalationStep]
    past: Past
    now: datetime

    def reading(self, limit: timedelta | None = None) -> Measure:
        """How it stands; of another limit than its own, if one is given."""
        until = max(self.now, self.one.last_at)
        return measure(self.hours, self.one.marks, self.limit if limit is None else limit, until)


def _count(side: Side, run: _Run) -> None:
    one, reading = run.one, run.reading()
    side.clocks[one.kind] += 1
    if not reading.met:
        side.missed[one.kind] += 1
        side.people[one.held_by(reading.due) if reading.due else one.holder] += 1
    for step, at in fired(run):
        side.steps[step.action] += 1
        for user in run.past.told(step, one, run.case, at):
            side.woken[user.pk] += 1
            side.nights[user.pk] += is_night(user, at)


def fired(run: _Run) -> Iterator[tuple[EscalationStep, datetime]]:
    """The steps that the promise would have come to, each with its instant.

    A step fires when its time is used up while the clock runs; the one to the backup as soon as
    the holder is away. The handoff's own clock leaves to an owner's what is asked of an owner.
    """
    one, is_shared = run.one, run.one.kind in OF_THE_OWNER
    for step in run.steps:
        offset = step.offset(run.limit)
        reading = run.reading(offset)
        at = reading.due if reading.elapsed >= offset else None
        if step.action == Action.BACKUP and is_shared:
            until = at or (one.last_at if one.is_over else run.now)
            away = run.past.first_away(one.holders[0][1], one.started_at, until)
            at = away or at
        if at is None:
            continue
        if is_shared and one.cycle and step.action not in FOR_AN_OWNER:
            continue
        asks_an_owner = is_shared and not one.cycle and step.action not in BESIDE_AN_OWNER
        if asks_an_owner and _has_owners_clock(run, at, by_it=step.action == Action.BACKUP):
            continue
        yield step, at


def _has_owners_clock(run: _Run, at: datetime, *, by_it: bool) -> bool:
    """Whether an owner after the first had a clock of their own at that instant.

    `by_it` leaves out a clock that starts just then: the step itself may have handed over.
    """
    return any(
        other.kind == run.one.kind
        and other.cycle
        and (other.started_at < at or (other.started_at == at and not by_it))
        and not (other.is_over and other.last_at <= at)
        for other in run.case.scripts.values()
    )


def _hours(
    target: Target,
    case: Case,
    clock: Clock | None,
    ledger: Ledger,
    instead: BusinessHours | None,
) -> BusinessHours:
    """The hours that the promise runs in: as pinned then, where it was made in business hours."""
    if target.hours != Target.Hours.BUSINESS:
        return AROUND_THE_CLOCK
    if instead is not None:
        return instead
    if clock is not None and clock.calendar_version_id:
        return clock.hours()
    calendar = ledger.calendar_of(case.handoff)
    return calendar.hours() if calendar else AROUND_THE_CLOCK


def _batches(ids: list[int]) -> Iterator[list[int]]:
    feed = iter(ids)
    while batch := list(islice(feed, BATCH)):
        yield batch
