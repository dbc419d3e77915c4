"""The whole package of a won handoff in one row, for the CRM to take; a person downloads it."""

from datetime import datetime
from typing import Any

from handoffs.models import Handoff, Meeting
from handoffs.snapshot import package_of


def row_of(handoff: Handoff) -> dict[str, str]:
    """One row: a column for each fact, lists as lines. Times are ISO 8601 in UTC."""
    contact, account = handoff.contact, handoff.account
    held = [m for m in handoff.meetings.all() if m.status == Meeting.Status.HELD]
    row = {
        "handoff": str(handoff.pk),
        "opportunity_id": handoff.opportunity_id,
        "opportunity_url": handoff.opportunity_url,
        "amount_usd": "" if handoff.opportunity_amount is None else str(handoff.opportunity_amount),
        "created_at": _instant(handoff.closed_at),
        "lead_source": handoff.get_lead_source_display(),
        "campaign": handoff.original_source,
        "sdr": str(handoff.sdr),
        "ae": str(handoff.owner or ""),
        "meeting_held_at": _instant(held[-1].starts_at) if held else "",
        "account": account.name if account else "",
        "domain": (account.domain if account else "") or "",
        "contact": contact.name if contact else "",
        "title": contact.title if contact else "",
        "email": contact.email if contact else "",
        "direct_dial": str(contact.phone or "") if contact else "",
        "company_size": handoff.company_size,
        "industry": handoff.industry,
        "tech_stack": handoff.tech_stack,
        "growth_signals": handoff.growth_signals,
        "why_targeted": handoff.why_targeted,
    }
    for answer in handoff.answers.select_related("criterion"):
        code = answer.criterion.code
        row[code] = answer.value
        row[f"{code}_status"] = answer.get_status_display()
        row[f"{code}_evidence"] = answer.evidence
    row |= {
        "triggers": _lines(f"{t.get_kind_display()}: {t.detail}" for t in handoff.triggers.all()),
        "quotes": _lines(f"{q.speaker}: “{q.text}”" for q in handoff.quotes.all()),
        "objections": _lines(
            " ".join(filter(None, [o.get_category_display() + ":", o.said, o.left_note]))
            for o in handoff.objections.all()
        ),
        "competitors": ", ".join(
            dict.fromkeys(o.competitor for o in handoff.objections.all() if o.competitor)
        ),
        "committee": _lines(
            f"{m.name}, {m.title} ({m.get_role_display()})" for m in handoff.committee.all()
        ),
        "call_notes": handoff.call_notes,
        "next_step": handoff.next_step,
        "next_step_at": _instant(handoff.next_step_at),
        "next_step_who": handoff.next_step_who,
    }
    return row


def document_of(handoff: Handoff) -> dict[str, Any]:
    """The same as nested data: the package as it was handed over, and the opportunity."""
    amount = handoff.opportunity_amount
    return {
        "handoff": handoff.pk,
        "lead_source": handoff.lead_source,
        "sdr": str(handoff.sdr),
        "ae": str(handoff.owner or ""),
        "opportunity": {
            "id": handoff.opportunity_id,
            "url": handoff.opportunity_url,
            "amount_usd": None if amount is None else str(amount),
            "created_at": _instant(handoff.closed_at),
        },
        "meetings": [
            {"starts_at": _instant(m.starts_at), "minutes": m.minutes, "status": m.status}
            for m in handoff.meetings.all()
        ],
        "package": package_of(handoff),
    }


def _lines(parts: Any) -> str:
    return "\n".join(parts)


def _instant(value: datetime | None) -> str:
    return value.isoformat() if value else ""
