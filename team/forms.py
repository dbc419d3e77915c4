"""Forms of the team's admin pages: people, territories, absences and calendars."""

import re
import zoneinfo
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Any

import phonenumbers
from django import forms
from django.contrib.auth.forms import ReadOnlyPasswordHashWidget
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet
from django.forms.utils import from_current_timezone
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.forms import (
    AdminPasswordChangeForm,
    BaseDialogForm,
    PaginationInlineFormSet,
    UserChangeForm,
    UserCreationForm,
)
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelect2Widget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextInputWidget,
)

from team.bounds import check_date
from team.business_time import weekly_problems
from team.holidays import public_holidays
from team.models import Absence, Territory, User, WorkCalendar, WorkInterval
from team.zones import zone_named

REGIONS = (
    "Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe",
    "Indian", "Pacific",
)  # fmt: skip
HOUR = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?")


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


class CountryCodesField(forms.CharField):
    """“DE, AT” as a list of two-letter country codes."""

    widget = UnfoldAdminTextInputWidget

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        if isinstance(value, list):
            return value
        codes = sorted({code.upper() for code in re.split(r"[\s,;]+", value or "") if code})
        if "UK" in codes:
            raise ValidationError("“UK” is not a country code; the United Kingdom is GB.")
        if unknown := [code for code in codes if code not in phonenumbers.SUPPORTED_REGIONS]:
            raise ValidationError(
                f"{', '.join(f'“{code[:20]}”' for code in unknown[:5])}: not a country code. "
                "Enter two-letter codes, such as DE, AT."
            )
        return codes

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.prepare_value(initial) != (data or "")


class DayField(forms.SplitDateTimeField):
    """A day with a time that may be left empty: then the whole day counts.

    With `closes`, an empty time means the end of that day: the midnight after it.
    """

    widget = UnfoldAdminSplitDateTimeWidget
    default_error_messages = {
        **forms.SplitDateTimeField.default_error_messages,
        "required": "Enter a date.",
    }

    def __init__(self, *, closes: bool = False, **kwargs: Any) -> None:
        self.closes = closes
        super().__init__(require_all_fields=False, **kwargs)
        day, at = self.fields
        day.error_messages["incomplete"] = "Enter a date."
        day.validators.append(check_date)
        at.required = False

    def compress(self, data_list: Any) -> datetime | None:
        if not data_list or not data_list[0]:
            return None
        day, at = data_list[0], data_list[1]
        if at is not None:
            return from_current_timezone(datetime.combine(day, at))
        if self.closes:
            day += timedelta(days=1)
        return timezone.make_aware(datetime.combine(day, time.min))


class GivesPassword:
    """For forms in which an admin sets a password for somebody, who then chooses their own."""

    def set_password_and_save(self, user: User, commit: bool = True, **kwargs: Any) -> User:
        user = super().set_password_and_save(user, commit=False, **kwargs)  # type: ignore[misc]
        user.password_given = user.has_usable_password()
        if commit:
            user.save()
        return user


class PasswordForSomebodyForm(GivesPassword, AdminPasswordChangeForm):
    """Another person’s password."""


class PasswordState(ReadOnlyPasswordHashWidget):
    """Whether there is a password; how it is kept says nothing to whoever reads the page."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        is_set = bool(value) and not str(value).startswith(UNUSABLE_PASSWORD_PREFIX)
        return format_html('<div class="readonly">{}</div>', "Set" if is_set else "Not set")


class PersonForm(UserChangeForm):
    """A person as an admin edits them."""

    time_zone = ZoneField(help_text="Times are shown to them in this zone.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "password" in self.fields:
            self.fields["password"].widget = PasswordState()
            self.fields["password"].help_text = format_html(
                'Nobody can read it. <a href="{}">Set another one</a> if they cannot sign in.',
                "../password/",
            )

    class Meta:
        model = User
        fields = ("username",)
        labels = {"slack_member_id": "Slack member ID"}


class NewPersonForm(GivesPassword, UserCreationForm):
    """A new person: their sign-in first, with what they do."""

    time_zone = ZoneField(initial="UTC", help_text="Times are shown to them in this zone.")

    class Meta:
        model = User
        fields = ("username",)


class TerritoryForm(forms.ModelForm):
    countries = CountryCodesField(
        required=False,
        help_text=(
            "Two-letter codes, such as DE, AT: accounts there belong here unless they name a "
            "territory of their own. Left empty in one territory, it takes all the rest."
        ),
    )

    class Meta:
        model = Territory
        fields = ("name", "countries", "calendar", "is_active", "primary", "team", "manager")
        labels = {"is_active": "Active", "primary": "Primary AE"}


class CoverageFormSet(PaginationInlineFormSet):
    """Backups of a territory: each once, each rank once."""

    def clean(self) -> None:
        super().clean()
        ranks: dict[int, str] = {}
        for row in kept_rows(self):
            rank, backup = row["rank"], str(row["backup"])
            if rank in ranks:
                raise ValidationError(
                    f"{ranks[rank]} and {backup} both have rank {rank}: who is asked first?"
                )
            ranks[rank] = backup

    def get_unique_error_message(self, unique_check: Any) -> str:
        return "The same AE stands there twice; each backup is named once."


class AbsenceForm(forms.ModelForm):
    """An absence. The admin page sets `asked_by`: without a choice of person it is their own."""

    asked_by: User
    starts_at = DayField(label="First day", help_text="Without a time: from its first minute.")
    ends_at = DayField(
        label="Last day", closes=True, help_text="Without a time: to the end of that day."
    )

    class Meta:
        model = Absence
        fields = ["user", "starts_at", "ends_at", "cover", "note"]
        labels = {"user": "Who", "cover": "Covered by"}
        help_texts = {"note": "Seen by them, their managers and RevOps."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance.user_id:
            self.instance.user = self.asked_by

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        person = found.get("user") or self.instance.user
        for name in ("starts_at", "ends_at"):
            if found.get(name):
                found[name] = self._day_of(person, name, found[name])
        starts, ends = found.get("starts_at"), found.get("ends_at")
        if not (starts and ends):
            return found
        if ends <= starts:
            self.add_error("ends_at", "The absence has to end after it starts.")
            return found
        meanwhile = Absence.objects.filter(starts_at__lt=ends, ends_at__gt=starts)
        others = meanwhile.exclude(pk=self.instance.pk)
        if other := others.filter(user=person).first():
            self.add_error(
                "starts_at",
                f"{person} is already away {span(other.starts_at, other.ends_at)}: "
                "change that absence instead.",
            )
        if cover := found.get("cover"):
            self._check_cover(person, cover, others)
        return found

    def _day_of(self, person: User, name: str, at: datetime) -> datetime:
        """A day without a time is a day where the person is, whoever enters it."""
        field = self.fields[name]
        given = field.widget.value_from_datadict(self.data, self.files, self.add_prefix(name))
        if given[1]:
            return at
        midnight = timezone.localtime(at).replace(tzinfo=None)
        return midnight.replace(tzinfo=zone_named(person.time_zone))

    def _check_cover(self, person: User, cover: User, meanwhile: Any) -> None:
        """Refuse a chain of covers that are away too and comes back to where it began."""
        chain, asked = [str(cover)], cover
        for _ in range(10):
            absence = meanwhile.filter(user=asked).exclude(cover=None).first()
            if absence is None:
                return
            asked = absence.cover
            chain.append(str(asked))
            if asked == person:
                self.add_error(
                    "cover",
                    f"{cover} is away too, and is covered by {' and then '.join(chain[1:])}: "
                    "nobody would be left. Choose somebody else.",
                )
                return


def span(starts: datetime, ends: datetime) -> str:
    """“2 Mar 2026 to 4 Mar 2026” in the reader's zone; times only where they are not midnight."""
    first, last = timezone.localtime(starts), timezone.localtime(ends)
    begin = f"{first:%-d %b %Y}" if first.time() == time.min else f"{first:%-d %b %Y, %H:%M %Z}"
    if last.time() == time.min:
        last -= timedelta(minutes=1)
        end = f"{last:%-d %b %Y}"
    else:
        end = f"{last:%-d %b %Y, %H:%M %Z}"
    return f"on {begin}" if begin == end else f"{begin} to {end}"


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


def kept_rows(formset: BaseInlineFormSet) -> list[dict[str, Any]]:
    """What the valid rows of a formset say, without those to be deleted or left empty."""
    return [
        form.cleaned_data
        for form in formset.forms
        if form.is_valid() and form.cleaned_data and not form.cleaned_data.get("DELETE")
    ]


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
