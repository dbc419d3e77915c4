"""A package as the rules see it, and what a rule may answer; no rule stands here."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from accounts.freshness import Freshness, states
from accounts.models import Account, Contact, VerifiedField
from handoffs import wording
from handoffs.models import (
    Answer,
    CommitteeMember,
    Criterion,
    FrameworkVersion,
    Handoff,
    LeadSourceRule,
    Objection,
    Quote,
    Trigger,
)

# Different words that a text needs: “three words of notes” is what the source article warns of.
LINE = 3
SENTENCE = wording.A_SENTENCE
NOTES = 8


class Section(NamedTuple):
    key: str
    label: str


class Gap(NamedTuple):
    """Something missing: the section, the field's name in the form, and what to do about it.

    `field` is a field of the handoff (“next_step”), of its contact or account (“contact.title”),
    a criterion (“answers.budget”), a list (“quotes”) or one row of it (“quotes.17”).
    """

    section: str
    field: str
    message: str


SECTIONS = [
    Section("company", "Company and contact"),
    Section("fit", "ICP fit"),
    Section("qualification", "Qualification"),
    Section("trigger", "Trigger"),
    Section("words", "Prospect’s words"),
    Section("objections", "Objections"),
    Section("committee", "Buying committee"),
    Section("next_step", "Next step"),
]


@dataclass(frozen=True)
class Package:
    """A package as read at one moment: what the rules look at, and all they look at."""

    now: datetime
    handoff: Handoff
    account: Account | None
    contact: Contact | None
    freshness: dict[VerifiedField, Freshness]
    standard: FrameworkVersion | None
    criteria: list[Criterion]
    rules: list[LeadSourceRule]
    answers: dict[int, Answer]
    quotes: list[Quote]
    objections: list[Objection]
    committee: list[CommitteeMember]
    triggers: list[Trigger]

    @classmethod
    def of(
        cls,
        handoff: Handoff,
        now: datetime,
        standard: FrameworkVersion | None = None,
        rules: Sequence[LeadSourceRule] = (),
    ) -> "Package":
        """`standard` reads it under another one than its own, answers matched by their code;
        `rules` are asked for besides."""
        contact, own = handoff.contact, handoff.framework_version
        standard = standard or own
        answers = {answer.criterion_id: answer for answer in handoff.answers.all()}
        if standard is not None and own is not None and standard.pk != own.pk:
            codes = {c.code: answers[c.pk] for c in own.criteria.all() if c.pk in answers}
            answers = {c.pk: codes[c.code] for c in standard.criteria.all() if c.code in codes}
        return cls(
            now=now,
            handoff=handoff,
            account=handoff.account,
            contact=contact,
            freshness=states(contact, now) if contact else {},
            standard=standard,
            criteria=list(standard.criteria.all()) if standard else [],
            rules=[
                rule
                for rule in (*(standard.rules.all() if standard else []), *rules)
                if rule.lead_source == handoff.lead_source
            ],
            answers=answers,
            quotes=list(handoff.quotes.all()),
            objections=list(handoff.objections.all()),
            committee=list(handoff.committee.all()),
            triggers=list(handoff.triggers.all()),
        )

    @property
    def contact_name(self) -> str:
        return (self.contact and self.contact.name) or "the contact"

    def answered(self) -> Iterator[tuple[Criterion, Answer]]:
        """Each criterion that claims to be known, with its answer."""
        for criterion in self.criteria:
            answer = self.answers.get(criterion.pk)
            if answer and answer.status in Answer.CLAIMS:
                yield criterion, answer


Gaps = Iterator[Gap]
Rule = Callable[[Package], Gaps]


def text_gap(section: str, field: str, text: str, ask: str, least: int = 1) -> Gaps:
    """A gap where `text` says nothing or has fewer than `least` different words."""
    if sentence := wording.refuse(text, ask, least):
        yield Gap(section, field, sentence)
