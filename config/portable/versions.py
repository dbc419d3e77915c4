"""The parts that have versions, standards and SLA policies: what differs comes as a new draft.

Nothing in force is touched: a draft of a standard is signed by both leaders, a draft of a policy
activated by an admin, as if somebody had written it here.
"""

from collections.abc import Mapping
from typing import Any

from django.db import models

from config.portable.parts import (
    SAME,
    Outcome,
    Unreadable,
    checked,
    rows_of,
    text_of,
    values_of,
)
from handoffs.models import Criterion, Framework, FrameworkVersion, LeadSource, LeadSourceRule
from messaging.models import Channel
from sla.models import EscalationStep, Policy, PolicyVersion, Target
from team.audit import note
from team.models import Deed, Territory, User

CRITERION = (
    "code", "name", "confirmed_means", "answer_type", "choices", "minimum", "is_required",
    "must_have", "keeps_days",
)  # fmt: skip
RULE = ("lead_source", "requires", "number", "criterion_code", "why")
TARGET = ("kind", "warn_minutes", "limit_minutes", "hours")
STEP = ("kind", "at_percent", "minutes_past", "action")
NOTE = "From a settings file."


def _newest(versions: Any) -> Any:
    """The version in force, else the newest there is."""
    return versions.filter(state="active").first() or versions.order_by("-number").first()


def write_frameworks() -> list[dict[str, Any]]:
    found = []
    for framework in Framework.objects.order_by("code"):
        version = _newest(framework.versions)
        if version is not None:
            found.append(
                {
                    "code": framework.code,
                    "name": framework.name,
                    "description": framework.description,
                    **_of_standard(version),
                }
            )
    return found


def _of_standard(version: FrameworkVersion) -> dict[str, Any]:
    rules = version.rules.order_by("lead_source", "requires", "criterion_code")
    return {
        "criteria": [values_of(row, CRITERION) for row in version.criteria.order_by("position")],
        "rules": [values_of(row, RULE) for row in rules],
    }


def read_frameworks(data: Mapping[str, Any], by: User) -> list[Outcome]:
    title, found = "Standards", []
    for row in rows_of(data, "frameworks"):
        code = text_of(row, "code", title)
        name = text_of(row, "name", f"{title}, “{code}”")
        where = f"{title}, “{name}”"
        framework = Framework.objects.filter(code=code).first()
        if framework is None:
            framework = Framework(code=code, name=name, description=row.get("description", ""))
            checked(framework, where)
            framework.save()
        wanted = {
            "criteria": rows_of(row, "criteria", where),
            "rules": rows_of(row, "rules", where),
        }
        if any(_of_standard(version) == wanted for version in framework.versions.all()):
            found.append(Outcome(title, name, SAME))
            continue
        last = framework.versions.aggregate(last=models.Max("number"))["last"] or 0
        draft = FrameworkVersion.objects.create(framework=framework, number=last + 1, note=NOTE)
        for position, criterion in enumerate(wanted["criteria"], 1):
            _add(Criterion(version=draft, position=position), criterion, CRITERION, where)
        for rule in wanted["rules"]:
            _add(LeadSourceRule(version=draft), rule, RULE, where)
        note(Deed.ADDED, by=by, about=draft, words=NOTE)
        verdict = "added as a draft: let both leaders sign it"
        found.append(Outcome(title, str(draft), verdict, "is-good"))
    return found


def write_policies() -> list[dict[str, Any]]:
    found = []
    for policy in Policy.objects.select_related("territory").order_by("name"):
        version = _newest(policy.versions)
        if version is not None:
            found.append(
                {
                    "name": policy.name,
                    "lead_source": policy.lead_source,
                    "territory": policy.territory.name if policy.territory else None,
                    **_of_policy(version),
                }
            )
    return found


def _of_policy(version: PolicyVersion) -> dict[str, Any]:
    steps = version.steps.select_related("channel").order_by(
        "kind", "minutes_past", "at_percent", "action", "pk"
    )
    return {
        "targets": [values_of(row, TARGET) for row in version.targets.order_by("kind")],
        "steps": [
            {**values_of(row, STEP), "channel": row.channel.name if row.channel else None}
            for row in steps
        ],
    }


def read_policies(data: Mapping[str, Any], by: User) -> list[Outcome]:
    title, found = "SLA policies", []
    for row in rows_of(data, "policies"):
        name = text_of(row, "name", title)
        where = f"{title}, “{name}”"
        policy = _policy(row, name, where)
        wanted = {"targets": rows_of(row, "targets", where), "steps": rows_of(row, "steps", where)}
        if any(_of_policy(version) == wanted for version in policy.versions.all()):
            found.append(Outcome(title, policy.name, SAME))
            continue
        last = policy.versions.aggregate(last=models.Max("number"))["last"] or 0
        draft = PolicyVersion.objects.create(policy=policy, number=last + 1, note=NOTE)
        for target in wanted["targets"]:
            _add(Target(version=draft), target, TARGET, where)
        for step in wanted["steps"]:
            _add(EscalationStep(version=draft, channel=_channel(step, where)), step, STEP, where)
        note(Deed.ADDED, by=by, about=draft, words=NOTE)
        found.append(Outcome(title, str(draft), "added as a draft: activate it", "is-good"))
    return found


def _policy(row: Mapping[str, Any], name: str, where: str) -> Policy:
    """The policy for the row's lead source and territory, made if there is none."""
    source = text_of(row, "lead_source", where)
    if source not in LeadSource.values:
        raise Unreadable(f"{where}: “{source}” is not a lead source.")
    territory = None
    if place := row.get("territory"):
        territory = Territory.objects.filter(name=place).first()
        if territory is None:
            raise Unreadable(f"{where}: there is no territory “{place}”.")
    there = Policy.objects.filter(lead_source=source, territory=territory).first()
    if there is not None:
        return there
    policy = Policy(name=name, lead_source=source, territory=territory)
    checked(policy, where)
    policy.save()
    return policy


def _channel(step: Mapping[str, Any], where: str) -> Channel | None:
    """The channel by its name; its webhook is a secret, so it never stands in the file."""
    name = step.get("channel")
    if not name:
        return None
    channel = Channel.objects.filter(name=name).first()
    if channel is None:
        raise Unreadable(f"{where}: add the Slack channel “{name}” first.")
    return channel


def _add(part: models.Model, row: Mapping[str, Any], fields: tuple[str, ...], where: str) -> None:
    for name in fields:
        if name in row:
            setattr(part, name, row[name])
    checked(part, where)
    part.save()
