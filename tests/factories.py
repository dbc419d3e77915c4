"""People, companies and handoffs for tests: states are reached by walking the real lifecycle."""

from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from accounts.models import (
    Account,
    AccountTechnology,
    Contact,
    GrowthSignal,
    Method,
    SignalKind,
    Verification,
    VerifiedField,
)
from handoffs import lifecycle
from handoffs.models import (
    Answer,
    CommitteeMember,
    Criterion,
    Framework,
    FrameworkVersion,
    Handoff,
    Objection,
    Quote,
    Trigger,
)
from team.models import User

PASSWORD = "demo-of-the-desk"

# What a good rep would have written for each criterion of BANT, by the must-have it covers.
ANSWERS = {
    "budget": ("45000", "We have forty-five thousand put aside for this, approved in January."),
    "authority": ("Priya Nair", "I sign up to fifty thousand, above that Mark Dell does."),
    "pain": (
        "Quotes take nine days because three tools are copied by hand",
        "Every quote takes us nine days and we lose deals over it.",
    ),
    "timeline": ("Q3 2026", "It has to run before the fair in September."),
}


def make_user(username: str, *roles: str, **fields: Any) -> User:
    """A person with these roles (sdr, ae, manager, revops) and a usable password."""
    first, last = fields.pop("name", f"{username.title()} Tester").split(" ", 1)
    user = User(
        username=username,
        first_name=first,
        last_name=last,
        email=fields.pop("email", f"{username}@desk.example"),
        **{f"is_{role}": True for role in roles},
        **fields,
    )
    user.set_password(PASSWORD)
    user.save()
    return user


def make_account(**fields: Any) -> Account:
    """A company with everything the package wants to know about it."""
    number = Account.objects.count() + 1
    values: dict[str, Any] = {
        "name": f"Company {number}",
        "domain": f"company-{number}.example",
        "industry": "Industrial robotics",
        "employees": 420,
        "country": "DE",
        "fit": Account.Fit.STRONG,
        "fit_reason": "Mid-size manufacturer with its own field service.",
    } | fields
    account = Account.objects.create(**values)
    AccountTechnology.objects.create(account=account, name="Salesforce", category="CRM")
    AccountTechnology.objects.create(account=account, name="SAP ERP", category="ERP")
    GrowthSignal.objects.create(
        account=account,
        kind=SignalKind.FUNDING,
        happened_on=date(2026, 1, 20),
        detail="Series B of 30 million to open two plants",
    )
    return account


def make_contact(account: Account | None, *, verified: bool = True, **fields: Any) -> Contact:
    """A person at `account`, every field verified in a call three days ago unless told not to."""
    number = Contact.objects.count() + 1
    values: dict[str, Any] = {
        "first_name": "Priya",
        "last_name": f"Nair {number}",
        "title": "Head of Sales Operations",
        "email": f"priya{number}@{(account and account.domain) or 'nowhere.example'}",
        "phone": f"+4930901820{number:03d}"[:15],
    } | fields
    contact = Contact.objects.create(account=account, **values)
    if verified:
        for field in VerifiedField:
            if contact.verified_value(field):
                Verification.objects.create(
                    contact=contact,
                    field=field,
                    method=Method.SPOKE,
                    source="Discovery call",
                    verified_at=timezone.now() - timedelta(days=3),
                )
    return contact


def make_standard(sdr_leader: User, ae_leader: User) -> FrameworkVersion:
    """BANT as shipped, signed by both sides and active."""
    version = Framework.objects.get(code="bant").versions.get(number=1)
    FrameworkVersion.objects.filter(pk=version.pk).update(
        signed_by_sdr_leader=sdr_leader,
        signed_by_ae_leader=ae_leader,
        sdr_leader_signed_at=timezone.now(),
        ae_leader_signed_at=timezone.now(),
    )
    version.refresh_from_db()
    version.activate()
    return version


def complete_package(*, sdr: User, account: Account, contact: Contact, **fields: Any) -> Handoff:
    """A draft whose package is complete: the gate finds nothing."""
    handoff = lifecycle.create_draft(
        sdr=sdr,
        by=sdr,
        account=account,
        contact=contact,
        at=fields.pop("at", None),
        **{
            "company_size": account.size_text,
            "industry": account.industry,
            "tech_stack": account.tech_stack_text(),
            "growth_signals": account.growth_text(),
            "why_targeted": "They grow fast and quote by hand, which is what we take away.",
            "call_notes": "Priya runs sales operations for four countries. They copy prices from "
            "SAP into Excel and then into Salesforce, and lose track of versions.",
            "next_step": "A 45-minute walk through quoting with Priya and her pricing lead, "
            "using their own price list.",
            "next_step_at": timezone.now() + timedelta(days=2),
            "next_step_who": "Priya sends the price list by Wednesday, we load it before the call.",
        }
        | fields,
    )
    fill_rows(handoff)
    return handoff


def fill_rows(handoff: Handoff) -> None:
    """The rows of a complete package."""
    assert handoff.framework_version is not None
    for criterion in handoff.framework_version.criteria.all():
        value, evidence = ANSWERS.get(criterion.must_have, ANSWERS["pain"])
        if criterion.answer_type == Criterion.AnswerType.CHOICE:
            value = criterion.choices[0]
        Answer.objects.create(
            handoff=handoff,
            criterion=criterion,
            status=Answer.Status.CONFIRMED,
            value=value,
            evidence=evidence,
            said_by="Priya Nair",
            said_on=timezone.now().date() - timedelta(days=1),
            channel="call",
        )
    Quote.objects.create(
        handoff=handoff,
        text="By the time our quote is out, the customer has signed with somebody else.",
        speaker="Priya Nair",
        topic="slow quoting",
    )
    Objection.objects.create(
        handoff=handoff,
        category=Objection.Category.COMPETITOR,
        said="We have looked at PriceFox last year and found it too heavy.",
        competitor="PriceFox",
        left=Objection.Left.OPEN,
        left_note="She wants to see how long a roll-out takes.",
    )
    CommitteeMember.objects.create(
        handoff=handoff,
        name="Mark Dell",
        title="CFO",
        role="economic",
        engaged=CommitteeMember.Engaged.MENTIONED,
        mentioned_by="Priya Nair",
    )
    Trigger.objects.create(
        handoff=handoff,
        kind=SignalKind.FUNDING,
        happened_on=date(2026, 1, 20),
        detail="Series B announced to open two plants in 2026",
    )


def submitted(*, at: datetime | None = None, **package: Any) -> Handoff:
    """A handoff that waits for its AE."""
    handoff = complete_package(at=at, **package)
    return lifecycle.submit(handoff, by=handoff.sdr, at=at)


def accepted(*, by: User | None = None, at: datetime | None = None, **package: Any) -> Handoff:
    """A handoff that its AE has taken over."""
    handoff = submitted(at=at, **package)
    taker = by or handoff.owner
    assert taker is not None, "routing found nobody"
    return lifecycle.accept(handoff, by=taker, at=at)
