"""A policy version in words: its promises in a line, its steps in the order they come."""

from sla import words
from sla.models import ClockKind, EscalationStep, PolicyVersion, Target

SHORT = {Target.Hours.AROUND: "around the clock", Target.Hours.BUSINESS: "in business hours"}


def promises_in_words(version: PolicyVersion) -> str:
    """“accept 1 h, around the clock; answer by the SDR 8 h, in business hours”."""
    runs: list[tuple[Target.Hours, list[str]]] = []
    for target in sorted(version.targets.all(), key=_in_order):
        if not runs or runs[-1][0] != target.hours:
            runs.append((Target.Hours(target.hours), []))
        runs[-1][1].append(_promise(target))
    said = [f"{', '.join(promises)}, {SHORT[hours]}" for hours, promises in runs]
    return "; ".join(said) or "nothing promised yet"


def script_in_words(version: PolicyVersion) -> list[tuple[str, list[str]]]:
    """Each promise with what happens, from the warning to the last step, in that order."""
    steps = list(version.steps.all())
    script = []
    for target in sorted(version.targets.all(), key=_in_order):
        own = sorted(
            (step for step in steps if step.kind == target.kind),
            key=lambda step: (step.offset(target.limit), step.pk),
        )
        head = f"{target.get_kind_display()} within {words.span(target.limit)}, {_hours(target)}"
        warn = words.span(target.warn)
        script.append((head, [f"after {warn} it shows as at risk", *map(_step, own)]))
    return script


def _promise(target: Target) -> str:
    label = str(target.get_kind_display())
    return f"{label[0].lower()}{label[1:]} {words.span(target.limit)}"


def _step(step: EscalationStep) -> str:
    what = str(step.get_action_display()).lower()
    where = f" {step.channel}" if step.channel else ""
    return f"{step.when_text}: {what}{where}"


def _hours(target: Target) -> str:
    if target.hours == Target.Hours.AROUND:
        return "around the clock"
    return "in the territory’s business hours"


def _in_order(target: Target) -> int:
    return list(ClockKind).index(ClockKind(target.kind))
