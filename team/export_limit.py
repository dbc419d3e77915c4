"""Ten exports of people's data an hour for each person, counted in the audit trail."""

from datetime import datetime, timedelta
from math import ceil

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from team.models import AuditEntry, Deed, User

MOST = 10
WINDOW = timedelta(hours=1)


def seconds_to_wait(user: User, now: datetime) -> int:
    """Until `user` may export again; 0 where they may now."""
    recent = AuditEntry.objects.filter(by=user, deed=Deed.EXPORTED, at__gt=now - WINDOW)
    times = list(recent.order_by("-at").values_list("at", flat=True)[:MOST])
    if len(times) < MOST:
        return 0
    return max(1, ceil((times[-1] + WINDOW - now).total_seconds()))


def refusal(request: HttpRequest, user: User, now: datetime) -> HttpResponse | None:
    """429 with Retry-After where `user` has exported enough for now, else None."""
    wait = seconds_to_wait(user, now)
    if not wait:
        return None
    minutes = ceil(wait / 60)
    words = (
        f"{MOST} exports an hour are possible, and you have made them. Export again in {minutes} "
        f"minute{'s' if minutes > 1 else ''}, or filter the list so that one file is enough."
    )
    context = {"status": 429, "title": "That was a lot of exports", "words": words}
    response = render(request, "errors/page.html", context, status=429)
    response["Retry-After"] = str(wait)
    return response
