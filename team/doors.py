"""What every page of our own starts with: who is signed in, and that they have a role.

Nothing here knows which rows somebody may see.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from team.models import User

View = Callable[..., HttpResponse]

NO_ROLE = "You have no role yet. Ask a RevOps admin to give you one."


def with_role(view: View) -> View:
    """For signed-in people with a role; anonymous ones are asked to sign in."""

    @wraps(view)
    def door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not person(request).is_staff:
            raise PermissionDenied(NO_ROLE)
        return view(request, *args, **kwargs)

    return cast(View, login_required(door))


def person(request: HttpRequest) -> User:
    """Whoever is signed in."""
    return cast(User, request.user)
