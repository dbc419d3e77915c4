"""Forms of work calendars: a week of opening hours, holidays."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from unfold.forms import BaseDialogForm, PaginationInlineFormSet
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from team.business_time import weekly_problems
from team.forms.shared import ZoneField, kept_rows
from team.holidays import public_holidays
from team.models import WorkCalendar, WorkInterval

HOUR = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?")


class CalendarForm(forms.ModelForm):
    time_zone = ZoneField(help_text="The hours below are local time there.")

    class Meta:
        model = WorkCalendar
        fields = ["name", "time_zone", "country", "subdivision"]

    def clean_country(self) -> str:
        return str(self.cleaned_data["country"]).upper()

    def clean_subdivision(self) -> str:
        return str(self.cleaned_data["subdivision"]).upper()


class IntervalForm(forms.ModelForm):
    """One stretch of opening hours. A new row without times is nothing yet."""

    class Meta:
        model = WorkInterval
        fields = ["weekday", "opens", "closes"]

    def has_changed(self) -> bool:
        if self.instance.pk:
            return super().has_changed()
        return any(self[name].data for name in ("opens", "closes"))

    def clean_opens(self) -> str:
        return as_clock(self.cleaned_data["opens"])

    def clean_closes(self) -> str:
        return as_clock(self.cleaned_data["closes"])


def as_clock(text: str) -> str:
    """“9” and “9.30” as 09:00 and 09:30; anything else is left for the check that names it."""
    read = HOUR.fullmatch(text.strip())
    return f"{int(read[1]):02}:{read[2] or '00'}" if read else text.strip()


class IntervalFormSet(PaginationInlineFormSet):
    """A week of opening hours that makes sense: some hours, none reversed, none overlapping."""

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        week: dict[str, list[tuple[str, str]]] = {}
        for row in kept_rows(self):
            week.setdefault(row["weekday"], []).append((row["opens"], row["closes"]))
        if problems := weekly_problems(week):
            raise ValidationError(problems)


class HolidayFormSet(PaginationInlineFormSet):
    def get_unique_error_message(self, unique_check: Any) -> str:
        return "The same day stands there twice."


class HolidaysDialog(BaseDialogForm):
    """Which public holidays to fill in."""

    ASKED = ("country", "subdivision", "first_year", "last_year")

    country = forms.CharField(
        max_length=2, widget=UnfoldAdminTextInputWidget, help_text="Two-letter code, such as DE."
    )
    subdivision = forms.CharField(
        max_length=8,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="State or region code for its own holidays, such as BY; may stay empty.",
    )
    first_year = forms.IntegerField(widget=UnfoldAdminIntegerFieldWidget)
    last_year = forms.IntegerField(widget=UnfoldAdminIntegerFieldWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        this_year = timezone.localdate().year
        calendar = WorkCalendar.objects.filter(pk=self.object_id).first()
        self.initial = {
            "country": calendar.country if calendar else "",
            "subdivision": calendar.subdivision if calendar else "",
            "first_year": this_year,
            "last_year": this_year + 1,
        }

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if not self.errors:
            public_holidays(**{name: found[name] for name in self.ASKED})
        return found
