"""The frame that every page of our own is shown in: the admin's menu, colours and dark mode."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any] | None = None,
    *,
    title: str,
    status: int = 200,
) -> HttpResponse:
    """`template` (which extends desk/base.html) in the frame, with `title` in its head."""
    frame = admin.site.each_context(request)
    return render(request, template, {**frame, "title": title, **(context or {})}, status=status)
