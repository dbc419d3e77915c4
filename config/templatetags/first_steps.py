"""The way to “Getting started” on My work, until something was handed over."""

from typing import Any

from django import template
from django.utils import timezone

from config.start.steps import is_new, steps
from team.models import User

register = template.Library()


@register.inclusion_tag("start/callout.html")
def first_steps(user: User) -> dict[str, Any]:
    """Nothing at all for anybody but an admin, or once the first handoff was made."""
    if not (user.is_revops or user.is_superuser) or not is_new():
        return {"steps": []}
    return {"steps": [step for step in steps(timezone.now()) if not step.done]}
