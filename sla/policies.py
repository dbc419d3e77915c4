"""Which policy governs a handoff, and how its versions come into force; runs no clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from handoffs.models import LeadSource
from sla.models import ClockKind, EscalationStep, Policy, PolicyVersion, Target
from team.models import Territory, User

Action = EscalationStep.Action
ALWAYS_PROMISED = (ClockKind.ACCEPT, ClockKind.FIRST_CONTACT)


def active_version(lead_source: str, territory: Territory | None) -> PolicyVersion | None:
    """The version in force: the territory's own policy, else the one for everywhere."""
    return Book().version_at(lead_source, territory.pk if territory else None, None)


def new_draft(policy: Policy, note: str = "") -> tuple[PolicyVersion, bool]:
    """A draft to edit, and whether it was made just now: with the newest version’s numbers.

    A policy has one draft at a time; while there is one, that is it.
    """
    newest = policy.versions.order_by("-number").first()
    if newest is not None and not newest.is_locked:
        return newest, False
    with transaction.atomic():
        draft = PolicyVersion.objects.create(
            policy=policy, number=newest.number + 1 if newest else 1, note=note
        )
        if newest is not None:
            for row in (*newest.targets.all(), *newest.steps.all()):
                row.pk = None
                row._state.adding = True
                row.version = draft
                row.save(force_insert=True)
    return draft, True


def activate(version: PolicyVersion, *, by: User | None, at: datetime | None = None) -> None:
    """Put a draft in force for clocks that start from now on; running ones keep their promise.

    Retires the version before. ValidationError with a sentence for each thing to put right.
    """
    at = at or timezone.now()
    with transaction.atomic():
        Policy.objects.select_for_update().get(pk=version.policy_id)
        if PolicyVersion.objects.locked().filter(pk=version.pk).exists():
            raise ValidationError("This version has been in force already: make a new one.")
        if found := problems(version):
            raise ValidationError(found)
        others = PolicyVersion.objects.filter(policy=version.policy_id)
        if others.locked().filter(number__gt=version.number).exists():
            raise ValidationError("A later version has been in force: make a new draft of that.")
        others.active().update(state=PolicyVersion.State.RETIRED)
        PolicyVersion.objects.filter(pk=version.pk).update(
            state=PolicyVersion.State.ACTIVE, activated_at=at, activated_by=by
        )
    version.refresh_from_db()


def problems(version: PolicyVersion) -> list[str]:
    """What has to be put right before it can be in force, a sentence each."""
    targets = {target.kind: target for target in version.targets.all()}
    steps = list(version.steps.select_related("channel"))
    found = [
        f"Promise a time for “{kind.label}”." for kind in ALWAYS_PROMISED if kind not in targets
    ]
    for target in targets.values():
        label = target.get_kind_display()
        if target.warn_minutes is not None and target.warn_minutes >= target.limit_minutes:
            found.append(f"{label}: the warning has to come before the limit.")
    for kind in ClockKind:
        found += _step_problems(kind, targets.get(kind), [s for s in steps if s.kind == kind])
    return found


def _step_problems(
    kind: ClockKind, target: Target | None, steps: list[EscalationStep]
) -> list[str]:
    label = kind.label
    if target is None:
        if steps:
            return [f"{label}: no time is promised, so its steps would never come."]
        return []
    found = []
    offsets = [(step.offset(target.limit), step) for step in steps]
    first = {
        action: min((after for after, step in offsets if step.action == action), default=None)
        for action in Action
    }
    manager, upper = first[Action.MANAGER], first[Action.UPPER]
    if upper is not None and (manager is None or upper <= manager):
        found.append(f"{label}: the manager has to hear of it before the manager’s manager does.")
    if kind in ALWAYS_PROMISED and not any(step.action != Action.REMIND for step in steps):
        found.append(f"{label}: add a step that tells somebody besides the owner.")
    for (after, action), times in Counter((after, s.action) for after, s in offsets).items():
        if times > 1 and action != Action.CHANNEL:
            what = Action(action).label.lower()
            found.append(f"{label}: “{what}” stands {times} times at {_minutes(after)}.")
    for step in steps:
        try:
            step.clean()
        except ValidationError as error:
            found += [f"{label}, {step.when_text}: {sentence}" for sentence in error.messages]
        if step.channel is not None and not step.channel.is_enabled:
            found.append(f"{label}, {step.when_text}: {step.channel} is switched off.")
    return found


def _minutes(after: timedelta) -> str:
    return f"{after.total_seconds() / 60:g} min"


IN_TIMES_ORDER = (F("minutes_past").asc(nulls_first=True), "at_percent")


class Book:
    """The policies as one pass reads them: each question asked of the database once."""

    def __init__(self) -> None:
        self._versions: dict[tuple[str, int | None], list[PolicyVersion]] = {}
        self._targets: dict[int, dict[str, Target]] = {}
        self._steps: dict[int, list[EscalationStep]] = {}

    def read(self, lead_source: str, places: Iterable[int | None]) -> None:
        """Ask at once for what `version_at` needs of these territories, and of everywhere (None).

        The versions, by number, of each place's policy that has one in force; else none.
        """
        new = [place for place in places if (lead_source, place) not in self._versions]
        if not new:
            return
        here = Q(policy__territory__in=[place for place in new if place is not None])
        if None in new:
            here |= Q(policy__territory=None)
        rows = PolicyVersion.objects.locked().filter(here, policy__lead_source=lead_source)
        found: dict[int | None, list[PolicyVersion]] = {place: [] for place in new}
        for row in rows.select_related("policy").order_by("number"):
            found[row.policy.territory_id].append(row)
        for place, versions in found.items():
            in_force = any(row.state == PolicyVersion.State.ACTIVE for row in versions)
            self._versions[lead_source, place] = versions if in_force else []

    def version_at(
        self, lead_source: str, territory_id: int | None, at: datetime | None
    ) -> PolicyVersion | None:
        """The version in force at `at` (None: the newest): the territory's own, else everywhere's.

        What happened before the first version came into force is judged by that one. None where
        no policy is in force now.
        """
        places = dict.fromkeys((territory_id, None))
        self.read(lead_source, places)
        for place in places:
            if versions := self._versions[lead_source, place]:
                begun = [
                    v for v in versions if at is None or not v.activated_at or v.activated_at <= at
                ]
                return begun[-1] if begun else versions[0]
        return None

    def target(self, version_id: int, kind: str) -> Target | None:
        if version_id not in self._targets:
            rows = Target.objects.filter(version=version_id).order_by()
            self._targets[version_id] = {row.kind: row for row in rows}
        return self._targets[version_id].get(kind)

    def steps(self, version_id: int, kind: str) -> list[EscalationStep]:
        if version_id not in self._steps:
            rows = EscalationStep.objects.filter(version=version_id).select_related("channel")
            self._steps[version_id] = list(rows.order_by("kind", *IN_TIMES_ORDER, "pk"))
        return [step for step in self._steps[version_id] if step.kind == kind]


def missing_policy(lead_source: str, territory: Territory | None) -> str:
    """The sentence for a handoff that no policy promises anything about."""
    source = LeadSource(lead_source).label
    where = f" in {territory}" if territory else ""
    return (
        f"No SLA policy is in force for “{source}”{where}. "
        "Ask an admin to activate one, then submit again."
    )
