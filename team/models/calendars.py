"""Work calendars: weekly hours and holidays as people edit them, and the versions clocks keep."""

import hashlib
import json
from datetime import date

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from team.bounds import check_date
from team.business_time import DAYS, BusinessHours
from team.models.people import validate_time_zone

WEEKDAYS = list(DAYS.items())


class WorkCalendar(models.Model):
    """Named business hours in one time zone. Its rows are edited; its versions never are."""

    name = models.CharField(max_length=80, unique=True)
    time_zone = models.CharField(
        max_length=64, validators=[validate_time_zone], help_text="Such as Europe/Berlin."
    )
    country = models.CharField(
        max_length=2,
        blank=True,
        help_text="Two-letter code; public holidays can be filled in from it and then edited.",
    )
    subdivision = models.CharField(
        max_length=8, blank=True, help_text="State or region code for its own holidays, such as BY."
    )

    class Meta:
        ordering = ["name"]
        verbose_name = "calendar"

    def __str__(self) -> str:
        return self.name

    def weekly_hours(self) -> dict[str, list[tuple[str, str]]]:
        """The weekly hours in the form that BusinessHours takes."""
        hours: dict[str, list[tuple[str, str]]] = {}
        for interval in self.intervals.all():
            hours.setdefault(interval.weekday, []).append((interval.opens, interval.closes))
        return hours

    def content(self) -> dict[str, object]:
        return {
            "time_zone": self.time_zone,
            "weekly_hours": {day: sorted(spans) for day, spans in self.weekly_hours().items()},
            "holidays": sorted(day.isoformat() for day in self.holiday_dates()),
        }

    def holiday_dates(self) -> list[date]:
        return [holiday.day for holiday in self.holidays.all()]

    def hours(self) -> BusinessHours:
        """The working time that it says now. Raises ValueError where it has no opening hours."""
        return BusinessHours(self.time_zone, self.weekly_hours(), self.holiday_dates())

    def current_version(self) -> "CalendarVersion":
        """The version that holds what the calendar says now, made if it is new.

        Raises ValueError where the calendar has no opening hours.
        """
        content = self.content()
        digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        version = self.versions.filter(digest=digest).first()
        if version is None:
            self.hours()
            number = (self.versions.aggregate(last=models.Max("number"))["last"] or 0) + 1
            version, _ = self.versions.get_or_create(
                digest=digest, defaults={"number": number, **content}
            )
        return version


class WorkInterval(models.Model):
    """One stretch of opening hours on one day of the week: [opens, closes)."""

    calendar = models.ForeignKey(WorkCalendar, on_delete=models.CASCADE, related_name="intervals")
    weekday = models.CharField(max_length=3, choices=WEEKDAYS)
    opens = models.CharField(max_length=5, help_text="Such as 09:00.")
    closes = models.CharField(max_length=5, help_text="Such as 17:30; 24:00 is midnight.")

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens} to {self.closes}"


class Holiday(models.Model):
    """A day, in the calendar's own zone, on which it is closed."""

    calendar = models.ForeignKey(WorkCalendar, on_delete=models.CASCADE, related_name="holidays")
    day = models.DateField(validators=[check_date])
    name = models.CharField(max_length=120)

    class Meta:
        ordering = ["day"]
        constraints = [
            models.UniqueConstraint(
                fields=["calendar", "day"],
                name="holiday_named_once",
                violation_error_message="This day is already a holiday here.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.name}"


class CalendarVersion(models.Model):
    """What a calendar said at one time. Append-only: clocks that started under it keep it."""

    calendar = models.ForeignKey(WorkCalendar, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    time_zone = models.CharField(max_length=64)
    weekly_hours = models.JSONField()
    holidays = models.JSONField()
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["calendar", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["calendar", "digest"], name="calendar_version_content_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.calendar}, version {self.number}"

    def save(self, *args: object, **kwargs: object) -> None:
        if self.pk:
            raise ValidationError("A calendar version is never edited.")
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    def hours(self) -> BusinessHours:
        """Its working time; around the clock where it can no longer be read.

        Such as when the machine's data has dropped its zone: a promise in no hours would never
        fall due.
        """
        try:
            return BusinessHours(
                self.time_zone,
                {day: [(a, b) for a, b in spans] for day, spans in self.weekly_hours.items()},
                [date.fromisoformat(day) for day in self.holidays],
            )
        except ValueError:
            return BusinessHours.around_the_clock()
