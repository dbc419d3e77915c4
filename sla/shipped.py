"""The policies the product comes with, put in force once; whatever an admin made of them stays."""

from __future__ import annotations

from typing import NamedTuple

from django.db import transaction

from handoffs.models import LeadSource
from sla import policies
from sla.models import ClockKind, EscalationStep, Policy, PolicyVersion, Target

Hours, Action = Target.Hours, EscalationStep.Action


class Promise(NamedTuple):
    kind: ClockKind
    warn: int | None  # minutes, as all numbers here; None: three quarters of the limit
    limit: int
    hours: Target.Hours


class Step(NamedTuple):
    kind: ClockKind
    action: EscalationStep.Action
    percent: int | None
    past: int | None = None


# What no lead source changes: the SDR’s answer to a question, the outcome after the call
EVERYWHERE = (
    Promise(ClockKind.ANSWER, None, 480, Hours.BUSINESS),
    Promise(ClockKind.DISPOSITION, 24 * 60, 48 * 60, Hours.AROUND),
)
TIERS: dict[LeadSource, tuple[Promise, ...]] = {
    LeadSource.INBOUND: (
        Promise(ClockKind.ACCEPT, None, 60, Hours.AROUND),
        Promise(ClockKind.FIRST_CONTACT, 60, 240, Hours.AROUND),
    ),
    LeadSource.OUTBOUND: (
        Promise(ClockKind.ACCEPT, None, 240, Hours.BUSINESS),
        Promise(ClockKind.FIRST_CONTACT, 240, 480, Hours.BUSINESS),
    ),
    LeadSource.MEETING: (
        Promise(ClockKind.ACCEPT, None, 240, Hours.BUSINESS),
        Promise(ClockKind.FIRST_CONTACT, 120, 240, Hours.BUSINESS),
    ),
    LeadSource.MQL: (
        Promise(ClockKind.ACCEPT, None, 480, Hours.BUSINESS),
        Promise(ClockKind.FIRST_CONTACT, 960, 1440, Hours.BUSINESS),
        Promise(ClockKind.CONFIRMATION, None, 120, Hours.BUSINESS),
    ),
}
STEPS = (
    Step(ClockKind.ACCEPT, Action.REMIND, 50),
    Step(ClockKind.ACCEPT, Action.MANAGER, 100),
    Step(ClockKind.ACCEPT, Action.BACKUP, None, 30),
    Step(ClockKind.ACCEPT, Action.UPPER, None, 120),
    Step(ClockKind.FIRST_CONTACT, Action.REMIND, 75),
    Step(ClockKind.FIRST_CONTACT, Action.MANAGER, 100),
    Step(ClockKind.FIRST_CONTACT, Action.UPPER, None, 240),
    Step(ClockKind.CONFIRMATION, Action.REMIND, 75),
    Step(ClockKind.CONFIRMATION, Action.MANAGER, 100),
    Step(ClockKind.ANSWER, Action.REMIND, 75),
    Step(ClockKind.ANSWER, Action.MANAGER, 100),
    Step(ClockKind.DISPOSITION, Action.REMIND, 75),
    Step(ClockKind.DISPOSITION, Action.MANAGER, 100),
)


def ship() -> None:
    """Put the default policies in force where a lead source has none; doing it again is safe."""
    with transaction.atomic():
        for source, promises in TIERS.items():
            name = str(source.label)
            taken = Policy.objects.filter(lead_source=source, territory=None).exists()
            if taken or Policy.objects.filter(name=name).exists():
                continue
            policy = Policy.objects.create(name=name, lead_source=source)
            version = PolicyVersion.objects.create(policy=policy, note="As shipped.")
            promised = promises + EVERYWHERE
            for kind, warn, limit, hours in promised:
                Target.objects.create(
                    version=version, kind=kind, warn_minutes=warn, limit_minutes=limit, hours=hours
                )
            kinds = {promise.kind for promise in promised}
            for step in STEPS:
                if step.kind in kinds:
                    EscalationStep.objects.create(
                        version=version,
                        kind=step.kind,
                        action=step.action,
                        at_percent=step.percent,
                        minutes_past=step.past,
                    )
            policies.activate(version, by=None)
