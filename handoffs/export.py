"""The whole package of a decided handoff, for the CRM to take: one row for a sheet, or nested data.

A person downloads it; `handoffs.outgoing` posts the same by itself. Times are ISO 8601 in UTC.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from accounts.models import Account, Contact
from handoffs.models import Answer, CommitteeMember, Handoff, Meeting, Objection, Quote, Trigger
from handoffs.snapshot import package_of

IDS = ("external_id", "hubspot_id", "salesforce_id")


def row_of(handoff: Handoff) -> dict[str, str]:
    """One row: a column for each fact, lists as lines, criteria as `qualification_…`."""
    contact, account = handoff.contact, handoff.account
    held = [m for m in handoff.meetings.all() if m.status == Meeting.Status.HELD]
    row = {
        "handoff": str(handoff.pk),
        "handoff_url": address_of(handoff),
        "opportunity_id": handoff.opportunity_id,
        "opportunity_url": handoff.opportunity_url,
        "stage": handoff.opportunity_stage,
        "amount_usd": "" if handoff.opportunity_amount is None else str(handoff.opportunity_amount),
        "created_at": _instant(handoff.closed_at),
        "lead_source": handoff.get_lead_source_display(),
        "campaign": handoff.original_source,
        "sdr": str(handoff.sdr),
        "ae": str(handoff.owner or ""),
        "meeting_held_at": _instant(held[-1].starts_at) if held else "",
        "account": account.name if account else "",
        "domain": (account.domain if account else "") or "",
        "country": account.country if account else "",
        **_ids_of("account", account),
        "contact": contact.name if contact else "",
        "title": contact.title if contact else "",
        "email": contact.email if contact else "",
        "direct_dial": str(contact.phone or "") if contact else "",
        **_ids_of("contact", contact),
        "company_size": handoff.company_size,
        "industry": handoff.industry,
        "tech_stack": handoff.tech_stack,
        "growth_signals": handoff.growth_signals,
        "why_targeted": handoff.why_targeted,
        "standard": str(handoff.framework_version or ""),
    }
    for answer in handoff.answers.select_related("criterion"):
        row |= _answer_columns(answer)
    return row | {
        "triggers": _lines(_trigger(one) for one in handoff.triggers.all()),
        "quotes": _lines(_quote(one) for one in handoff.quotes.all()),
        "objections": "None raised"
        if handoff.no_objections
        else _lines(_objection(one) for one in handoff.objections.all()),
        "competitors": ", ".join(
            dict.fromkeys(o.competitor for o in handoff.objections.all() if o.competitor)
        ),
        "committee": "Nobody else mentioned"
        if handoff.nobody_else
        else _lines(_member(one) for one in handoff.committee.select_related("contact")),
        "call_notes": handoff.call_notes,
        "next_step": handoff.next_step,
        "next_step_at": _instant(handoff.next_step_at),
        "next_step_who": handoff.next_step_who,
    }


def document_of(handoff: Handoff) -> dict[str, Any]:
    """The same as nested data: the package, the account, the people, and the opportunity."""
    amount = handoff.opportunity_amount
    return {
        "handoff": handoff.pk,
        "url": address_of(handoff),
        "lead_source": handoff.lead_source,
        "campaign": handoff.original_source,
        "sdr": str(handoff.sdr),
        "ae": str(handoff.owner or ""),
        "opportunity": {
            "id": handoff.opportunity_id,
            "url": handoff.opportunity_url,
            "stage": handoff.opportunity_stage,
            "amount_usd": None if amount is None else str(amount),
            "created_at": _instant(handoff.closed_at),
        },
        "meetings": [
            {"starts_at": _instant(m.starts_at), "minutes": m.minutes, "status": m.status}
            for m in handoff.meetings.all()
        ],
        "account": _account(handoff.account),
        "contact": _contact(handoff.contact),
        "committee": [
            {
                "name": member.name,
                "title": member.title,
                "role": member.role,
                "attitude": member.attitude,
                "contact": _contact(member.contact),
            }
            for member in handoff.committee.select_related("contact")
        ],
        "package": _package(handoff),
    }


def address_of(handoff: Handoff) -> str:
    """Where the brief stands."""
    return f"{settings.BASE_URL}{reverse('handoff', args=[handoff.pk])}"


def _package(handoff: Handoff) -> dict[str, Any]:
    """The package as the log keeps it, and what besides matters to another system."""
    package = package_of(handoff)
    answers = handoff.answers.all()
    for said, answer in zip(package["answers"], answers, strict=True):
        said |= {"said_on": _day(answer.said_on), "channel": answer.channel}
    for told, trigger in zip(package["triggers"], handoff.triggers.all(), strict=True):
        told["source_url"] = trigger.source_url
    return package | {"standard": str(handoff.framework_version or "")}


def _account(account: Account | None) -> dict[str, Any] | None:
    if account is None:
        return None
    revenue = account.annual_revenue
    return {
        "id": account.pk,
        "name": account.name,
        "domain": account.domain,
        "industry": account.industry,
        "employees": account.employees,
        "annual_revenue_usd": None if revenue is None else str(revenue),
        "country": account.country,
        "city": account.city,
        "technologies": [technology.name for technology in account.technologies.all()],
        **_known_ids(account),
    }


def _contact(contact: Contact | None) -> dict[str, Any] | None:
    if contact is None:
        return None
    return {
        "id": contact.pk,
        "first_name": contact.first_name,
        "last_name": contact.last_name,
        "title": contact.title,
        "email": contact.email,
        "phone": str(contact.phone.as_e164) if contact.phone else "",
        "role": contact.role,
        **_known_ids(contact),
    }


def _known_ids(record: Account | Contact) -> dict[str, str]:
    return {name: getattr(record, name) for name in IDS if getattr(record, name)}


def _ids_of(what: str, record: Account | Contact | None) -> dict[str, str]:
    """The record's keys in other systems, as columns of the row."""
    return {f"{what}_{name}": str(getattr(record, name, "") or "") for name in IDS}


def _answer_columns(answer: Answer) -> dict[str, str]:
    name = f"qualification_{answer.criterion.code}"
    return {
        name: answer.value,
        f"{name}_status": answer.get_status_display(),
        f"{name}_evidence": answer.evidence,
        f"{name}_said_by": answer.said_by,
        f"{name}_said_on": _day(answer.said_on) or "",
    }


def _trigger(trigger: Trigger) -> str:
    when = f" on {trigger.happened_on.isoformat()}" if trigger.happened_on else ""
    return f"{trigger.get_kind_display()}{when}: {trigger.detail} {trigger.source_url}".strip()


def _quote(quote: Quote) -> str:
    about = f" on {quote.topic}" if quote.topic else ""
    return f"{quote.speaker}{about}: “{quote.text}”"


def _objection(objection: Objection) -> str:
    named = f" ({objection.competitor})" if objection.competitor else ""
    left = ". ".join(filter(None, [objection.get_left_display(), objection.left_note]))
    return f"{objection.get_category_display()}{named}: {objection.said}" + (
        f" [{left}]" if left else ""
    )


def _member(member: CommitteeMember) -> str:
    known = [member.get_role_display(), member.get_attitude_display(), member.get_engaged_display()]
    address = f" <{member.contact.email}>" if member.contact and member.contact.email else ""
    return f"{', '.join(filter(None, [member.name, member.title]))}{address} ({', '.join(known)})"


def _lines(parts: Iterable[str]) -> str:
    return "\n".join(parts)


def _instant(value: datetime | None) -> str:
    return value.isoformat() if value else ""


def _day(value: Any) -> str | None:
    return value.isoformat() if value else None
