"""The parts that are plain lists: calendars, territories, reasons, texts and the library."""

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import models

from accounts.models import SignalKind
from config.portable.parts import (
    ADDED,
    CHANGED,
    SAME,
    Outcome,
    Unreadable,
    checked,
    put,
    rows_of,
    text_of,
    values_of,
)
from handoffs.models import CaseStudy, CompetitorNote, Objection, Reason
from messaging import texts
from messaging.models import MessageTemplate
from team.audit import note
from team.business_time import weekly_problems
from team.models import Deed, Holiday, Territory, User, WorkCalendar, WorkInterval

LIBRARY = ("industries", "triggers", "objections", "is_active")


class Plain(NamedTuple):
    """A list whose rows are told apart by one key."""

    part: str
    title: str
    model: type[models.Model]
    key: str
    fields: tuple[str, ...]


PLAIN = (
    Plain(
        "reasons", "Reasons", Reason, "code",
        ("label", "use", "counts", "gives_back", "hint", "position", "is_active"),
    ),
    Plain("competitors", "Competitors", CompetitorNote, "competitor", ("note", *LIBRARY)),
    Plain("case_studies", "Case studies", CaseStudy, "title", ("summary", "url", *LIBRARY)),
)  # fmt: skip


def write_plain(kind: Plain) -> list[dict[str, Any]]:
    rows = kind.model._default_manager.order_by(kind.key)
    return [values_of(row, (kind.key, *kind.fields)) for row in rows]


def read_plain(kind: Plain, data: Mapping[str, Any], by: User) -> list[Outcome]:
    found = []
    for row in rows_of(data, kind.part):
        name = text_of(row, kind.key, kind.title)
        there = kind.model._default_manager.filter(**{kind.key: name}).first()
        target = there or kind.model(**{kind.key: name})
        values = {field: row[field] for field in kind.fields if field in row}
        where = f"{kind.title}, “{name}”"
        _check_tags(values, where)
        _check_use(target, values, where)
        outcome = put(target, values, part=kind.title, name=name, by=by)
        found.append(outcome._replace(name=str(target)))
    return found


def _check_tags(values: Mapping[str, Any], where: str) -> None:
    """Raise Unreadable for tags that the library does not know."""
    for name, known in (("triggers", SignalKind.values), ("objections", Objection.Category.values)):
        tags = values.get(name, [])
        if not isinstance(tags, list) or not all(tag in known for tag in tags):
            raise Unreadable(f"{where}: “{name}” has to be a list of: {', '.join(known)}.")


def _check_use(target: models.Model, values: Mapping[str, Any], where: str) -> None:
    """Raise Unreadable where a reason that was given once would mean another decision."""
    if not isinstance(target, Reason) or target.pk is None or not target.events.exists():
        return
    if values.get("use", target.use) != target.use:
        raise Unreadable(
            f"{where}: it was given already, so its “use” stays “{target.use}”. Give the file’s "
            "reason another code."
        )


def write_texts() -> list[dict[str, Any]]:
    return [
        values_of(row, ("key", "subject", "body"))
        for row in MessageTemplate.objects.order_by("key")
    ]


def read_texts(data: Mapping[str, Any], by: User) -> list[Outcome]:
    """The wordings; a text that this version of the product does not send is named and left out."""
    title, found = "Message texts", []
    for row in rows_of(data, "texts"):
        key = text_of(row, "key", title)
        there = MessageTemplate.objects.filter(key=key).first()
        if there is None:
            found.append(Outcome(title, key, "left out: no such text here", "is-warn"))
            continue
        values = {name: text_of(row, name, f"{title}, “{key}”") for name in ("subject", "body")}
        try:
            texts.check_subject(key, values["subject"])
            texts.check_body(key, values["body"])
        except ValidationError as error:
            raise Unreadable(f"{title}, “{key}”: {' '.join(error.messages)}") from error
        found.append(put(there, values, part=title, name=there.name, by=by))
    return found


CALENDAR = ("time_zone", "country", "subdivision")


def write_calendars() -> list[dict[str, Any]]:
    return [
        {
            "name": calendar.name,
            **values_of(calendar, CALENDAR),
            "hours": {day: sorted(spans) for day, spans in calendar.weekly_hours().items()},
            "holidays": {str(day.day): day.name for day in calendar.holidays.order_by("day")},
        }
        for calendar in WorkCalendar.objects.prefetch_related("intervals").order_by("name")
    ]


def read_calendars(data: Mapping[str, Any], by: User) -> list[Outcome]:
    title, found = "Calendars", []
    for row in rows_of(data, "calendars"):
        name = text_of(row, "name", title)
        where = f"{title}, “{name}”"
        there = WorkCalendar.objects.filter(name=name).first()
        calendar = there or WorkCalendar(name=name)
        before = calendar.content() if there else None
        values = {field: row[field] for field in CALENDAR if field in row}
        hours, days = _hours(row, where), _holidays(row, where)
        outcome = put(calendar, values, part=title, name=name, by=by)
        if before is not None and before["weekly_hours"] == hours and _days(calendar) == days:
            found.append(outcome)
            continue
        calendar.intervals.all().delete()
        WorkInterval.objects.bulk_create(
            WorkInterval(calendar=calendar, weekday=day, opens=opens, closes=closes)
            for day, spans in hours.items()
            for opens, closes in spans
        )
        calendar.holidays.all().delete()
        Holiday.objects.bulk_create(
            Holiday(calendar=calendar, day=day, name=words) for day, words in days.items()
        )
        calendar = WorkCalendar.objects.get(pk=calendar.pk)
        calendar.current_version()
        if outcome.verdict == SAME:
            note(Deed.CHANGED, by=by, about=calendar, words="From a settings file: its hours.")
            outcome = outcome._replace(verdict=CHANGED, tone="is-warn")
        found.append(outcome)
    return found


def _days(calendar: WorkCalendar) -> dict[date, str]:
    return {holiday.day: holiday.name for holiday in calendar.holidays.all()}


def _hours(row: Mapping[str, Any], where: str) -> dict[str, list[tuple[str, str]]]:
    """The weekly hours of a row. Raises Unreadable."""
    try:
        hours = {
            str(day): sorted((str(opens), str(closes)) for opens, closes in spans)
            for day, spans in row["hours"].items()
        }
    except (KeyError, AttributeError, TypeError, ValueError):
        raise Unreadable(
            f"{where}: “hours” has to name days with their hours, such as "
            "{“mon”: [[“09:00”, “17:00”]]}."
        ) from None
    if problems := weekly_problems(hours):
        raise Unreadable(f"{where}: {' '.join(problems)}")
    return hours


def _holidays(row: Mapping[str, Any], where: str) -> dict[date, str]:
    given = row.get("holidays", {})
    try:
        days = {date.fromisoformat(str(day)): str(name) for day, name in given.items()}
    except (AttributeError, ValueError):
        raise Unreadable(
            f"{where}: “holidays” has to name days, such as {{“2026-12-25”: “Christmas”}}."
        ) from None
    for day, name in days.items():
        checked(Holiday(day=day, name=name), where, leave_out=["calendar"])
    return days


def write_territories() -> list[dict[str, Any]]:
    return [
        {
            "name": territory.name,
            "countries": territory.countries,
            "calendar": territory.calendar.name,
            "is_active": territory.is_active,
        }
        for territory in Territory.objects.select_related("calendar").order_by("name")
    ]


def read_territories(data: Mapping[str, Any], by: User) -> list[Outcome]:
    """The places without their people, who are this installation's own."""
    title, found = "Territories", []
    for row in rows_of(data, "territories"):
        name = text_of(row, "name", title)
        hours = text_of(row, "calendar", f"{title}, “{name}”")
        calendar = WorkCalendar.objects.filter(name=hours).first()
        if calendar is None:
            raise Unreadable(f"{title}, “{name}”: there is no calendar “{hours}”.")
        there = Territory.objects.filter(name=name).first()
        values = {n: row[n] for n in ("countries", "is_active") if n in row}
        outcome = put(
            there or Territory(name=name),
            {"calendar": calendar, **values},
            part=title,
            name=name,
            by=by,
        )
        if outcome.verdict == ADDED:
            outcome = outcome._replace(verdict="added: now name its people")
        found.append(outcome)
    return found
