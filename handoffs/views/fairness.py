"""Whose turn it is in a territory, and why each handoff went where it did; a door only."""

from typing import Any, NamedTuple

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from handoffs.fairness import WINDOW, given_in, shares_of, why_given_back
from handoffs.models import Handoff, HandoffEvent
from team.doors import person, with_role
from team.models import Territory, User
from team.pages import page

SHOWN = 25


class Given(NamedTuple):
    """One handoff as it was given, and why the person asked about did or did not get it."""

    event: HandoffEvent
    handoff: Handoff | None  # None where it is not for this reader
    reason: str
    chosen: bool
    verdict: str
    given_back: str


@require_GET
@with_role
def fairness(request: HttpRequest) -> HttpResponse:
    """The team of one territory with its shares, and “why me, why not me” for what came last."""
    user, now = person(request), timezone.now()
    leads = user.is_manager or user.is_revops or user.is_superuser
    if not (user.is_ae or leads):
        raise PermissionDenied("This page is for AEs, managers and RevOps admins.")
    all_of_them = Territory.objects.all() if leads else Territory.objects.worked_by(user)
    territories = list(all_of_them.filter(is_active=True).select_related("primary"))
    territory = _territory(territories, request.GET.get("territory", ""))
    context: dict[str, Any] = {
        "territories": territories,
        "territory": territory,
        "days": WINDOW.days,
        "leads": leads,
    }
    if territory is not None:
        shares = shares_of(territory, now)
        people = [share.user for share in shares]
        asked = _asked(people, request.GET.get("person", ""), user) if leads else user
        context |= {
            "shares": shares,
            "people": people if leads else [],
            "asked": asked,
            "is_me": asked == user,
            "given": _given(territory, asked, user) if asked else [],
        }
    return page(request, "handoffs/fairness.html", context, title="Whose turn")


def _territory(rows: list[Territory], key: str) -> Territory | None:
    return next((row for row in rows if str(row.pk) == key), rows[0] if rows else None)


def _asked(people: list[User], key: str, reader: User) -> User | None:
    """Whom it is about: who was chosen, else the reader if in the team, else its first."""
    if reader in people and not key:
        return reader
    return next((one for one in people if str(one.pk) == key), people[0] if people else None)


def _given(territory: Territory, asked: User, reader: User) -> list[Given]:
    """What came in here last, with the verdict about `asked`."""
    events = list(given_in(territory)[:SHOWN])
    mine = Handoff.objects.visible_to(reader).filter(pk__in=[event.handoff_id for event in events])
    shown = mine.select_related("account").in_bulk()
    found = []
    for event in events:
        routing = (event.data or {}).get("routing") or {}
        chosen = event.owner_id == asked.pk
        verdict = next(
            (c["verdict"] for c in routing.get("candidates", []) if c.get("user") == asked.pk), ""
        )
        found.append(
            Given(
                event=event,
                handoff=shown.get(event.handoff_id),
                reason=routing.get("reason", ""),
                chosen=chosen,
                verdict="" if chosen else verdict or _not_asked(event),
                given_back=why_given_back(event),
            )
        )
    return found


def _not_asked(event: HandoffEvent) -> str:
    if event.owner is None:
        return "not asked: nobody in the line could take it"
    return f"not asked: {event.owner} came before"
