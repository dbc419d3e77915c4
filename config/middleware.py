"""What happens to every request: an id, headers, the person's own time zone, clear answers."""

import logging
import uuid
import zoneinfo
from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from config.views import unavailable

Next = Callable[[HttpRequest], HttpResponse]
log = logging.getLogger("handoffdesk.request")

PERMISSIONS_POLICY = (
    "geolocation=(), camera=(), microphone=(), payment=(), usb=(), interest-cohort=()"
)


class RequestId:
    """Gives each request an id that its error page and its log lines share."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.id = uuid.uuid4().hex[:12]  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["X-Request-ID"] = request.id  # type: ignore[attr-defined]
        return response


class SecurityHeaders:
    """Headers that Django has no setting for."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if getattr(request, "user", None) is not None and request.user.is_authenticated:
            response.headers.setdefault("Cache-Control", "no-store")
        return response


class PersonsTimeZone:
    """Shows instants in the zone of whoever is signed in."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        zone = getattr(request.user, "zone", zoneinfo.ZoneInfo("UTC"))
        with timezone.override(zone):
            return self.get_response(request)


class ClearAnswers:
    """Turns a database that is away, busy or read-only into a page that says so."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, (OperationalError, InterfaceError)):
            log.error("database: %s [%s]", type(error).__name__, request.id)  # type: ignore[attr-defined]
            return unavailable(request)
        return None
