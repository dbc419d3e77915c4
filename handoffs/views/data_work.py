"""The lists of contacts to check again and of accounts to enrich first; doors only."""

from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.by_hand import verify
from accounts.enrichment import asking
from accounts.models import Account, Contact, Method, VerifiedField
from handoffs import data_work
from team.doors import View, person, with_role
from team.pages import page
from team.wording import counted

SOURCE = "Recheck list"


def _for_data_people(view: View) -> View:
    """For those who look after data: SDRs and RevOps."""

    @wraps(view)
    def door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not person(request).has_perm("accounts.add_verification"):
            raise PermissionDenied("This list is for SDRs and RevOps admins.")
        return view(request, *args, **kwargs)

    return with_role(door)


@require_GET
@_for_data_people
def recheck(request: HttpRequest) -> HttpResponse:
    """Contacts whose fields can no longer be trusted, those at work first."""
    now = timezone.now()
    first, rest = data_work.to_recheck(person(request), now)
    context = {"first": first, "rest": rest, "most": data_work.MOST_REST, "now": now}
    return page(request, "handoffs/recheck.html", context, title="To recheck")


@require_POST
@_for_data_people
def verified(request: HttpRequest, pk: int) -> HttpResponse:
    """One click: this field was found right, or wrong, just now."""
    user = person(request)
    contact = Contact.objects.visible_to(user).select_related("account").filter(pk=pk).first()
    if contact is None:
        raise Http404("No such contact for this person.")
    field, method = request.POST.get("field", ""), request.POST.get("method", "")
    ways = dict(data_work.WAYS.get(field, ()))
    if method not in ways:
        return HttpResponse(
            "Choose one of the buttons.", status=400, content_type="text/plain; charset=utf-8"
        )
    label = VerifiedField(field).label
    if contact.verified_value(field) != request.POST.get("value", ""):
        words = f"The {label.lower()} of {contact} has changed meanwhile. Look at it again."
        messages.warning(request, words)
        return redirect("recheck")
    verify(
        contact,
        [VerifiedField(field)],
        method=Method(method),
        by=user,
        at=timezone.now(),
        source=SOURCE,
    )
    messages.success(request, f"Noted: {label.lower()} of {contact}: {ways[method].lower()}.")
    return redirect("recheck")


@require_GET
@_for_data_people
def enrich_first(request: HttpRequest) -> HttpResponse:
    """Accounts that somebody works on and that are not ready."""
    now = timezone.now()
    context = {
        "rows": data_work.to_enrich(person(request), now),
        "can_ask": asking.asked_sources().exists(),
        "now": now,
    }
    return page(request, "handoffs/enrich_first.html", context, title="To enrich")


@require_POST
@_for_data_people
def enrich(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the data sources about one account and its people."""
    user = person(request)
    account = Account.objects.visible_to(user).filter(pk=pk).first()
    if account is None:
        raise Http404("No such account for this person.")
    seen = Contact.objects.visible_to(user)
    try:
        records = [account, *asking.people_of(account, seen)]
        count = asking.ask(records, by=user, now=timezone.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(
            request,
            f"{counted(count, 'question')} about {account} asked; the answers come in a minute.",
        )
    return redirect("enrich_first")
