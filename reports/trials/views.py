"""The pages that try a change on the past; doors only."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from handoffs.models import FrameworkVersion, Handoff
from reports import facts
from reports.review import may_write
from reports.tables import Table, one_of
from reports.trials import coverage, gate, promises
from reports.trials.forms import DAYS, CoverageForm, GateForm, PolicyForm, TrialForm
from reports.views import exported_by
from sla.models import PolicyVersion
from sla.simulation import MOST_HANDOFFS, Trial, try_coverage, try_out
from team.doors import View, person, with_role
from team.models import Territory
from team.pages import page

NAMED = 20  # handoffs of each kind of difference that are listed
EQUAL = "The replay of what really was equals history."


def for_leaders(view: Callable[..., HttpResponse]) -> View:
    """For managers and RevOps: what a change would come to is no business of anybody else’s."""

    @wraps(view)
    def door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not may_write(person(request)):
            raise PermissionDenied("Trying a change on the past is for managers and RevOps admins.")
        return view(request, *args, **kwargs)

    return with_role(door)


@require_safe
@for_leaders
def start(request: HttpRequest) -> HttpResponse:
    """What can be tried."""
    policies = PolicyVersion.objects.exclude(state="retired").select_related("policy")
    standards = FrameworkVersion.objects.exclude(state="retired").select_related("framework")
    context = {
        "policies": policies.order_by("policy__name", "-number"),
        "standards": standards.order_by("framework__name", "-number"),
        "territories": Territory.objects.filter(is_active=True),
        "tab": "try",
    }
    return page(request, "reports/try.html", context, title="Reports")


@require_safe
@for_leaders
def policy(request: HttpRequest, pk: int) -> HttpResponse:
    """A version, other limits than its own, or other hours, beside what was really promised."""
    version = get_object_or_404(PolicyVersion.objects.select_related("policy"), pk=pk)
    form = PolicyForm(request.GET or {"days": DAYS}, version=version)
    context: dict[str, Any] = {
        "heading": str(version),
        "state": version.get_state_display(),
        "ask": "Change a limit or the hours to try others; nothing is saved.",
    }
    if not form.is_valid():
        return _shown(request, form, context)
    now = timezone.now()
    period = form.period(now)
    tried = try_out(
        version,
        since=period.start,
        until=period.end,
        now=now,
        limits=form.limits(),
        hours=form.hours(),
    )
    context |= {
        "summary": _of_promises(tried),
        "is_off": tried.differs > 0,
        "count": tried.handoffs,
        "tables": [
            promises.side_by_side(tried),
            promises.steps(tried),
            promises.people(tried),
            promises.woken(tried),
        ],
        "lists": [
            ("would have missed a promise that they kept", tried.newly_missed),
            ("would have kept what they missed", tried.newly_kept),
        ],
    }
    return _shown(request, form, context)


@require_safe
@for_leaders
def standard(request: HttpRequest, pk: int) -> HttpResponse:
    """A standard or one more rule: which packages the gate would have stopped."""
    rows = FrameworkVersion.objects.select_related("framework")
    version = get_object_or_404(rows.prefetch_related("criteria", "rules"), pk=pk)
    form = GateForm(request.GET or {"days": DAYS}, standard=version)
    context: dict[str, Any] = {
        "heading": str(version),
        "state": version.get_state_display(),
        "ask": "Ask for one more thing to try a rule; nothing is saved.",
    }
    if not form.is_valid():
        return _shown(request, form, context)
    facts.catch_up()
    tried = gate.try_out(
        version,
        form.period(timezone.now()),
        rules=form.rules(),
        lead_source=form.cleaned_data["lead_source"],
    )
    judged = len(tried.stopped) + len(tried.passed)
    summary = [f"{len(tried.stopped)} of {judged} packages would have been stopped."]
    if tried.changed:
        summary.append(
            f"{tried.changed} more are left out: they, their contact or their account changed "
            "since, so that their own standard would not let them through today."
        )
    else:
        summary.append("Under their own standards all of them pass, as they did.")
    if tried.is_cut:
        summary.append(f"There were more: these are the newest {gate.MOST_HANDOFFS:,}.")
    context |= {
        "summary": summary,
        "is_off": tried.changed > judged,
        "count": tried.handoffs,
        "tables": [gate.by_source(tried), gate.by_rule(tried), gate.became(tried)],
        "lists": [("would have been stopped", tried.stopped)],
    }
    return _shown(request, form, context)


@require_safe
@for_leaders
def territory(request: HttpRequest, pk: int) -> HttpResponse:
    """Another primary AE and other backups: who would have been given, and told, what."""
    place = get_object_or_404(Territory, pk=pk)
    backups = [row.backup for row in place.coverage.select_related("backup").order_by("rank", "pk")]
    typed = request.GET or CoverageForm.as_it_is(place, backups)
    form = CoverageForm(typed, territory=place)
    context: dict[str, Any] = {
        "heading": f"Coverage of {place}",
        "state": "",
        "ask": "Name others to try them; nothing is saved.",
    }
    if not form.is_valid():
        return _shown(request, form, context)
    now = timezone.now()
    period, named = form.period(now), form.backups()
    routed = coverage.try_out(place, form.cleaned_data["primary"], named, period)
    tried = try_coverage(place, named, since=period.start, until=period.end, now=now)
    same = (
        "Today’s coverage gives every one of them to whom it was given."
        if routed.agrees == routed.handoffs
        else f"Today’s coverage gives {routed.agrees} of them to whom they were given: people, "
        "capacities or coverage have changed since."
    )
    context |= {
        "summary": [f"{len(routed.moved)} would have gone to somebody else.", same],
        "is_off": routed.agrees * 2 < routed.handoffs,
        "count": routed.handoffs,
        "tables": [coverage.shared_out(routed), promises.woken(tried)],
        "lists": [("would have gone to somebody else", routed.moved)],
    }
    return _shown(request, form, context)


def _of_promises(tried: Trial) -> list[str]:
    found = []
    if tried.is_cut:
        found.append(f"There were more: these are the newest {MOST_HANDOFFS:,}.")
    if tried.differs:
        found.append(
            f"The replay differs from history on {tried.differs} promises, so do not build on it."
        )
    elif tried.alerts_differ:
        found.append(
            f"{EQUAL[:-1]}, but for {tried.alerts_differ} alerts: the worker may have stood still."
        )
    else:
        found.append(EQUAL)
    found.append(
        "It shows the same work under other promises; people might work differently, and nobody "
        "is reassigned in a replay."
    )
    return found


def _shown(request: HttpRequest, form: TrialForm, context: dict[str, Any]) -> HttpResponse:
    """The page of a trial, or one of its tables as a file."""
    tables: Sequence[Table] = context.get("tables", ())
    if wanted := request.GET.get("file"):
        stamp = [context["heading"], exported_by(request)]
        return one_of(tables, wanted, "try", stamp)
    seen = Handoff.objects.visible_to(person(request)).select_related("account")
    kept = request.GET.copy()
    context |= {
        "form": form,
        "address": kept.urlencode(),
        "files": True,
        "tab": "try",
        "lists": [
            (words, len(ids), seen.filter(pk__in=ids[:NAMED]))
            for words, ids in context.get("lists", ())
            if ids
        ],
    }
    status = 200 if form.is_valid() else 422
    return page(request, "reports/trial.html", context, title="Reports", status=status)
