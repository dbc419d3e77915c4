"""The package as it was handed over, as plain data for the log; judges nothing."""

from typing import Any

from handoffs.models import Handoff

TEXTS = (
    "company_size",
    "industry",
    "tech_stack",
    "growth_signals",
    "why_targeted",
    "call_notes",
    "next_step",
    "next_step_who",
)


def package_of(handoff: Handoff) -> dict[str, Any]:
    """All eight sections as JSON-ready values; people by id and name."""
    contact = handoff.contact
    return {
        **{name: getattr(handoff, name) for name in TEXTS},
        "account": str(handoff.account or ""),
        "contact": {
            "id": handoff.contact_id,
            "name": contact.name if contact else "",
            "title": contact.title if contact else "",
            "email": contact.email if contact else "",
            "phone": str(contact.phone) if contact and contact.phone else "",
        },
        "next_step_at": handoff.next_step_at.isoformat() if handoff.next_step_at else None,
        "no_objections": handoff.no_objections,
        "nobody_else": handoff.nobody_else,
        "answers": [
            {
                "criterion": answer.criterion.code,
                "status": answer.status,
                "value": answer.value,
                "evidence": answer.evidence,
                "said_by": answer.said_by,
            }
            for answer in handoff.answers.select_related("criterion")
        ],
        "quotes": list(handoff.quotes.values("text", "speaker", "topic")),
        "objections": list(
            handoff.objections.values("category", "said", "competitor", "left", "left_note")
        ),
        "committee": list(handoff.committee.values("name", "title", "role", "attitude", "engaged")),
        "triggers": [
            {
                "kind": trigger.kind,
                "happened_on": trigger.happened_on.isoformat() if trigger.happened_on else None,
                "detail": trigger.detail,
            }
            for trigger in handoff.triggers.all()
        ],
    }
