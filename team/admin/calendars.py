"""Work calendars: weekly hours and holidays, and which version of them clocks keep."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display

from team.admin_kit import KeptAdmin, PlainTabularInline, button, held_by
from team.business_time import DAYS
from team.forms.calendars import (
    CalendarForm,
    HolidayFormSet,
    HolidaysDialog,
    IntervalForm,
    IntervalFormSet,
)
from team.holidays import fill
from team.models import CalendarVersion, Holiday, WorkCalendar, WorkInterval
from team.wording import counted

FIRST_WEEK = [
    {"weekday": day, "opens": "09:00", "closes": "17:00"}
    for day in ("mon", "tue", "wed", "thu", "fri")
]
VERSIONS_SHOWN = 5


class IntervalInline(PlainTabularInline):
    help_words = {"weekday": "A day with a break takes two rows."}
    model = WorkInterval
    form = IntervalForm
    formset = IntervalFormSet
    verbose_name = "stretch of opening hours"
    verbose_name_plural = "opening hours (two rows for a day with a break)"

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        return 0 if obj else len(FIRST_WEEK)


class HolidayInline(PlainTabularInline):
    help_words = {"day": "Closed all day.", "name": "Such as “Christmas Day”."}
    model = Holiday
    formset = HolidayFormSet
    fields = ["day", "name"]
    ordering = ["-day"]
    per_page = 20
    verbose_name_plural = "holidays (closed all day), the latest first"


@admin.register(WorkCalendar)
class WorkCalendarAdmin(KeptAdmin):
    """Each save that changes what the calendar says makes a version; running clocks keep theirs."""

    help_words = {
        "name": "As people call it, such as “Berlin office”.",
    }
    form = CalendarForm
    instead = "Give them another calendar first."
    empty_words = (
        "No calendar yet. Add one with your opening hours: promises run only while it is open."
    )
    list_display = ["name", "time_zone", "hours", "holiday_count", "used_by"]
    search_fields = ["name", "time_zone", "country"]
    search_help_text = "Name, time zone or country code"
    inlines = [IntervalInline, HolidayInline]
    readonly_fields = ["used_by", "kept_versions"]
    actions_detail = ["fill_in_holidays"]

    def get_fieldsets(self, request: HttpRequest, obj: WorkCalendar | None = None) -> Any:
        own = (None, {"fields": ["name", "time_zone", ("country", "subdivision")]})
        if obj is None:
            return [own]
        return [
            own,
            (
                "In use",
                {
                    "fields": ["used_by", "kept_versions"],
                    "description": (
                        "A change makes a new version for clocks that start later. A clock that "
                        "runs keeps the version it started under."
                    ),
                },
            ),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[WorkCalendar]:
        found = super().get_queryset(request).prefetch_related("intervals", "territories")
        return found.annotate(
            days_off=Count("holidays", distinct=True), persons=Count("people", distinct=True)
        )

    def get_formset_kwargs(
        self, request: HttpRequest, obj: Any, inline: Any, prefix: str
    ) -> dict[str, Any]:
        found = super().get_formset_kwargs(request, obj, inline, prefix)
        if isinstance(inline, IntervalInline) and obj.pk is None:
            found["initial"] = FIRST_WEEK
        return found

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        WorkCalendar.objects.get(pk=form.instance.pk).current_version()

    def keeps(self, obj: WorkCalendar) -> str:
        """Its own versions do not hold it; whatever was promised under one of them does."""
        if because := held_by(obj, leave_out=(CalendarVersion,)):
            return because
        return next(filter(None, map(held_by, obj.versions.all())), "")

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        names = [str(obj) for obj in objs]
        return names, {"calendars": len(names)}, set(), []

    def delete_model(self, request: HttpRequest, obj: WorkCalendar) -> None:
        obj.versions.all().delete()
        super().delete_model(request, obj)

    def has_fill_in_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        return self.has_change_permission(request, self.row(request, object_id))

    @button(
        "Fill in public holidays",
        icon="event_busy",
        permission="fill_in",
        asks="Fill in public holidays",
        says="Adds the days that are missing. What stands there already is not changed, and every "
        "day can be edited afterwards.",
        does="Fill in",
        form=HolidaysDialog,
    )
    def fill_in_holidays(
        self, request: HttpRequest, form: HolidaysDialog, object_id: str
    ) -> HttpResponse:
        calendar = self.row(request, object_id)

        def work() -> str:
            asked = form.cleaned_data
            added, there = fill(calendar, **{name: asked[name] for name in form.ASKED})
            WorkCalendar.objects.get(pk=calendar.pk).current_version()
            already = f"; {there} stood there already" if there else ""
            return f"Added {counted(added, 'public holiday')}{already}."

        return self.press(request, work, back_to=self.page_of(calendar), about=calendar)

    @display(description="opening hours")
    def hours(self, obj: WorkCalendar) -> str:
        return hours_in_words(obj.weekly_hours())

    @display(description="holidays", ordering="days_off")
    def holiday_count(self, obj: Any) -> int:
        return int(obj.days_off)

    @display(description="used by")
    def used_by(self, obj: Any) -> str:
        names = [str(territory) for territory in obj.territories.all()]
        if obj.persons:
            names.append(counted(obj.persons, "person", "people"))
        return ", ".join(names) or "nobody yet"

    @display(description="versions")
    def kept_versions(self, obj: WorkCalendar) -> SafeString | str:
        """The latest versions with what was promised under each; the first is the present one."""
        rows = [
            (f"Version {version.number}", f"{version.created_at:%-d %b %Y}", held_by(version))
            for version in obj.versions.all()[:VERSIONS_SHOWN]
        ]
        if not rows:
            return "None yet: the first one is made when this is saved."
        lines = format_html_join(
            "", "<li>{} of {}: {}</li>", ((n, d, used or "no clocks yet") for n, d, used in rows)
        )
        return format_html("<ul>{}</ul>", lines)


def hours_in_words(week: dict[str, list[tuple[str, str]]]) -> str:
    """“Mon–Fri 09:00–17:00”: days in a row that have the same hours are put together."""
    runs: list[tuple[list[str], str]] = []
    for day in DAYS:
        spans = ", ".join(f"{opens}–{closes}" for opens, closes in sorted(week.get(day, [])))
        if runs and runs[-1][1] == spans:
            runs[-1][0].append(day)
        else:
            runs.append(([day], spans))
    named = [(_days(days), spans) for days, spans in runs if spans]
    return "; ".join(f"{days} {spans}" for days, spans in named) or "no hours"


def _days(days: list[str]) -> str:
    first, last = days[0].capitalize(), days[-1].capitalize()
    return first if first == last else f"{first}–{last}"
