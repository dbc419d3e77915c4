"""The page that tries a policy version on the past; a door only."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from handoffs.models import Handoff
from sla.models import PolicyVersion
from sla.simulation import MOST_HANDOFFS, NAMED, Trial, try_out
from team.models import User
from team.pages import page

DAYS = 90
MOST_DAYS = 730
MOST_MINUTES = 60 * 24 * 60


class TrialForm(forms.Form):
    """How far back, and another limit for each promise of the version."""

    days = forms.IntegerField(label="Days back", min_value=1, max_value=MOST_DAYS, initial=DAYS)

    def __init__(self, *args: Any, version: PolicyVersion, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for target in version.targets.all():
            self.fields[target.kind] = forms.IntegerField(
                label=f"{target.get_kind_display()}, minutes",
                min_value=1,
                max_value=MOST_MINUTES,
                required=False,
                initial=target.limit_minutes,
            )

    def limits(self) -> dict[str, timedelta]:
        return {
            kind: timedelta(minutes=minutes)
            for kind, minutes in self.cleaned_data.items()
            if kind != "days" and minutes
        }


@require_safe
@login_required
def trial(request: HttpRequest, pk: int) -> HttpResponse:
    """A version, or other limits than its own, replayed beside what was really promised."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101  login_required has seen to it
    if not (user.is_manager or user.is_revops or user.is_superuser):
        raise PermissionDenied("Trying a policy is for managers and RevOps admins.")
    version = get_object_or_404(PolicyVersion.objects.select_related("policy"), pk=pk)
    typed = request.GET if request.GET else {"days": str(DAYS)}
    form = TrialForm(typed, version=version)
    context: dict[str, Any] = {"version": version, "form": form}
    if not form.is_valid():
        return page(request, "sla/trial.html", context, title="Try a policy", status=422)
    now = timezone.now()
    since = now - timedelta(days=form.cleaned_data["days"])
    tried = try_out(version, since=since, until=now, now=now, limits=form.limits())
    seen = Handoff.objects.visible_to(user).select_related("account")
    context |= {
        "trial": tried,
        "most": MOST_HANDOFFS,
        "rows": _rows(tried),
        "people": _people(tried),
        "newly_missed": seen.filter(pk__in=tried.newly_missed[:NAMED]),
        "newly_kept": seen.filter(pk__in=tried.newly_kept[:NAMED]),
    }
    return page(request, "sla/trial.html", context, title="Try a policy")


def _rows(tried: Trial) -> list[tuple[str, str, str]]:
    before, after = tried.before, tried.after
    missed = [
        (
            f"Missed: {kind.label}",
            f"{before.missed[kind]:,} of {before.clocks[kind]:,}",
            f"{after.missed[kind]:,} of {after.clocks[kind]:,}",
        )
        for kind in tried.kinds()
    ]
    woken = [
        (f"Woken: {one.label}", f"{before.steps[one]:,}", f"{after.steps[one]:,}")
        for one in tried.actions()
    ]
    return missed + woken


def _people(tried: Trial) -> list[tuple[str, int, int]]:
    together = tried.before.people + tried.after.people
    names = User.objects.in_bulk([pk for pk in together if pk])
    return [
        (str(names[pk]) if pk else "nobody", tried.before.people[pk], tried.after.people[pk])
        for pk, _ in together.most_common(15)
    ]
