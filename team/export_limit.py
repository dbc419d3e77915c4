"""Ten exports of people's data an hour for each person, counted in the audit trail."""

from datetime import datetime
from math import ceil

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from team import hourly
from team.models import AuditEntry, Deed, User
from team.wording import counted


def seconds_to_wait(user: User, now: datetime) -> int:
    """Until `user` may export again; 0 where they may now."""
    theirs = AuditEntry.objects.filter(by=user, deed=Deed.EXPORTED)
    return hourly.seconds_to_wait(theirs, "at", now)


def refusal(request: HttpRequest, user: User, now: datetime) -> HttpResponse | None:
    """429 with Retry-After where `user` has exported enough for now, else None."""
    wait = seconds_to_wait(user, now)
    if not wait:
        return None
    minutes = ceil(wait / 60)
    words = (
        f"{hourly.MOST} exports an hour are possible, and you have made them. Export again in "
        f"{counted(minutes, 'minute')}, or filter the list so that one file is enough."
    )
    context = {"status": 429, "title": "That was a lot of exports", "words": words}
    response = render(request, "errors/page.html", context, status=429)
    response["Retry-After"] = str(wait)
    return response
