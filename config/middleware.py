"""What happens to every request: an id, headers, the person's own time zone, clear answers."""

import logging
import time
import uuid
import zoneinfo
from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from config import logs, metrics
from config.views import is_trouble, unavailable
from team.sessions import SEEN_AT, SIGNED_IN_AT, came_by_password

Next = Callable[[HttpRequest], HttpResponse]
log = logging.getLogger("handoffdesk.request")
access = logging.getLogger("handoffdesk.access")

SEEN_EVERY = 600  # seconds; each time is a write

PERMISSIONS_POLICY = (
    "geolocation=(), camera=(), microphone=(), payment=(), usb=(), interest-cohort=()"
)

CHOOSE_YOUR_OWN = "Choose a password of your own first: this one was made for you."

LOGOUTS = {"logout", "account_logout"}  # the admin’s, and that of the sign-in pages


class RequestId:
    """Gives each request an id that its error page and its log lines share."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.id = uuid.uuid4().hex[:12]  # type: ignore[attr-defined]
        logs.request_id.set(request.id)  # type: ignore[attr-defined]
        logs.user_id.set(None)
        response = self.get_response(request)
        response["X-Request-ID"] = request.id  # type: ignore[attr-defined]
        return response


class Counted:
    """Counts each answer for monitoring, and writes a line of it where logs are collected."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.monotonic()
        response = self.get_response(request)
        seconds = time.monotonic() - began
        metrics.count(request, response, seconds)
        fields = {
            "view": metrics.view_of(request),
            "method": request.method,
            "status": response.status_code,
            "ms": round(1000 * seconds),
        }
        access.info("answered", extra=fields)
        return response


class SecurityHeaders:
    """Headers that Django has no setting for."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        # Asking who it is now would ask a database once more that may just have failed to answer
        person = getattr(request, "_cached_user", None)
        if response.status_code >= 500 or (person is not None and person.is_authenticated):
            response.headers.setdefault("Cache-Control", "no-store")
        if request.method == "POST" and getattr(request.resolver_match, "url_name", "") in LOGOUTS:
            response.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
        return response


class SessionAge:
    """Ends a session twelve hours after the sign-in, and keeps a used one from going idle."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            logs.user_id.set(request.user.pk)
            now = timezone.now().timestamp()
            if now - request.session.get(SIGNED_IN_AT, 0) >= settings.SESSION_LONGEST:
                logout(request)
            elif now - request.session.get(SEEN_AT, 0) >= SEEN_EVERY:
                request.session[SEEN_AT] = now  # and with it the eight idle hours begin anew
        return self.get_response(request)


class PersonsTimeZone:
    """Shows instants in the zone of whoever is signed in."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        zone = getattr(request.user, "zone", zoneinfo.ZoneInfo("UTC"))
        with timezone.override(zone):
            return self.get_response(request)


class OwnPassword:
    """Has whoever came in by a password that somebody gave them choose their own first."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not getattr(request.user, "password_given", False) or not came_by_password(request):
            return self.get_response(request)
        own = reverse("admin:password_change")
        if request.path in {own, reverse("admin:logout")} or request.path.startswith("/account/"):
            return self.get_response(request)
        messages.info(request, CHOOSE_YOUR_OWN)
        return HttpResponseRedirect(own)


class ClearAnswers:
    """Turns a database that is away, busy or read-only into a page that says so."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if is_trouble(error):
            log.error("database: %s", type(error).__name__)
            return unavailable(request, error)
        return None
