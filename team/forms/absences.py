"""The form of an absence: whole days of whoever is away, and who covers."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.forms.utils import from_current_timezone
from django.utils import timezone
from unfold.widgets import UnfoldAdminSplitDateTimeWidget

from team.bounds import check_date
from team.models import Absence, User
from team.zones import zone_named


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
