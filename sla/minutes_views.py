"""The page that unfolds the time of one handoff; a door only."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from handoffs.masking import Reader, veil_for
from handoffs.views.doors import visible_or_404
from sla.minutes import accounts_of
from team.doors import person, with_role
from team.pages import page


@require_safe
@with_role
def minutes(request: HttpRequest, pk: int) -> HttpResponse:
    """Every promise of one handoff as a sum of stretches, and the spans the reports count."""
    handoff = visible_or_404(request, pk)
    events = list(handoff.events.select_related("actor", "owner", "reason"))
    accounts, milestones = accounts_of(handoff, events, timezone.now())
    company = handoff.account.name if handoff.account else "New handoff"
    context = {
        "handoff": handoff,
        "veil": veil_for(Reader(person(request)), handoff),
        "accounts": accounts,
        "milestones": milestones,
        "heading": f"Where the time went: {company}",
        "back": reverse("handoff", args=[handoff.pk]),
        "back_words": "Back to the brief",
    }
    return page(request, "sla/minutes.html", context, title=f"Time of handoff {handoff.pk}")
