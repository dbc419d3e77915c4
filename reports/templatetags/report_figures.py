"""How figures are written on the reports pages. No queries here."""

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from reports.figures import ENOUGH, Rate
from reports.tables import COUNT, MINUTES, RATE, SHARE

register = template.Library()


@register.filter
def percent(value: float | None) -> str:
    """A share as people say it: “67%”; a dash where there is none."""
    return "–" if value is None else f"{value:.0%}"


@register.filter
def minutes(value: float | None) -> str:
    """Minutes by their two largest parts: “1 h 15 min”; a dash where there are none."""
    if value is None:
        return "–"
    whole = round(value)
    if whole < 1:
        return "under 1 min"
    hours, left = divmod(whole, 60)
    if not hours:
        return f"{left} min"
    return f"{hours} h {left} min" if left else f"{hours} h"


@register.filter
def cell(value: Any, kind: str) -> str | SafeString:
    """One cell of a table."""
    if value is None or value == "":
        return "–"
    if kind == RATE:
        return _rate(value)
    if kind == SHARE:
        return percent(value)
    if kind == MINUTES:
        return minutes(value)
    if kind == COUNT:
        return f"{value:,}"
    return str(value)


def _rate(found: Rate) -> SafeString | str:
    if not found.denominator:
        return "–"
    return format_html(
        '<span class="{}">{}</span> <span class="hint">{}/{}</span>',
        "figure is-small" if found.denominator < ENOUGH else "figure",
        percent(found.value),
        f"{found.numerator:,}",
        f"{found.denominator:,}",
    )


@register.filter
def is_there(value: Any) -> bool:
    """Whether handoffs stand behind a figure."""
    return bool(value.denominator if isinstance(value, Rate) else value)


@register.filter
def share_before(rates: Any, index: int) -> SafeString | str:
    """What the share at this place was in the period before, below the cell of now."""
    found = rates[index] if rates else None
    if found is None or not found.denominator:
        return ""
    return format_html(' <span class="hint was">was {}</span>', percent(found.value))


@register.filter
def at(values: Any, index: int) -> Any:
    """The value at this place of a row."""
    return values[index]
