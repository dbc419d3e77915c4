"""The gate's rule across the sections: nothing is written twice."""

from collections.abc import Iterator
from typing import NamedTuple

from handoffs import wording
from handoffs.completeness.package import SENTENCE, Gap, Gaps, Package
from handoffs.models import Handoff


class _Written(NamedTuple):
    kind: str
    section: str
    field: str
    label: str
    text: str


# The same words may rightly stand in both: an objection can be quoted, and be the evidence.
MAY_SHARE = (
    {"growth_signals", "trigger"},
    {"quote", "evidence"},
    {"quote", "objection"},
    {"evidence", "objection"},
)


def nothing_is_written_twice(p: Package) -> Gaps:
    """The same text under two headings answers at most one of them."""
    seen: dict[str, list[_Written]] = {}
    for written in _all_texts(p):
        key = wording.same_text(written.text)
        if wording.is_non_answer(written.text):
            continue
        for earlier in seen.get(key, []):
            if {earlier.kind, written.kind} in MAY_SHARE:
                continue
            if (earlier.kind, written.kind) == ("call_notes", "quote"):
                message = (
                    "This quote is the same text as the call notes. Quote the one sentence that "
                    "matters, and keep the notes for the rest."
                )
            else:
                message = (
                    f"This repeats what stands under “{earlier.label}”. Write what belongs here."
                )
            yield Gap(written.section, written.field, message)
            break
        seen.setdefault(key, []).append(written)


def _all_texts(p: Package) -> Iterator[_Written]:
    """Every text of the package that has to say something of its own."""
    for section, names in (
        ("fit", ("company_size", "industry", "tech_stack", "growth_signals", "why_targeted")),
        ("words", ("call_notes",)),
        ("next_step", ("next_step", "next_step_who")),
    ):
        for name in names:
            label = Handoff._meta.get_field(name).verbose_name  # type: ignore[union-attr]
            yield _Written(name, section, name, str(label), getattr(p.handoff, name))
    for criterion, answer in p.answered():
        field = f"answers.{criterion.code}"
        yield _Written("evidence", "qualification", field, criterion.name, answer.evidence)
        if len(wording.words(answer.value)) >= SENTENCE:
            yield _Written("value", "qualification", field, criterion.name, answer.value)
    for quote in p.quotes:
        yield _Written("quote", "words", f"quotes.{quote.pk}", "Prospect’s words", quote.text)
    for objection in p.objections:
        field = f"objections.{objection.pk}"
        yield _Written("objection", "objections", field, "Objections", objection.said)
    for trigger in p.triggers:
        yield _Written("trigger", "trigger", f"triggers.{trigger.pk}", "Trigger", trigger.detail)
