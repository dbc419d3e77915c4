"""The monthly calibration: what came of it, and the page on which a leader scores blind."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from handoffs import calibration
from handoffs.calibration import Side
from handoffs.masking import Veil
from handoffs.models import CalibrationCase, CalibrationRound, Handoff
from handoffs.refusal import TransitionRefused
from team.doors import person, with_role
from team.models import User
from team.pages import page

SHOWN = 12  # months to look back
NUMBERS = {str(number) for number in range(1, calibration.CASES + 1)}


@require_GET
@with_role
def overview(request: HttpRequest) -> HttpResponse:
    """One month’s agreement per criterion; hidden from whoever still has to score."""
    user, now = person(request), timezone.now()
    if not (user.is_manager or user.is_revops or user.is_superuser):
        raise PermissionDenied("The calibration is for managers and RevOps admins.")
    rounds = list(CalibrationRound.objects.select_related("version__framework")[:SHOWN])
    wanted = request.GET.get("month", "")
    one = next((r for r in rounds if f"{r.month:%Y-%m}" == wanted), rounds[0] if rounds else None)
    context: dict[str, Any] = {"rounds": rounds, "round": one, "cases": calibration.CASES}
    if one is not None:
        over = calibration.is_over(one, now)
        side = calibration.side_of(user)
        coming = None if over or side is None else calibration.next_case(one, user)
        done = calibration.finished(one)
        both = all(done[each] for each in Side)
        context |= {
            "over": over,
            "side": side,
            "coming": coming,
            "sides": [(each.label, done[each]) for each in Side],
            "both": both,
            "readings": calibration.readings(one) if both and coming is None else [],
        }
        if context["readings"]:
            context |= _looked_at(one, request.GET.get("case", ""), user)
    return page(request, "handoffs/calibration.html", context, title="Calibration")


@require_http_methods(["GET", "POST"])
@with_role
def score(request: HttpRequest) -> HttpResponse:
    """The next package that this leader has not scored, without names, companies or outcome."""
    user, now = person(request), timezone.now()
    if calibration.side_of(user) is None:
        raise PermissionDenied("Only who leads SDRs or AEs scores packages.")
    newest = CalibrationRound.objects.select_related("version").first()
    if newest is None or calibration.is_over(newest, now):
        return redirect("calibration")
    case = calibration.next_case(newest, user)
    if case is None:
        return redirect("calibration")
    criteria = list(newest.version.criteria.all())
    problem, said = "", dict[int, bool]()
    if request.method == "POST":
        said = {
            one.pk: request.POST[f"c{one.pk}"] == "yes"
            for one in criteria
            if request.POST.get(f"c{one.pk}") in ("yes", "no")
        }
        if request.POST.get("case") != str(case.pk):
            problem = "This page was out of date: here is the next package."
            said = {}
        else:
            try:
                calibration.score(case, by=user, met=said, at=now)
            except TransitionRefused as refused:
                problem = str(refused)
            else:
                messages.success(request, f"{case} is scored.")
                return redirect("calibration_score")
    handoff = _package(case)
    answers = {answer.criterion.code: answer for answer in handoff.answers.all()}
    context = {
        "case": case,
        "cases": calibration.CASES,
        "handoff": handoff,
        "veil": _veil(handoff, user),
        "rows": [(one, answers.get(one.code), said.get(one.pk)) for one in criteria],
        "problem": problem,
        "back": reverse("calibration"),
        "back_words": "Calibration",
    }
    title = f"{case} of {calibration.CASES}"
    status = 422 if problem else 200
    return page(request, "handoffs/calibration_score.html", context, title=title, status=status)


def _looked_at(one: CalibrationRound, number: str, user: User) -> dict[str, Any]:
    """The case that a link below the readings asks for, with what each side said of it."""
    case = one.cases.filter(number=int(number)).first() if number in NUMBERS else None
    if case is None:
        return {}
    handoff, said = _package(case), calibration.said_of(case)
    answers = {answer.criterion.code: answer for answer in handoff.answers.all()}
    rows = [
        (row, answers.get(row.code), said.get(row.pk, [])) for row in one.version.criteria.all()
    ]
    return {"case": case, "handoff": handoff, "veil": _veil(handoff, user), "rows": rows}


def _package(case: CalibrationCase) -> Handoff:
    found: Handoff = (
        Handoff.objects.select_related("account", "contact", "sdr", "owner")
        .prefetch_related("answers__criterion", "quotes", "committee", "objections", "triggers")
        .get(pk=case.handoff_id)
    )
    return found


def _veil(handoff: Handoff, reader: User) -> Veil:
    """Hides everybody and the company, from whoever reads: nobody is to be recognised."""
    names = [member.name for member in handoff.committee.all()]
    names += [quote.speaker for quote in handoff.quotes.all()]
    names += [answer.said_by for answer in handoff.answers.all()]
    names += [objection.competitor for objection in handoff.objections.all()]
    names += [str(one) for one in (handoff.contact, handoff.sdr, handoff.owner) if one]
    if handoff.account:
        names += [handoff.account.name, handoff.account.domain.split(".")[0].title()]
    return Veil(drawn=True, names=names)
