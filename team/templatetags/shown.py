"""How the admin’s pages show a field that nobody may change there."""

from typing import Any

from django import template
from django.contrib import admin
from django.contrib.admin.utils import lookup_field
from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.template import RequestContext

register = template.Library()


@register.simple_tag(takes_context=True)
def shown(context: RequestContext, field: Any) -> str:
    """A read-only field: lists as people write them, no link that only leads to a refusal."""
    try:
        stored, _, value = lookup_field(
            field.field["field"], field.form.instance, field.model_admin
        )
    except (AttributeError, ValueError, ObjectDoesNotExist):
        return field.contents()
    if isinstance(stored, models.JSONField) and isinstance(value, list):
        return ", ".join(map(str, value)) or field.empty_value_display
    if isinstance(value, models.Model) and not _may_open(context, value):
        return str(value)
    return field.contents()


def _may_open(context: RequestContext, value: models.Model) -> bool:
    request = context.get("request")
    pages = admin.site._registry.get(type(value))
    return request is None or pages is None or pages.has_view_permission(request)
