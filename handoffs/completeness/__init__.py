"""The gate: whether a package may go to an AE, one readable rule for each requirement.

What a text has to look like to say anything stands in `handoffs.wording`, how long a contact's
data keeps in `accounts.freshness`. Nothing here writes.
"""

from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone

from handoffs.completeness import company, conversation, lead_source, qualification, repeats
from handoffs.completeness.package import SECTIONS, Gap, Package, Rule, Section
from handoffs.models import FrameworkVersion, Handoff, LeadSourceRule
from handoffs.querysets import HandoffQuerySet

__all__ = [
    "PREFETCH",
    "RULES",
    "SECTIONS",
    "Gap",
    "Section",
    "gaps",
    "gaps_under",
    "load",
    "progress",
    "whole",
]

RULES: list[Rule] = [
    company.the_account_is_named,
    company.the_account_has_a_domain,
    company.the_contact_is_named,
    company.the_contact_belongs_to_the_account,
    company.the_contact_still_works_there,
    company.the_contact_has_a_title,
    company.the_contact_has_a_verified_email,
    company.the_contact_has_a_verified_dial,
    company.the_company_size_is_known,
    company.the_industry_is_known,
    company.the_tech_stack_is_known,
    company.growth_signals_are_known,
    company.it_says_why_they_were_targeted,
    qualification.the_standard_is_agreed,
    qualification.required_criteria_are_answered,
    qualification.answers_carry_their_proof,
    qualification.answers_fit_their_type,
    lead_source.rules_of_the_lead_source_are_kept,
    conversation.a_trigger_is_named,
    conversation.triggers_are_complete,
    conversation.a_quote_is_there,
    conversation.quotes_are_complete,
    conversation.call_notes_are_there,
    conversation.objections_are_listed_or_ruled_out,
    conversation.objections_are_complete,
    conversation.the_committee_is_listed_or_ruled_out,
    conversation.committee_members_are_complete,
    conversation.the_committee_is_other_people,
    conversation.the_next_step_is_agreed,
    conversation.the_next_step_has_a_time,
    conversation.it_says_who_does_what,
    repeats.nothing_is_written_twice,
]

# What `load` prefetches; for querysets whose gaps are counted without a query for each row.
PREFETCH = (
    "contact__verifications",
    "framework_version__criteria",
    "framework_version__rules",
    "answers",
    "quotes",
    "objections",
    "committee",
    "triggers",
)


def gaps(handoff: Handoff, now: datetime | None = None) -> list[Gap]:
    """Everything that keeps this package from an AE at `now`, in the order of the form.

    Judges the handoff's own fields as the instance holds them and the rows as prefetched. A
    handoff from `load` costs no query more; any other at most fourteen, however many rows it has.
    """
    package = Package.of(handoff, now or timezone.now())
    found = [gap for rule in RULES for gap in rule(package)]
    order = {section.key: place for place, section in enumerate(SECTIONS)}
    return sorted(found, key=lambda gap: order[gap.section])


def gaps_under(
    handoff: Handoff, standard: FrameworkVersion, at: datetime, rules: Sequence[LeadSourceRule] = ()
) -> list[Gap]:
    """What this package would lack under another standard, a draft too, and under more rules."""
    package = Package.of(handoff, at, standard, rules)
    asked = [rule for rule in RULES if rule is not qualification.the_standard_is_agreed]
    return [gap for rule in asked for gap in rule(package)]


def whole() -> HandoffQuerySet:
    """Handoffs with all that the gate reads; one takes nine queries."""
    joined: HandoffQuerySet = Handoff.objects.select_related(
        "account", "contact__account", "sdr", "framework_version__framework"
    )
    return joined.prefetch_related(*PREFETCH)


def load(pk: int) -> Handoff:
    """One of `whole`. Raises Handoff.DoesNotExist."""
    handoff: Handoff = whole().get(pk=pk)
    return handoff


def progress(found: Sequence[Gap]) -> tuple[int, int]:
    """How many sections are complete, and how many there are."""
    open_sections = {gap.section for gap in found}
    return len(SECTIONS) - len(open_sections), len(SECTIONS)
