"""The gate's rules on the company, the contact and how well they fit."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts.domains import clean_domain
from accounts.freshness import LIMIT_DAYS, State
from accounts.models import Method, VerifiedField
from handoffs.completeness.package import SENTENCE, Gap, Gaps, Package, text_gap


def the_account_is_named(p: Package) -> Gaps:
    if p.account is None:
        yield Gap("company", "account", "Choose the account.")
    else:
        ask = "Enter the company’s name in the account."
        yield from text_gap("company", "account", p.account.name, ask)


def the_account_has_a_domain(p: Package) -> Gaps:
    if p.account is None:
        return
    try:
        clean_domain(p.account.domain)
    except ValidationError:
        yield Gap(
            "company",
            "account.domain",
            f"Enter {p.account.name}’s own web domain in the account, such as acme.com.",
        )


def the_contact_is_named(p: Package) -> Gaps:
    if p.contact is None:
        yield Gap("company", "contact", "Choose the primary contact.")
    else:
        ask = "Enter the contact’s first and last name."
        yield from text_gap("company", "contact", p.contact.name, ask)


def the_contact_belongs_to_the_account(p: Package) -> Gaps:
    if p.contact and p.account and p.contact.account_id != p.account.pk:
        yield Gap(
            "company",
            "contact",
            f"{p.contact} is not a contact of {p.account}. Choose somebody who works there, "
            "or correct the contact’s account.",
        )


def the_contact_still_works_there(p: Package) -> Gaps:
    if p.contact is None:
        return
    if left := p.contact.left_on:
        went = "left" if left <= p.now.date() else "leaves"
        yield Gap(
            "company",
            "contact",
            f"{p.contact} {went} the company on {left:%-d %b %Y}. Choose the person who takes "
            "over the project, and speak with them first.",
        )
    elif p.freshness[VerifiedField.EMPLOYER].state is State.WRONG:
        yield Gap(
            "company",
            "contact",
            f"The last check says that {p.contact} no longer works at {p.account or 'this company'}"
            ". Find out who took over, or verify the employer again.",
        )


def the_contact_has_a_title(p: Package) -> Gaps:
    if p.contact is None:
        return
    ask = f"Enter {p.contact_name}’s job title."
    missing = list(text_gap("company", "contact.title", p.contact.title, ask))
    yield from missing
    if not missing and p.freshness[VerifiedField.TITLE].state is State.WRONG:
        yield Gap(
            "company",
            "contact.title",
            f"The last check says that “{p.contact.title}” is no longer right. Ask "
            f"{p.contact_name} and enter the present title.",
        )


def the_contact_has_a_verified_email(p: Package) -> Gaps:
    if p.contact is None:
        return
    try:
        validate_email(p.contact.email)
    except ValidationError:
        message = f"Enter {p.contact_name}’s business e-mail address."
        yield Gap("company", "contact.email", message)
    else:
        yield from _verified(p, VerifiedField.EMAIL, "contact.email")


def the_contact_has_a_verified_dial(p: Package) -> Gaps:
    if p.contact is None:
        return
    if not p.contact.phone:
        message = f"Enter {p.contact_name}’s direct dial, with country code."
        yield Gap("company", "contact.phone", message)
    else:
        yield from _verified(p, VerifiedField.DIAL, "contact.phone")


def _verified(p: Package, field: VerifiedField, name: str) -> Gaps:
    """Verified within its limit, by something better than a social profile."""
    fresh = p.freshness[field]
    what = f"{p.contact_name}’s {'e-mail' if field == VerifiedField.EMAIL else 'direct dial'}"
    how = (
        "Get a reply from it, or have it checked by a data vendor, and record that."
        if field == VerifiedField.EMAIL
        else "Call it, or have it checked by a data vendor, and record that."
    )
    if fresh.is_usable:
        return
    if fresh.state is State.WRONG:
        message = f"{what} was found wrong on {fresh.verified_at:%-d %b %Y}. Enter the right one."
    elif fresh.state is State.STALE:
        message = (
            f"{what} was last verified {fresh.age_days} days ago; it counts for "
            f"{LIMIT_DAYS[field]} days. {how}"
        )
    elif fresh.method == Method.SOCIAL:
        message = f"{what} was only copied from a social profile, which proves nothing. {how}"
    else:
        message = f"{what} was never verified. {how}"
    yield Gap("company", name, message)


def the_company_size_is_known(p: Package) -> Gaps:
    ask = "Enter how many people work there, such as “420 employees”."
    yield from text_gap("fit", "company_size", p.handoff.company_size, ask)


def the_industry_is_known(p: Package) -> Gaps:
    ask = "Enter the industry, such as “industrial robotics”."
    yield from text_gap("fit", "industry", p.handoff.industry, ask)


def the_tech_stack_is_known(p: Package) -> Gaps:
    ask = "Enter what they use today for the job, such as “Salesforce, Excel for quotes”."
    yield from text_gap("fit", "tech_stack", p.handoff.tech_stack, ask)


def growth_signals_are_known(p: Package) -> Gaps:
    ask = (
        "Write what shows that they grow: hiring, funding, new sites. If you found no sign, say "
        "where you looked."
    )
    yield from text_gap("fit", "growth_signals", p.handoff.growth_signals, ask)


def it_says_why_they_were_targeted(p: Package) -> Gaps:
    ask = "Write in a sentence why we went for this account and not for another."
    yield from text_gap("fit", "why_targeted", p.handoff.why_targeted, ask, SENTENCE)
