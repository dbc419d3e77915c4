"""What the frame of the admin needs, for the pages of the extra ways to sign in."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest


def frame(request: HttpRequest) -> dict[str, Any]:
    if not request.path.startswith("/account/"):
        return {}
    return {**admin.site.each_context(request), "title": "Sign in"}
