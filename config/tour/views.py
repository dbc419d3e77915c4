"""The door that puts the tour of the demo away, in the browser that asked for it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from team.doors import with_role

COOKIE = "tour_closed"
KEPT = 60 * 60 * 24 * 365  # seconds


@require_POST
@with_role
def close(request: HttpRequest) -> HttpResponse:
    """Back to My work, without the tour from now on."""
    answer = redirect("home")
    answer.set_cookie(
        COOKIE, "1", max_age=KEPT, httponly=True, samesite="Lax", secure=request.is_secure()
    )
    return answer
