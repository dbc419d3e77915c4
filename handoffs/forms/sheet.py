"""The SDR's page as templates and its script read it: forms, gaps, suggestions; no saving here."""

from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from django.utils import timezone

from accounts.models import Contact, Method, VerifiedField
from handoffs import completeness, editing, hints, merging, prefill
from handoffs.completeness import SECTIONS, Gap
from handoffs.forms.contact import AccountDomainForm, ContactForm, NewContactForm, verified
from handoffs.forms.package import PackageForms
from handoffs.models import Handoff, LeadSourceRule
from handoffs.models.event import EventKind
from team.models import User

LIST_NAMES = {
    "triggers": "Trigger",
    "quotes": "Quote",
    "objections": "Objection",
    "committee": "Person",
}
LABELS = {
    "account": "Account",
    "account.domain": "The company’s web domain",
    "contact": "Primary contact",
    "contact.title": "Title",
    "contact.email": "E-mail",
    "contact.phone": "Direct dial",
    "framework_version": "The standard",
    "triggers": "The buying signal",
    "quotes": "A quote",
    "objections": "Objections, or “none raised”",
    "committee": "Other people, or “nobody else mentioned”",
    "no_objections": "“None raised”",
    "nobody_else": "“Nobody else mentioned”",
    "next_step_at": "When",
}
CHECKS = [method for method in Method if method != Method.SOCIAL]
VERIFIABLE = {"email": VerifiedField.EMAIL, "phone": VerifiedField.DIAL}


class Missing(NamedTuple):
    """One line of the missing list: where it jumps to, and what stands there."""

    field: str
    label: str
    number: int
    message: str


class SectionState(NamedTuple):
    """A section with what it lacks."""

    key: str
    label: str
    number: int
    missing: list[Missing]


class Sheet:
    """One handoff on the SDR's page."""

    def __init__(
        self,
        handoff: Handoff,
        forms: PackageForms,
        *,
        user: User,
        now: datetime,
        contact_form: ContactForm | None = None,
        new_contact: NewContactForm | None = None,
        domain_form: AccountDomainForm | None = None,
    ) -> None:
        self.handoff, self.forms, self.user, self.now = handoff, forms, user, now
        self.contact: Contact | None = handoff.contact
        self.contact_form = contact_form or (
            ContactForm(instance=self.contact) if self.contact else None
        )
        self.new_contact = new_contact or NewContactForm()
        self.domain_form = domain_form
        if domain_form is None and handoff.account and not handoff.account.domain:
            self.domain_form = AccountDomainForm(instance=handoff.account)
        self.gaps = completeness.gaps(handoff, now)
        self.base = merging.dump(merging.fingerprints(forms.standing))

    def context(self) -> dict[str, Any]:
        return {
            "sheet": self,
            "handoff": self.handoff,
            "forms": self.forms,
            "main": self.forms.main,
            "gap_texts": self.gap_texts,
            "hint_texts": self.hint_texts,
            "is_returned": self.handoff.status == Handoff.Status.RETURNED,
        }

    @cached_property
    def hint_texts(self) -> dict[str, list[str]]:
        """Advice at an answer or a row; nothing of it stops the package."""
        return hints.of(self.handoff, self.now)

    @cached_property
    def gap_texts(self) -> dict[str, list[str]]:
        """What stands at each field."""
        texts: dict[str, list[str]] = {}
        for gap in self.gaps:
            texts.setdefault(gap.field, []).append(gap.message)
        return texts

    def sections(self) -> list[SectionState]:
        return [
            SectionState(
                section.key,
                section.label,
                sum(gap.section == section.key for gap in self.gaps),
                self._missing([gap for gap in self.gaps if gap.section == section.key]),
            )
            for section in SECTIONS
        ]

    @property
    def done(self) -> int:
        return completeness.progress(self.gaps)[0]

    @property
    def total(self) -> int:
        return completeness.progress(self.gaps)[1]

    def freshness(self) -> dict[str, Any]:
        """The chip of each field that can be verified."""
        if self.contact is None:
            return {}
        chips = {
            name: verified(self.contact, field, self.now) for name, field in VERIFIABLE.items()
        }
        return {name: chip for name, chip in chips.items() if chip}

    @property
    def checks(self) -> list[tuple[str, str]]:
        """How somebody may say that a field was checked just now."""
        return [(method.value, str(method.label)) for method in CHECKS]

    def source_rules(self) -> list[LeadSourceRule]:
        """What the standard asks for besides, of this lead source."""
        standard = self.handoff.framework_version
        rules = standard.rules.all() if standard else []
        return [rule for rule in rules if rule.lead_source == self.handoff.lead_source]

    def committee_suggestions(self) -> list[prefill.Suggestion]:
        return prefill.committee_suggestions(self.handoff, self.forms.contacts)

    def trigger_suggestions(self) -> list[prefill.Suggestion]:
        return prefill.trigger_suggestions(self.handoff, self.now.date())

    def earlier(self) -> list[Handoff]:
        return prefill.earlier(self.handoff, self.user)

    @property
    def question(self) -> Any:
        """The AE's return, with the question that has to be answered."""
        if self.handoff.status != Handoff.Status.RETURNED:
            return None
        returns = self.handoff.events.filter(kind=EventKind.RETURNED).select_related("actor")
        return returns.order_by("-occurred_at", "-pk").first()

    @property
    def zone(self) -> str:
        return timezone.get_current_timezone_name().replace("_", " ")

    def _missing(self, gaps: list[Gap]) -> list[Missing]:
        found: dict[str, Missing] = {}
        for gap in gaps:
            known = found.get(gap.field)
            number = known.number + 1 if known else 1
            message = f"{known.message} {gap.message}" if known else gap.message
            found[gap.field] = Missing(gap.field, self._label(gap.field), number, message)
        return list(found.values())

    def _label(self, field: str) -> str:
        if field in LABELS:
            return LABELS[field]
        name, _, key = field.partition(".")
        if name == "answers":
            named = (f.criterion.name for f in self.forms.answers if f.criterion.code == key)
            return next(named, key)
        if name in LIST_NAMES and key:
            pks = [str(row.pk) for row in self.forms.standing.lists[name]]
            place = pks.index(key) + 1 if key in pks else ""
            return f"{LIST_NAMES[name]} {place}".strip()
        known = self.forms.main.fields.get(field)
        text = str(known.label) if known and known.label else field
        return text[:1].upper() + text[1:]


def contacts_of(handoff: Handoff) -> list[Contact]:
    """Everybody at the account, for the choice of the primary contact."""
    if handoff.account is None:
        return []
    return list(handoff.account.contacts.all()[:500])


def open_sheet(
    handoff: Handoff, *, user: User, now: datetime, spare: tuple[str, ...] = ()
) -> Sheet:
    """The page as the package stands in the database; `handoff` is one of `completeness.whole`."""
    forms = PackageForms(
        handoff,
        editing.read(handoff),
        contacts=contacts_of(handoff),
        today=timezone.localdate(now),
        spare=spare,
    )
    return Sheet(handoff, forms, user=user, now=now)
