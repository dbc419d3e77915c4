"""A prospect whose name, addresses and words stand in every place that can hold them."""

import json
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from accounts.hooks import inbox
from accounts.models import (
    Account,
    Contact,
    ContactChange,
    Departure,
    EnrichmentSource,
    FileRow,
    Lookup,
    Proposal,
    Verification,
)
from handoffs import lifecycle
from handoffs.models import (
    Answer,
    AskedAgain,
    CommitteeMember,
    Contest,
    Handoff,
    HandoffEvent,
    Letter,
    Objection,
    Quote,
    Trigger,
)
from messaging import outbox
from messaging.models import Message
from reports.models import Review, ReviewAction
from team import audit
from team.models import Absence, Deed, Territory, User
from tests.accounts.hooks import event, post
from tests.factories import accepted, make_account, make_contact

# Nothing of these may be left. Umlauts, so that escapes in JSON count as hiding places too.
FIRST, LAST = "Zoëmira", "Quokkasson"
NAME = f"{FIRST} {LAST}"
EMAIL = "zoemira.quokkasson@canary-person.example"
OLD_EMAIL = "zq@canary-former.example"
PHONE, PHONE_TYPED = "+493090183011", "030 / 901 830 11"
MOBILE = "+4915112345678"
PROFILE = "https://social.example/in/canaryprofile"
EVIDENCE = {
    "budget": "we have put fifty thousand aside in January.",
    "authority": "I sign up to fifty thousand, above that Mark Dell does.",
    "pain": "every quote takes us nine days and we lose deals over it.",
    "timeline": "it has to run before the fair in September.",
}
WORDS = [
    "canaryquote",
    "canarynotes",
    "canaryevidence",
    "canarynextstep",
    "canarywho",
    "canaryobjection",
    "canaryleft",
    "canaryletter",
    "canarytitle",
    "canaryhubspot",
    "canaryvendorid",
    "canaryproposal",
    "canarymarried",
]


@dataclass
class Planted:
    """The prospect, their handoff, and every text that must be gone afterwards."""

    contact: Contact
    handoff: Handoff
    canaries: list[str] = field(default_factory=list)


@pytest.fixture
def planted(
    account: Account, north: Territory, sdr: User, ae: User, manager: User, revops: User
) -> Planted:
    contact = make_contact(
        account,
        first_name=FIRST,
        last_name=LAST,
        title="Head of canarytitle",
        email=EMAIL,
        phone=PHONE,
        mobile=MOBILE,
        profile_url=PROFILE,
        hubspot_id="canaryhubspot-77",
    )
    ContactChange.objects.create(
        contact=contact, field="email", old=OLD_EMAIL, new=EMAIL, source=f"Call with {FIRST}"
    )
    handoff = _handoff(contact, account, sdr, ae)
    _around(handoff, contact, sdr, ae, manager, revops)
    everything = [FIRST, LAST, EMAIL, OLD_EMAIL, PHONE, PHONE[3:], PHONE_TYPED, MOBILE, PROFILE]
    return Planted(contact, handoff, [*everything, *WORDS])


def _handoff(contact: Contact, account: Account, sdr: User, ae: User) -> Handoff:
    handoff = lifecycle.create_draft(sdr=sdr, by=sdr, account=account, contact=contact)
    assert handoff.framework_version is not None
    Handoff.objects.filter(pk=handoff.pk).update(
        company_size="420 employees",
        industry="Industrial robotics",
        tech_stack=f"SAP, chosen by {NAME}",
        growth_signals=f"They hired {NAME} in January",
        why_targeted=f"{FIRST} wrote to us from {EMAIL} because they grow fast.",
        call_notes=f"canarynotes: call her on {PHONE_TYPED}, she quotes by hand in Excel.",
        next_step="canarynextstep: a walk through quoting with her own price list.",
        next_step_at=timezone.now() + timedelta(days=2),
        next_step_who=f"canarywho: {FIRST} sends the list by Wednesday.",
        original_source=f"Webinar, {NAME}",
    )
    for criterion in handoff.framework_version.criteria.all():
        Answer.objects.create(
            handoff=handoff,
            criterion=criterion,
            status=Answer.Status.CONFIRMED,
            value={"budget": "45000", "authority": NAME, "timeline": "Q3 2026"}.get(
                criterion.must_have, "Quotes take nine days because three tools are copied by hand"
            ),
            evidence=f"canaryevidence: {EVIDENCE.get(criterion.must_have, EVIDENCE['pain'])}",
            said_by=NAME,
            said_on=timezone.now().date() - timedelta(days=1),
            channel="call",
        )
    Quote.objects.create(
        handoff=handoff, text="canaryquote is what I said", speaker=NAME, topic="slow quoting"
    )
    Quote.objects.create(
        handoff=handoff, text=f"Ask {LAST}, she decides.", speaker="Mark Dell", topic="who"
    )
    Objection.objects.create(
        handoff=handoff,
        category=Objection.Category.PRICE,
        said="canaryobjection, it is too much for us",
        left=Objection.Left.OPEN,
        left_note="canaryleft, she comes back to it",
    )
    CommitteeMember.objects.create(
        handoff=handoff, name="Mark Dell", title="CFO", role="economic", mentioned_by=NAME
    )
    Trigger.objects.create(
        handoff=handoff,
        kind="inbound",
        happened_on=timezone.now().date(),
        detail=f"{NAME} asked for a demo",
        source_url=PROFILE,
    )
    handoff = lifecycle.submit(Handoff.objects.get(pk=handoff.pk), by=sdr)
    handoff = lifecycle.return_for_information(
        handoff, by=ae, question=f"Does {FIRST} sign herself, or somebody above her?"
    )
    handoff = lifecycle.answer(handoff, by=sdr, text=f"{NAME} signs, I asked at {PHONE}.")
    return lifecycle.accept(handoff, by=ae)


def _around(
    handoff: Handoff, contact: Contact, sdr: User, ae: User, manager: User, revops: User
) -> None:
    """Everywhere else: letters, mail, other people’s handoffs, notes, logs, sessions."""
    Letter.objects.create(
        handoff=handoff, kind=Letter.Kind.PREP, subject="canaryletter", body=f"Dear {FIRST},\n…"
    )
    outbox.post(
        event_key="letter:canary",
        medium=Message.Medium.EMAIL,
        recipient=EMAIL,
        body=f"Dear {FIRST}, canaryletter",
        subject=f"canaryletter for {NAME}",
        audience="prospect",
        about=f"handoff:{handoff.pk}",
        headers={"To": f"{NAME} <{EMAIL}>"},
        calendar=f"BEGIN:VCALENDAR\r\nATTENDEE;CN={FIRST} Quok\r\n kasson:mailto:{EMAIL}\r\n",
        calendar_method="REQUEST",
    )
    outbox.post(
        event_key="note:canary",
        medium=Message.Medium.EMAIL,
        recipient=ae.email,
        person=ae,
        body=f"{NAME} waits for you",
        about=f"handoff:{handoff.pk}",
    )
    account = contact.account
    other = make_account(name="Second Company", territory=handoff.territory)
    second = accepted(sdr=sdr, account=other, contact=make_contact(other, last_name="Else"))
    CommitteeMember.objects.create(handoff=second, contact=contact, name=NAME, title="canarytitle")
    Quote.objects.create(handoff=second, text=f"{FIRST} knows us.", speaker="Somebody Else")
    rejection = HandoffEvent.objects.filter(handoff=handoff).first()
    assert rejection is not None
    Contest.objects.create(
        rejection=rejection, handoff=handoff, argument=f"{FIRST} said yes.", raised_by=sdr
    )
    AskedAgain.objects.create(handoff=handoff, section="fit", field="budget", why="vague", by=ae)
    Absence.objects.create(
        user=ae,
        starts_at=timezone.now(),
        ends_at=timezone.now() + timedelta(days=1),
        note=f"Lunch with {NAME}",
    )
    review = Review.objects.create(
        month="2026-02", time_zone="UTC", notes=f"{NAME} was a good one."
    )
    ReviewAction.objects.create(
        review=review,
        what=f"Write to {EMAIL}",
        owner=manager,
        created_by=manager,
        due_on="2026-04-01",
    )
    LogEntry.objects.create(
        user=revops,
        content_type=ContentType.objects.get_for_model(Contact),
        object_id=str(contact.pk),
        object_repr=NAME,
        action_flag=CHANGE,
        change_message=f"Changed e-mail to {EMAIL}",
    )
    audit.note(
        Deed.CHANGED,
        by=revops,
        about=contact,
        changes=[audit.Change("email", OLD_EMAIL, EMAIL)],
        words=f"Corrected for {FIRST}",
    )
    _from_a_vendor(contact)
    gone = make_contact(account, last_name="Before", title="Old hand")
    Departure.objects.create(
        contact=gone, account=account, title="Old hand", left_on="2026-02-01", replacement=contact
    )
    new_firm = make_account(name="Third Company", territory=handoff.territory)
    later = make_contact(new_firm, first_name=FIRST, last_name="Canarymarried", title="CEO")
    Departure.objects.create(
        contact=contact,
        account=account,
        title="Head of canarytitle",
        company="Third Company",
        left_on="2026-02-20",
        source=f"{NAME} wrote",
        successor=later,
    )
    session = SessionStore()
    session["_messages"] = f"“{NAME}” was saved."
    session.create()
    Verification.objects.create(
        contact=contact, field="email", value=OLD_EMAIL, method="spoke", verified_at=timezone.now()
    )


def _from_a_vendor(contact: Contact) -> None:
    """An update that was read, one that still waits, a value that waits for a person’s yes."""
    source = EnrichmentSource.objects.create(name="Clearfeed", slug="clearfeed", is_enabled=True)
    data = {"id": "canaryvendorid", "email": EMAIL, "title": "CPO", "phone": PHONE}
    body = event("contact.updated", timezone.now(), **data)
    for event_id in ("msg_1", "msg_2"):
        assert post(source, event_id, body).status_code == 202
        if event_id == "msg_1":
            inbox.process_due()
    Proposal.objects.create(
        contact=contact,
        field="mobile",
        value="canaryproposal",
        present=MOBILE,
        source="Clearfeed",
        because=f"{FIRST} gave us another one.",
        at=timezone.now(),
    )
    FileRow.objects.create(
        source=source,
        about="contact",
        key="canaryvendorid",
        email=EMAIL,
        person=NAME.casefold(),
        said_at=timezone.now(),
        data=json.dumps({"email": EMAIL, "title": "canarytitle", "phone": PHONE}),
    )
    Lookup.objects.create(source=source, contact=contact, outcome=f"{NAME} is canarytitle now.")
    outbox.post(
        event_key="crm:canary",
        medium=Message.Medium.WEBHOOK,
        recipient="CRM",
        body=json.dumps({"contact": {"name": NAME, "email": EMAIL}, "notes": "canarynotes"}),
        about=f"handoff:{contact.handoffs.get().pk}",
    )
