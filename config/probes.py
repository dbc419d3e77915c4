"""The doors for machines that watch: is this process ready, and the figures of it all."""

import hmac
from functools import cache

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from config import metrics


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Whether to send people here: the database answers and has every migration of this release.

    Unlike /healthz it says nothing of the worker: pages work without one.
    """
    try:
        ready = _migrations() <= MigrationRecorder(connection).applied_migrations().keys()
    except Error:
        ready = False
    return JsonResponse({"ready": ready}, status=200 if ready else 503)


@require_safe
@never_cache
def figures(request: HttpRequest) -> HttpResponse:
    """For whoever shows METRICS_TOKEN; not there at all where none is set."""
    if not settings.METRICS_TOKEN:
        raise Http404
    if settings.SECURE_SSL_REDIRECT and not request.is_secure():
        return HttpResponse("Ask by https: others may have read this token.\n", status=403)
    shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(shown.encode(), settings.METRICS_TOKEN.encode()):
        answer = HttpResponse("Show the token: Authorization: Bearer …\n", status=401)
        answer["WWW-Authenticate"] = "Bearer"
        return answer
    return HttpResponse(
        metrics.text(timezone.now()), content_type="text/plain; version=0.0.4; charset=utf-8"
    )


@cache
def _migrations() -> frozenset[tuple[str, str]]:
    """Every migration that this release has."""
    return frozenset(MigrationLoader(None).disk_migrations)
