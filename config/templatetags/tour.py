"""The tour of the demo on My work, until it is put away."""

from typing import Any

from django import template
from django.template import RequestContext
from django.utils import timezone

from config.tour.stops import is_in_the_demo, stops
from config.tour.views import COOKIE
from team.models import User

register = template.Library()


@register.inclusion_tag("tour/panel.html", takes_context=True)
def tour(context: RequestContext, user: User) -> dict[str, Any]:
    """Nothing at all outside the demo, and for whoever closed it."""
    request = context["request"]
    wanted = is_in_the_demo(user) and COOKIE not in request.COOKIES
    return {
        "stops": stops(user, timezone.now()) if wanted else [],
        "csrf_token": context.get("csrf_token"),
    }
