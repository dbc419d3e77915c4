"""Shows the SDR's page; what a POST does to it is form_saving."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from handoffs.forms.sheet import Sheet
from team.pages import page


def show(request: HttpRequest, sheet: Sheet, *, status: int = 200, **extra: Any) -> HttpResponse:
    """The page with this sheet on it."""
    handoff = sheet.handoff
    context = {
        **sheet.context(),
        **extra,
        "back": reverse("handoff", args=[handoff.pk]),
        "back_words": "To the brief",
    }
    name = handoff.account.name if handoff.account else "No account yet"
    kind = "Answer" if context["is_returned"] else "Handoff"
    return page(request, "handoffs/form.html", context, title=f"{kind}: {name}", status=status)
