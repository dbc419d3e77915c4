"""Advice beside the SDR's form: quotes that read like a summary, evidence that has grown old.

Nothing here stops a package; what does is `handoffs.completeness`.
"""

from datetime import datetime

from accounts.freshness import State
from handoffs import evidence, quote_hints
from handoffs.models import Handoff


def of(handoff: Handoff, now: datetime) -> dict[str, list[str]]:
    """Sentences by the gate's name of the answer or row they stand at; three queries at most."""
    return _on_old_evidence(handoff, now) | quote_hints.of(handoff)


def _on_old_evidence(handoff: Handoff, now: datetime) -> dict[str, list[str]]:
    standard = handoff.framework_version
    if standard is None:
        return {}
    answers = {answer.criterion_id: answer for answer in handoff.answers.all()}
    found = {}
    for criterion in standard.criteria.all():
        answer = answers.get(criterion.pk)
        age = evidence.age(criterion, answer, now.date()) if answer else None
        if age is not None and age.state is not State.FRESH:
            found[f"answers.{criterion.code}"] = [_sentence(criterion.name, age)]
    return found


def _sentence(name: str, age: evidence.Age) -> str:
    if age.state is State.STALE:
        return (
            f"They said this {age.days} days ago. For “{name}” it counts for {age.limit} days, so "
            "the AE sees it as out of date. Ask again when you speak."
        )
    return (
        f"They said this {age.days} days ago; it counts for {age.limit} days. Check that it still "
        "holds."
    )
