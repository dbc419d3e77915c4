"""The page of the joint monthly review; a door only."""

from datetime import date
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from reports import besides, board, facts, metrics
from reports import review as reviews
from reports.models import Review, ReviewAction
from reports.moved import moved
from reports.periods import month_of
from reports.tables import Table, one_of
from reports.views import exported_by
from team.doors import person, with_role
from team.models import Role, User
from team.pages import page
from team.zones import zone_named

SIDES = {"sdr": Role.SDR, "ae": Role.AE}
CAUSES = ("causes", "reasons")  # the tables that say why
MOVED = 3  # points; what moved less is not worth a line


@require_safe
@with_role
def review(request: HttpRequest, month: str) -> HttpResponse:
    """The month as both sides look at it together."""
    facts.catch_up()
    found = _review(month)
    if wanted := request.GET.get("file"):
        stamp = [f"joint review of {found.month}, all teams", exported_by(request)]
        return one_of(_tables(found), wanted, f"review-{found.month}", stamp)
    return _show(request, found)


def _tables(found: Review) -> list[Table]:
    """The tables of the page, for all teams."""
    asked = reviews.period_of(found.month), reviews.EVERYBODY, timezone.now()
    return [board.summary(board.cards(*asked)), *(besides.BY_KEY[key](*asked) for key in CAUSES)]


@require_safe
@with_role
def latest(request: HttpRequest) -> HttpResponse:
    """The review of the last full month."""
    zone = zone_named(settings.TIME_ZONE)
    return redirect("report_review", month_of(timezone.now(), zone).before().key)


@require_POST
@with_role
def change(request: HttpRequest, month: str) -> HttpResponse:
    """Notes, an action, one that is done, or a signature: whatever the button says."""
    found, user = _review(month), person(request)
    if not reviews.may_write(user) and request.POST.get("do") != "done":
        raise PermissionDenied("Managers and RevOps admins write in a review.")
    try:
        said = _do(request, found, user)
    except ValidationError as refused:
        facts.catch_up()
        fields = getattr(refused, "error_dict", None)
        errors = refused.message_dict if fields else {"all": refused.messages}
        return _show(request, _review(month), errors=errors, typed=request.POST, status=422)
    messages.success(request, said)
    return redirect("report_review", month)


def _do(request: HttpRequest, found: Review, user: User) -> str:
    now, post = timezone.now(), request.POST
    match post.get("do"):
        case "notes":
            version = post.get("version", "")
            number = int(version) if version.isdecimal() and len(version) < 9 else 0
            reviews.note(found, by=user, text=post.get("notes", ""), version=number)
            return "Notes saved."
        case "action":
            owner = post.get("owner", "")
            chosen = User.objects.filter(pk=owner).first() if owner.isdecimal() else None
            reviews.act(
                found,
                by=user,
                what=post.get("what", ""),
                owner=chosen,
                due=_day(post.get("due_on", "")),
                at=now,
            )
            return "Action noted."
        case "done":
            pk = post.get("action", "")
            action = get_object_or_404(ReviewAction, pk=pk if pk.isdecimal() else 0)
            reviews.finish(action, by=user, at=now)
            return "Done, and noted."
        case "sign":
            side = SIDES.get(post.get("side", ""))
            if side is None:
                raise ValidationError("Sign for the SDRs or for the AEs.")
            reviews.sign(found, by=user, side=side, at=now)
            return f"Signed for the {side.label}s."
    raise ValidationError("Nothing was asked for: use one of the buttons.")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValidationError({"due_on": "Enter a day, such as 2026-03-31."}) from None


def _review(month: str) -> Review:
    try:
        return reviews.open_review(month)
    except ValueError:
        raise Http404("No such month.") from None


def _show(
    request: HttpRequest,
    found: Review,
    *,
    errors: dict[str, list[str]] | None = None,
    typed: Any = None,
    status: int = 200,
) -> HttpResponse:
    user, now = person(request), timezone.now()
    period = reviews.period_of(found.month)
    scope = reviews.EVERYBODY
    cards = board.cards(period, scope, now)
    shows = next(card.found for card in cards if card.metric.key == "show")
    far = [card for card in cards if abs(card.change.amount or 0) * 100 >= MOVED]
    sure = [card for card in far if not card.change.is_chance]
    before = reviews.open_review(period.before().key)
    kept = {row.key: row.figures for row in found.rows.all()} if found.pk else {}
    signatures = [
        {
            "side": side,
            "label": role.label,
            "by": getattr(found, f"signed_by_{side}_leader"),
            "at": getattr(found, f"{side}_leader_signed_at"),
            "why_not": reviews.why_not_sign(found, user, role, now),
        }
        for side, role in SIDES.items()
    ]
    context = {
        "review": found,
        "period": period,
        "cards": [(card, kept.get(card.metric.key)) for card in cards],
        "moved": moved(sure, period, scope, now),
        "perhaps": [card.metric.name for card in far if card.change.is_chance],
        "identity": metrics.identity(shows),
        "causes": [besides.BY_KEY[key](period, scope, now) for key in CAUSES],
        "files": True,
        "last_actions": _actions(before),
        "actions": _actions(found),
        "signatures": signatures,
        "restatements": reviews.restatements(found, now),
        "may_write": reviews.may_write(user) and not found.is_frozen,
        "people": User.objects.active().filter(is_staff=True),
        "errors": errors or {},
        "typed": typed or {},
        "address": f"month={period.key}&teams=all",
        "tab": "review",
        "before": period.before(),
        "after": period.after() if period.end <= now else None,
        "here": reverse("report_review", args=[found.month]),
        "user_id": user.pk,
    }
    title = f"Review of {period.name}"
    return page(request, "reports/review.html", context, title=title, status=status)


def _actions(found: Review) -> list[ReviewAction]:
    return list(found.actions.select_related("owner", "done_by")) if found.pk else []
