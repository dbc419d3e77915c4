"""The doors to the state of the machinery: for monitoring, and for the people who run it."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import Error
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from sla import health as machinery
from team.doors import person
from team.pages import page


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """ok, or red when the database or the worker is down; says nothing else, to anybody."""
    try:
        alive = machinery.is_alive(timezone.now())
    except Error:
        alive = False
    return JsonResponse({"status": "ok" if alive else "red"}, status=200 if alive else 503)


@require_safe
@login_required
def health(request: HttpRequest) -> HttpResponse:
    """The lights for managers; for RevOps the numbers behind them as well."""
    user = person(request)
    sees_numbers = user.is_revops or user.is_superuser
    if not (sees_numbers or user.is_manager):
        raise PermissionDenied("The health page is for managers and RevOps admins.")
    lights = machinery.findings(timezone.now())
    context = {
        "findings": lights,
        "overall": machinery.overall(lights),
        "outbox": machinery.outbox() if sees_numbers else [],
    }
    return page(request, "sla/health.html", context, title="Health")
