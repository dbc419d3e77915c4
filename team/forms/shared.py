"""What forms of several things share: the choice of a time zone, the rows of a formset."""

import zoneinfo
from functools import lru_cache
from typing import Any

from django import forms
from django.forms.models import BaseInlineFormSet
from unfold.widgets import UnfoldAdminSelect2Widget

REGIONS = (
    "Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe",
    "Indian", "Pacific",
)  # fmt: skip


@lru_cache(maxsize=1)
def time_zones() -> list[tuple[str, str]]:
    """The zones that are named after a place, and UTC; the older aliases are left out."""
    places = [name for name in zoneinfo.available_timezones() if name.split("/")[0] in REGIONS]
    return [("", ""), *((name, name.replace("_", " ")) for name in ["UTC", *sorted(places)])]


class ZoneField(forms.ChoiceField):
    """A searchable choice of time zones. An alias that is stored already stays valid."""

    widget = UnfoldAdminSelect2Widget
    default_error_messages = {
        "invalid_choice": "“%(value)s” is not a time zone, such as Europe/Berlin."
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=time_zones, **kwargs)

    def valid_value(self, value: Any) -> bool:
        return str(value) in zoneinfo.available_timezones()

    def prepare_value(self, value: Any) -> Any:
        known = {name for name, _ in time_zones()}
        if value and value not in known and self.valid_value(value):
            self.widget.choices = [(value, value), *time_zones()]
        return value


def kept_rows(formset: BaseInlineFormSet) -> list[dict[str, Any]]:
    """What the valid rows of a formset say, without those to be deleted or left empty."""
    return [
        form.cleaned_data
        for form in formset.forms
        if form.is_valid() and form.cleaned_data and not form.cleaned_data.get("DELETE")
    ]
