"""What other systems are told of a handoff: the opportunity with everything that is known of it.

docs/outgoing-webhook.md describes it to those who receive it.
"""

from typing import Any

from django.conf import settings
from django.urls import reverse

from accounts.models import Account, Contact
from handoffs.export import document_of
from handoffs.models import Handoff, HandoffEvent
from handoffs.models.event import EventKind
from messaging import webhooks

KINDS = {
    EventKind.QUALIFIED: "opportunity.created",
    EventKind.DISQUALIFIED: "handoff.disqualified",
}


def publish(event: HandoffEvent) -> None:
    """Tell the endpoints that want it, in the transaction of the move; history is told to nobody.

    The log says what was so: the body is made once, here, however late it leaves.
    """
    kind = KINDS.get(EventKind(event.kind))
    if kind is None or event.backfilled or not webhooks.wanted(kind):
        return
    handoff = event.handoff
    company = handoff.account.name if handoff.account else "An account without a name"
    webhooks.publish(
        kind,
        content_of(event),
        event_key=f"event:{event.pk}",
        subject=f"{company}: {kind}",
        about=f"handoff:{handoff.pk}",
        at=event.occurred_at,
        now=event.recorded_at,
    )


def content_of(event: HandoffEvent) -> dict[str, Any]:
    """The `data` of the event: the package, the account, the people and what was decided."""
    handoff = event.handoff
    found = {
        **document_of(handoff),
        "url": settings.BASE_URL + reverse("handoff", args=[handoff.pk]),
        "account": _account(handoff.account),
        "contact": _contact(handoff.contact),
        "committee": _committee(handoff),
        "note": event.note,
    }
    if event.kind == EventKind.DISQUALIFIED:
        found["reason"] = str(event.reason or "")
        del found["opportunity"]
    return found


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
        **_ids(account),
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
        **_ids(contact),
    }


def _committee(handoff: Handoff) -> list[dict[str, Any]]:
    return [
        {
            "name": member.name,
            "title": member.title,
            "role": member.role,
            "attitude": member.attitude,
            "contact": _contact(member.contact),
        }
        for member in handoff.committee.select_related("contact")
    ]


def _ids(record: Account | Contact) -> dict[str, str]:
    names = ("external_id", "hubspot_id", "salesforce_id")
    return {name: getattr(record, name) for name in names if getattr(record, name)}
