"""The package as it was handed over, as plain data for the log; judges nothing."""

from collections.abc import Iterable
from typing import Any

from accounts.models import Account
from handoffs.models import Answer, Handoff

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

# What is kept of each kind of row, in the order in which it reads
ROW_FIELDS = {
    "quotes": ("text", "speaker", "topic"),
    "objections": ("category", "said", "competitor", "left", "left_note"),
    "committee": ("name", "title", "role", "attitude", "engaged"),
    "triggers": ("kind", "happened_on", "detail"),
}
ACCOUNT_FACTS = ("company_size", "industry", "tech_stack", "growth_signals")


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
            for answer in _with_criteria(handoff)
        ],
        "quotes": _rows(handoff.quotes.all(), "quotes"),
        "objections": _rows(handoff.objections.all(), "objections"),
        "committee": _rows(handoff.committee.all(), "committee"),
        "triggers": [
            {
                "kind": trigger.kind,
                "happened_on": trigger.happened_on.isoformat() if trigger.happened_on else None,
                "detail": trigger.detail,
            }
            for trigger in handoff.triggers.all()
        ],
    }


def account_facts(account: Account | None) -> dict[str, str]:
    """What the account's record says, whatever the package makes of it."""
    if account is None:
        return dict.fromkeys(ACCOUNT_FACTS, "")
    return {
        "company_size": account.size_text,
        "industry": account.industry,
        "tech_stack": account.tech_stack_text(),
        "growth_signals": account.growth_text(),
    }


def _with_criteria(handoff: Handoff) -> Iterable[Answer]:
    """The answers with their criteria, as prefetched where they are."""
    if "answers" in getattr(handoff, "_prefetched_objects_cache", {}):
        return handoff.answers.all()
    return handoff.answers.select_related("criterion")


def _rows(rows: Iterable[Any], kind: str) -> list[dict[str, Any]]:
    return [{name: getattr(row, name) for name in ROW_FIELDS[kind]} for row in rows]
