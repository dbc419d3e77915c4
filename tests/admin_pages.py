"""What tests of admin pages share: what a page said, where a row is changed, a formset’s post."""

from typing import Any

from django.contrib.messages import get_messages
from django.urls import reverse


def said(response: Any) -> str:
    """The messages of the page."""
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def change(obj: Any) -> str:
    """The address of its page."""
    meta = obj._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[obj.pk])


def rows(prefix: str, values: list[dict[str, Any]], stored: int = 0) -> dict[str, Any]:
    """The post of an inline formset."""
    data: dict[str, Any] = {
        f"{prefix}-TOTAL_FORMS": len(values),
        f"{prefix}-INITIAL_FORMS": stored,
        f"{prefix}-MIN_NUM_FORMS": 0,
        f"{prefix}-MAX_NUM_FORMS": 1000,
    }
    for number, row in enumerate(values):
        data |= {f"{prefix}-{number}-{name}": value for name, value in row.items()}
    return data
