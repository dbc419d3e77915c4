"""The promises of a handoff on its brief: its clocks, and what was done when they ran late."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.utils import timezone

from handoffs.models import Handoff
from messaging.models import Message
from sla import desks, health
from sla.coverage_map import Map
from sla.models import Clock, Escalation
from sla.promises import standing
from team.models import User

SHOWN = 20  # messages of a handoff

register = template.Library()


@register.inclusion_tag("sla/clocks.html")
def clocks_of(handoff: Handoff) -> dict[str, Any]:
    """Every promise on this handoff, with how it stands now. One query."""
    now = timezone.now()
    clocks = Clock.objects.filter(handoff=handoff).select_related(
        "calendar_version__calendar", "holder"
    )
    return {"handoff": handoff, "promises": [standing(clock, handoff, now) for clock in clocks]}


@register.filter
def clockwise(length: timedelta) -> str:
    """Hours, minutes and seconds as on a stop watch, so that a column of them can be added up.

    >>> clockwise(timedelta(hours=30, seconds=5))
    '30:00:05'
    """
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"


@register.filter
def local_hours(at: datetime, map_: Map) -> str:
    """An instant in a map's own zone: “Thu 14:00”."""
    local = at.astimezone(ZoneInfo(map_.zone))
    return f"{local:%a %H:%M}"


@register.inclusion_tag("sla/escalations.html")
def escalations_of(handoff: Handoff, posted: list[Message]) -> dict[str, Any]:
    """What was done when a promise ran late, and how the newest messages fared. One query.

    `posted` are the messages about it, the newest first.
    """
    fired = Escalation.objects.filter(clock__handoff=handoff).select_related("clock", "step")
    return {"escalations": list(fired), "mails": posted[:SHOWN]}


@register.inclusion_tag("sla/tiles.html")
def promise_tiles(user: User) -> dict[str, Any]:
    """What waits beside the handoffs themselves: causes, and for RevOps the machinery."""
    looks_after_it = user.is_revops or user.is_superuser
    return {
        "causes": desks.breaches_of(user).filter(cause="").count(),
        "is_alive": not looks_after_it or health.is_alive(timezone.now()),
        "given_up": Message.objects.filter(state__in=["dead", "unknown"]).count()
        if looks_after_it
        else None,
    }
