"""The manager's page and the coverage check; doors only: they parse, call one verb, show."""

from datetime import date, datetime, timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from handoffs import feedback
from handoffs.rights import leads_it
from sla import coverage as coverage_check
from sla import desks, health
from sla.arrivals import FEWEST, FEWEST_WEEKS
from sla.breaches import explain
from sla.coverage_map import MOST_WEEKS, maps, monday_of
from sla.models import Breach
from team.doors import person
from team.models import User
from team.pages import page

WEEK = timedelta(weeks=1)


def _manager(request: HttpRequest) -> User:
    """Whoever is signed in, if they look after other people's handoffs."""
    user = person(request)
    if not (user.is_active and (user.is_manager or user.is_revops or user.is_superuser)):
        raise PermissionDenied("This page is for managers and RevOps admins.")
    return user


@require_safe
@login_required
def attention(request: HttpRequest) -> HttpResponse:
    """What is late, about to be, without an owner, or without a cause."""
    user = _manager(request)
    now = timezone.now()
    return page(request, "sla/attention.html", _attention(user, now), title="Needs a manager")


@require_POST
@login_required
def explain_breach(request: HttpRequest, pk: int) -> HttpResponse:
    """Record the cause of a missed promise."""
    user = _manager(request)
    breach = get_object_or_404(desks.breaches_of(user).select_related("clock__handoff"), pk=pk)
    if not leads_it(user, breach.clock.handoff):
        raise PermissionDenied("Only a manager of this handoff may name the cause.")
    cause, note = request.POST.get("cause", ""), request.POST.get("note", "")
    try:
        explain(breach, cause=cause, note=note, by=user)
    except ValidationError as refused:
        problem = {"pk": pk, "words": " ".join(refused.messages), "cause": cause, "note": note}
        context = {**_attention(user, timezone.now()), "problem": problem}
        return page(request, "sla/attention.html", context, title="Needs a manager", status=422)
    messages.success(request, f"Cause noted: {breach.get_cause_display().lower()}.")
    return redirect("attention")


@require_safe
@login_required
def coverage(request: HttpRequest) -> HttpResponse:
    """Who would be told of a breach, now and at three in the night of a holiday."""
    _manager(request)
    now = timezone.now()
    at_night = request.GET.get("when") == "night"
    lines = coverage_check.check(now, at_night=at_night)
    context = {"lines": lines, "at_night": at_night, "holes": [x for x in lines if x.problem]}
    return page(request, "sla/coverage.html", context, title="Who is told")


@require_safe
@login_required
def coverage_map(request: HttpRequest) -> HttpResponse:
    """Who is there for each territory, hour by hour of one week, with the holes."""
    _manager(request)
    now = timezone.now()
    this_week = monday_of(timezone.localdate(now))
    monday = _week(request.GET.get("week", ""), this_week)
    found = maps(monday, now)
    context = {
        "maps": found,
        "holed": [one for one in found if one.holes],
        "monday": monday,
        "sunday": monday + timedelta(days=6),
        "this_week": this_week,
        "before": monday - WEEK if monday > this_week - MOST_WEEKS * WEEK else None,
        "after": monday + WEEK if monday < this_week + MOST_WEEKS * WEEK else None,
        "fewest_weeks": FEWEST_WEEKS,
        "fewest": FEWEST,
        "back": reverse("coverage"),
        "back_words": "Who is told",
    }
    return page(request, "sla/coverage_map.html", context, title="Coverage map")


def _week(asked: str, this_week: date) -> date:
    """The Monday of the week that was asked for; this week's where that makes no sense."""
    try:
        monday = monday_of(date.fromisoformat(asked))
    except (ValueError, OverflowError):
        return this_week
    return monday if abs(monday - this_week) <= MOST_WEEKS * WEEK else this_week


def _attention(user: User, now: datetime) -> dict[str, object]:
    return {
        "late": desks.late_clocks(user, now),
        "at_risk": desks.clocks_at_risk(user, now),
        "unassigned": desks.unassigned(user),
        "waiting": desks.waiting_for_a_cause(user),
        "contests": feedback.waiting_for(user)[: desks.MOST_ROWS],
        "causes": Breach.Cause.choices,
        "most_rows": desks.MOST_ROWS,
        "silence": health.silence(now),
        "now": now,
    }
