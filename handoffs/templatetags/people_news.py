"""On the brief: what changed about its people since it was begun."""

from typing import Any

from django import template

from accounts.models import Departure
from handoffs import news
from handoffs.masking import Veil
from handoffs.models import Handoff

register = template.Library()


@register.inclusion_tag("handoffs/people_news.html")
def people_news(handoff: Handoff, veil: Veil) -> dict[str, Any]:
    """The changes, and where those who left are kept now. One query more where there are any."""
    changes = news.about(handoff)
    left = {change.contact_id for change in changes if change.kind == change.Kind.LEFT}
    departures = Departure.objects.filter(
        contact__in=left, state=Departure.State.OPEN, account=handoff.account_id
    )
    asks = {departure.contact_id: departure for departure in departures} if left else {}
    return {
        "veil": veil,
        "heading": "Changed since the handoff" if handoff.submitted_at else "Changed meanwhile",
        "items": [
            {
                "change": change,
                "words": news.in_full(change),
                "is_primary": change.contact_id == handoff.contact_id,
                "asks": asks.get(change.contact_id) if change.kind == change.Kind.LEFT else None,
            }
            for change in changes[:5]
        ],
    }
