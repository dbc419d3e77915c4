"""The promises of a handoff on its brief: its clocks, and what was done when they ran late."""

from datetime import timedelta
from typing import Any

from django import template
from django.utils import timezone

from handoffs.models import Handoff
from handoffs.time_left import TimeLeft, span, time_left
from messaging.models import Message
from sla import desks, health
from sla.models import Clock, Escalation
from team.models import User

register = template.Library()


@register.inclusion_tag("sla/clocks.html")
def clocks_of(handoff: Handoff) -> dict[str, Any]:
    """Every promise on this handoff, with how it stands now. One query."""
    now = timezone.now()
    clocks = Clock.objects.filter(handoff=handoff).select_related(
        "calendar_version__calendar", "holder"
    )
    return {"promises": [_promise(clock, handoff, now) for clock in clocks]}


@register.inclusion_tag("sla/escalations.html")
def escalations_of(handoff: Handoff) -> dict[str, Any]:
    """What was done when a promise ran late, and how each message fared. Three queries."""
    fired = (
        Escalation.objects.filter(clock__handoff=handoff)
        .select_related("clock", "step")
        .prefetch_related("told")
    )
    sent = Message.objects.filter(about=f"handoff:{handoff.pk}").select_related("person")
    return {"escalations": list(fired), "mails": list(sent.order_by("-pk")[:20])}


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


def _promise(clock: Clock, handoff: Handoff, now: Any) -> dict[str, Any]:
    missed = clock.is_missed(now)
    left: TimeLeft | None = None
    if clock.state == Clock.State.RUNNING:
        left = time_left(clock.due_at, clock.warn_at, now, clock.working_hours())
    elif clock.state == Clock.State.PAUSED:
        left = TimeLeft("is-info", "Paused", f"paused, {_rest(clock, now)}", clock.due_at or now)
    else:
        used = span(clock.elapsed_at(now))
        colour, words = ("is-bad", "missed: took") if missed else ("is-good", "kept: took")
        if clock.cycle and clock.holder_id != handoff.owner_id and not missed:
            colour, words = "", "passed on after"
        left = TimeLeft(colour, "Done", f"{words} {used}", clock.stopped_at)
    return {"clock": clock, "left": left, "missed": missed, "limit": span(clock.limit)}


def _rest(clock: Clock, now: Any) -> str:
    rest = clock.left_at(now)
    return f"{span(rest)} left" if rest > timedelta(0) else f"overdue by {span(-rest)}"
