"""When a session began, and ending somebody's so that a change of their roles holds at once."""

from datetime import datetime

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils import timezone

from team.models import User

SIGNED_IN_AT, SEEN_AT = "signed_in_at", "seen_at"  # seconds since 1970


def begin(sender: object, request: HttpRequest, **kwargs: object) -> None:
    """Note in a new session when it began; a receiver of Django's `user_logged_in`."""
    now = timezone.now().timestamp()
    request.session[SIGNED_IN_AT] = request.session[SEEN_AT] = now


def ways_in(request: HttpRequest) -> list[str]:
    """What was shown to come in: a password, a code, the word of an identity provider."""
    # django-allauth notes the steps in the session, where it is switched on
    steps = request.session.get("account_authentication_methods") or [{"method": "password"}]
    return [str(step.get("type") or step.get("method")) for step in steps]


def came_by_password(request: HttpRequest) -> bool:
    return "password" in ways_in(request)


def end_sessions(user: User, *, now: datetime, keep: str | None = None) -> int:
    """Sign `user` out everywhere but in the session `keep`; returns how many ended.

    Whose a session is stands in its signed data only, so each live one is read.
    """
    live = Session.objects.filter(expire_date__gt=now)
    theirs = [
        session.pk
        for session in live.iterator()
        if session.pk != keep and session.get_decoded().get(SESSION_KEY) == str(user.pk)
    ]
    Session.objects.filter(pk__in=theirs).delete()
    return len(theirs)
