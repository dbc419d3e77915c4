"""A package as the rules see it, and what a rule may answer; no rule stands here."""

from collections.abc import Callable, Iterator
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
    def of(cls, handoff: Handoff, now: datetime) -> "Package":
        contact, standard = handoff.contact, handoff.framework_version
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
                for rule in (standard.rules.all() if standard else [])
                if rule.lead_source == handoff.lead_source
            ],
            answers={answer.criterion_id: answer for answer in handoff.answers.all()},
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
