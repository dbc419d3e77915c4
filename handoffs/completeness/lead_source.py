"""The gate's rules that RevOps adds for one lead source; they belong to the agreed standard."""

from collections.abc import Callable
from datetime import timedelta

from handoffs import wording
from handoffs.completeness.package import Gap, Gaps, Package
from handoffs.completeness.qualification import short_of
from handoffs.models import Criterion, LeadSourceRule

Requires = LeadSourceRule.Requires


def rules_of_the_lead_source_are_kept(p: Package) -> Gaps:
    for rule in p.rules:
        for section, field, message in _CHECKS[Requires(rule.requires)](p, rule):
            yield Gap(section, field, f"{message} {_sentence(rule.why)}".strip())


def _channel(p: Package, rule: LeadSourceRule) -> Gaps:
    if wording.is_non_answer(p.handoff.original_source):
        yield Gap("company", "original_source", _asks(rule, "Enter where they first came from."))


def _link(p: Package, rule: LeadSourceRule) -> Gaps:
    if p.triggers and not any(row.source_url for row in p.triggers):
        yield Gap("trigger", "triggers", _asks(rule, "Add the link to one of them."))


def _quotes(p: Package, rule: LeadSourceRule) -> Gaps:
    # Where there is none at all, the rule that every package has says so; the same for people.
    if p.quotes:
        yield from _too_few(rule, len(p.quotes), "words", "quotes")


def _people(p: Package, rule: LeadSourceRule) -> Gaps:
    if p.committee or p.handoff.nobody_else:
        yield from _too_few(rule, len(p.committee), "committee", "committee")


def _notes(p: Package, rule: LeadSourceRule) -> Gaps:
    found = len(set(wording.words(p.handoff.call_notes)))
    if found < (rule.number or 1):
        yield Gap("words", "call_notes", _asks(rule, f"These have {found}."))


def _soon(p: Package, rule: LeadSourceRule) -> Gaps:
    when = p.handoff.next_step_at
    if when is not None and when > p.now + timedelta(days=rule.number or 1):
        yield Gap("next_step", "next_step_at", _asks(rule, "Agree on an earlier one."))


def _answered(p: Package, rule: LeadSourceRule) -> Gaps:
    yield from _short(p, rule, Criterion.Minimum.STATED)


def _confirmed(p: Package, rule: LeadSourceRule) -> Gaps:
    yield from _short(p, rule, Criterion.Minimum.CONFIRMED)


def _short(p: Package, rule: LeadSourceRule, minimum: Criterion.Minimum) -> Gaps:
    for criterion in p.criteria:
        if criterion.code == rule.criterion_code:
            answer = p.answers.get(criterion.pk)
            own = short_of(criterion.minimum, criterion, answer, p.now.date())
            message = short_of(minimum, criterion, answer, p.now.date())
            # What the criterion itself already refuses is not said twice.
            if message and not (own and criterion.is_required):
                yield Gap("qualification", f"answers.{criterion.code}", _asks(rule, message))


def _too_few(rule: LeadSourceRule, found: int, section: str, field: str) -> Gaps:
    if found < (rule.number or 1):
        there = "There is 1." if found == 1 else f"There are {found}."
        yield Gap(section, field, _asks(rule, there))


def _sentence(text: str) -> str:
    plain = text.strip()
    return plain if not plain or plain[-1] in ".!?”" else f"{plain}."


def _asks(rule: LeadSourceRule, message: str) -> str:
    source = rule.get_lead_source_display()
    return f"{source}: the standard also asks for {rule.words}. {message}"


_CHECKS: dict[LeadSourceRule.Requires, Callable[[Package, LeadSourceRule], Gaps]] = {
    Requires.CHANNEL: _channel,
    Requires.LINK: _link,
    Requires.QUOTES: _quotes,
    Requires.PEOPLE: _people,
    Requires.NOTES: _notes,
    Requires.SOON: _soon,
    Requires.ANSWERED: _answered,
    Requires.CONFIRMED: _confirmed,
}
