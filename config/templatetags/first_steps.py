"""The way to “Getting started” on My work, until something was handed over."""

from typing import Any

from django import template
from django.utils import timezone

from config.start.steps import is_new, signature_missing, steps
from team.models import User

register = template.Library()


@register.inclusion_tag("start/callout.html")
def first_steps(user: User) -> dict[str, Any]:
    """An admin's next steps until the first handoff; a leader's signature that is waited for."""
    open_steps = []
    if (user.is_revops or user.is_superuser) and is_new():
        open_steps = [step for step in steps(timezone.now()) if not step.done]
    return {"steps": open_steps, "signature": signature_missing(user)}
