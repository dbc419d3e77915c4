"""The SDR's form: start a handoff, fill it in, hear what is missing; saving is form_saving."""

from django.core.exceptions import BadRequest, PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import Account
from handoffs import completeness, prefill, rights
from handoffs.forms.sheet import open_sheet
from handoffs.forms.start import NewAccountForm, StartForm
from handoffs.models import Handoff, LeadSource
from handoffs.refusal import TransitionRefused
from handoffs.views import form_saving
from handoffs.views.doors import visible_or_404
from handoffs.views.form_page import show
from team.doors import person, with_role
from team.models import User
from team.pages import page

MOST_FOUND = 8


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@with_role
def new(request: HttpRequest) -> HttpResponse:
    """Which account, which lead source: one choice and Enter. Only the POST makes a draft."""
    user = person(request)
    if not (user.is_sdr or user.is_manager or user.is_superuser):
        raise PermissionDenied("Only an SDR or a manager may start a handoff.")
    accounts = Account.objects.visible_to(user)
    start = StartForm(request.POST or None, accounts=accounts, asked=request.GET.get("account"))
    added = NewAccountForm(request.POST if start.wants_new_account() else None)
    if request.method == "POST" and start.is_valid():
        account = start.cleaned_data["account"]
        is_new = start.wants_new_account() and added.is_valid()
        if account is not None or is_new or not start.wants_new_account():
            try:
                with transaction.atomic():  # no company without the handoff it was entered for
                    handoff = prefill.begin(
                        sdr=user,
                        by=user,
                        account=added.save_for(user) if is_new else account,
                        at=timezone.now(),
                        lead_source=start.cleaned_data["lead_source"] or LeadSource.MEETING,
                    )
            except TransitionRefused as refused:
                raise PermissionDenied(str(refused)) from refused
            return redirect("handoff_edit", pk=handoff.pk)
    query = request.GET.get("q", "")
    context = {
        "start": start,
        "added": added,
        "chosen": start.chosen,
        "open_handoffs": _open_handoffs(start.chosen, user),
        "query": query,
        "found": _found(user, query) if query else [],
        "is_first": not Account.objects.exists(),
    }
    refused_form = request.method == "POST"
    return page(
        request,
        "handoffs/form_new.html",
        context,
        title="New handoff",
        status=422 if refused_form else 200,
    )


@require_GET
@never_cache
@with_role
def accounts(request: HttpRequest) -> JsonResponse:
    """Accounts to choose from while somebody types."""
    found = _found(person(request), request.GET.get("q", ""))
    return JsonResponse(
        {
            "results": [
                {"id": account.pk, "name": account.name, "detail": _detail(account)}
                for account in found
            ]
        }
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@with_role
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The package on one page; a POST saves it and does what its button says."""
    handoff = _editable_or_refuse(request, pk)
    if request.method == "POST":
        return form_saving.post(request, handoff)
    if not handoff.is_editable_package:
        return form_saving.to_the_brief(request, handoff)
    spare = (request.GET.get("add", ""),)
    sheet = open_sheet(handoff, user=person(request), now=timezone.now(), spare=spare)
    return show(request, sheet)


@require_GET
@never_cache
@with_role
def gaps(request: HttpRequest, pk: int) -> JsonResponse:
    """What the package lacks now."""
    handoff = visible_or_404(request, pk, completeness.whole())
    sheet = open_sheet(handoff, user=person(request), now=timezone.now())
    done, total = completeness.progress(sheet.gaps)
    return JsonResponse(
        {
            "gaps": [gap._asdict() for gap in sheet.gaps],
            "done": done,
            "total": total,
            "aside": render_to_string("handoffs/form_missing.html", sheet.context(), request),
        }
    )


# --- Below ---------------------------------------------------------------------------------------


def _editable_or_refuse(request: HttpRequest, pk: int) -> Handoff:
    handoff = visible_or_404(request, pk, completeness.whole())
    if sentence := rights.why_not(person(request), rights.EDIT, handoff):
        raise PermissionDenied(sentence)
    return handoff


def _found(user: User, query: str) -> list[Account]:
    """Accounts whose name or domain begins with, else contains, what was typed."""
    text = " ".join(query.replace("\x00", "").split())
    if len(text) > 200:
        raise BadRequest("Search for at most 200 characters.")
    visible = Account.objects.visible_to(user).order_by("name", "pk")
    if not text:
        return list(visible.filter(sdr=user)[:MOST_FOUND])
    starts = list(visible.filter(name__istartswith=text)[:MOST_FOUND])
    seen = {account.pk for account in starts}
    rest = visible.filter(name__icontains=text) | visible.filter(domain__icontains=text)
    others = [account for account in rest[: 2 * MOST_FOUND] if account.pk not in seen]
    return [*starts, *others][:MOST_FOUND]


def _detail(account: Account) -> str:
    parts = [account.domain, account.industry, account.size_text]
    return ", ".join(part for part in parts if part)


def _open_handoffs(account: Account | None, user: User) -> list[Handoff]:
    """Open handoffs of the account that this person sees, so that nobody writes a second one."""
    if account is None:
        return []
    rows = Handoff.objects.visible_to(user).filter(account=account, status__in=Handoff.OPEN)
    return list(rows.distinct().select_related("sdr")[:3])
