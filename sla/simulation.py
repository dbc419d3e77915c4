"""A policy tried on the past: which promises it would have missed, and whom it would have woken.

The log of what really happened is measured twice, by the promises that were made and by those of
another version: nothing is written. It says what the same work would have looked like under other
promises, not how people would have behaved: nobody is reassigned in a replay.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from handoffs.models import Handoff
from handoffs.querysets import HandoffQuerySet
from sla.ledger import FOR_AN_OWNER, Case, Ledger
from sla.models import Clock, ClockKind, EscalationStep, PolicyVersion, Target
from sla.models.policy import OF_THE_OWNER
from sla.script import Script
from sla.timeline import Measure, measure
from team.business_time import BusinessHours

MOST_HANDOFFS = 20_000  # the newest of a window; more take minutes
BATCH = 500
NAMED = 20  # handoffs of each kind of difference that are listed
AROUND_THE_CLOCK = BusinessHours.around_the_clock()


@dataclass
class Side:
    """What came of the promises: counts by promise, by step, and of missed ones by person."""

    clocks: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    steps: Counter[str] = field(default_factory=Counter)
    people: Counter[int | None] = field(default_factory=Counter)


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
) -> Trial:
    """Replay the handoffs of the version's lead source and territory, submitted in [since, until).

    `limits` replaces limits of the version by promise. Clocks that still run are measured at `now`.
    """
    trial = Trial(since, until)
    rows = _rows(version, since, until)
    ids = list(rows.values_list("pk", flat=True)[: MOST_HANDOFFS + 1])
    trial.is_cut = len(ids) > MOST_HANDOFFS
    promised = _Promised(version, limits or {})
    for batch in _batches(ids[:MOST_HANDOFFS]):
        ledger = Ledger()
        handoffs = Handoff.objects.filter(pk__in=batch).select_related(
            "territory__calendar", "owner__calendar", "sdr__calendar"
        )
        cases = ledger.load(handoffs)
        for case in cases.values():
            trial.handoffs += 1
            _replay(trial, case, ledger, promised, now)
    return trial


def _rows(version: PolicyVersion, since: datetime, until: datetime) -> HandoffQuerySet:
    policy = version.policy
    rows = Handoff.objects.filter(
        lead_source=policy.lead_source, submitted_at__gte=since, submitted_at__lt=until
    )
    if policy.territory_id is not None:
        rows = rows.filter(territory=policy.territory_id)
    newest: HandoffQuerySet = rows.order_by("-submitted_at", "-pk")
    return newest


class _Promised:
    """The targets and steps of the version that is tried."""

    def __init__(self, version: PolicyVersion, limits: Mapping[str, timedelta]) -> None:
        self.targets: dict[str, Target] = {row.kind: row for row in version.targets.all()}
        self.limits = {kind: row.limit for kind, row in self.targets.items()} | dict(limits)
        self.steps: dict[str, list[EscalationStep]] = {}
        for step in version.steps.all():
            self.steps.setdefault(step.kind, []).append(step)


def _replay(trial: Trial, case: Case, ledger: Ledger, promised: _Promised, now: datetime) -> None:
    was_missed = would_miss = False
    for one in ledger.scripts_of(case):
        clock = case.clocks.get(one.key)
        if clock is not None:
            made = _measured(clock.hours(), one, clock.limit, now)
            trial.differs += made.met == clock.is_missed(now)
            was_missed |= not made.met
            steps = ledger.book.steps(clock.policy_version_id, one.kind)
            _count(trial.before, one, made, clock.hours(), clock.limit, steps, now)
        target = promised.targets.get(one.kind)
        if target is None:
            continue
        limit = promised.limits[one.kind]
        hours = _hours(target, case, clock, ledger)
        tried = _measured(hours, one, limit, now)
        would_miss |= not tried.met
        _count(trial.after, one, tried, hours, limit, promised.steps.get(one.kind, []), now)
    if would_miss and not was_missed:
        trial.newly_missed.append(case.handoff.pk)
    elif was_missed and not would_miss:
        trial.newly_kept.append(case.handoff.pk)


def _count(
    side: Side,
    one: Script,
    reading: Measure,
    hours: BusinessHours,
    limit: timedelta,
    steps: list[EscalationStep],
    now: datetime,
) -> None:
    side.clocks[one.kind] += 1
    if not reading.met:
        side.missed[one.kind] += 1
        side.people[one.held_by(reading.due) if reading.due else one.holder] += 1
    for step in steps:
        if one.cycle and one.kind in OF_THE_OWNER and step.action not in FOR_AN_OWNER:
            continue  # the handoff's own clock alerts the managers, an owner's does not
        # A step fires when its time is used up while the clock runs
        if _measured(hours, one, step.offset(limit), now).elapsed >= step.offset(limit):
            side.steps[step.action] += 1


def _measured(hours: BusinessHours, one: Script, limit: timedelta, now: datetime) -> Measure:
    return measure(hours, one.marks, limit, max(now, one.last_at))


def _hours(target: Target, case: Case, clock: Clock | None, ledger: Ledger) -> BusinessHours:
    """The hours that the promise runs in: as pinned then, where it was made in business hours."""
    if target.hours != Target.Hours.BUSINESS:
        return AROUND_THE_CLOCK
    if clock is not None and clock.calendar_version_id:
        return clock.hours()
    calendar = ledger.calendar_of(case.handoff)
    return calendar.hours() if calendar else AROUND_THE_CLOCK


def _batches(ids: list[int]) -> Iterator[list[int]]:
    feed = iter(ids)
    while batch := list(islice(feed, BATCH)):
        yield batch
