"""Whether promises were kept: untouched handoffs, attainment, causes, late confirmations."""

from collections import Counter
from datetime import datetime, timedelta

from django.db.models import Count, F, Q, QuerySet

from handoffs.models import LeadSource
from reports.besides.behind import Behind
from reports.figures import rate
from reports.models import Chain, Fact
from reports.periods import Period
from reports.scope import Scope
from reports.tables import RATE, TEXT, Column, Row, Table
from sla.models import Breach, Clock, ClockKind

SOURCES = dict(LeadSource.choices)
KEPT = Q(state="stopped", elapsed_seconds__lte=F("limit_seconds"))


def within(date: str, period: Period) -> Q:
    return Q(**{f"{date}__gte": period.start, f"{date}__lt": period.end})


def untouched(period: Period, scope: Scope, now: datetime) -> Table:
    """Handoffs submitted in the period without any contact 48 and 72 hours later, on the
    calendar; without those that ended before. A third to two thirds of such leads are lost."""
    two, two_late = _waited(48, now)
    three, three_late = _waited(72, now)
    rows = (
        Fact.objects.filter(within("submitted_at", period), scope.condition())
        .order_by()
        .values_list("lead_source")
        .annotate(
            a=Count("pk", filter=two_late),
            b=Count("pk", filter=two),
            c=Count("pk", filter=three_late),
            d=Count("pk", filter=three),
            still=Count("pk", filter=two & Q(contacted_at=None)),
        )
    )
    found = [
        Row((SOURCES.get(source, source), rate(a, b), rate(c, d), still), key=source)
        for source, a, b, c, d, still in sorted(rows)
    ]
    columns = (
        Column("Lead source", TEXT),
        Column("Untouched after 48 h", RATE, part="two"),
        Column("Untouched after 72 h", RATE, part="three"),
        Column("No contact yet", part="still"),
    )
    note = (
        "No outreach by a person in so many hours after submission, on the calendar. In the field "
        "25 to 40% go without for 48 hours, 28% for 72."
    )
    return Table("untouched", "Untouched handoffs", columns, tuple(found), note)


def _waited(hours: int, now: datetime) -> tuple[Q, Q]:
    """Which handoffs have been there for so many hours, and which of them without a contact."""
    span = timedelta(hours=hours)
    alive = Q(contacted_at__isnull=False) | Q(accepted_at__isnull=False)
    alive |= Q(closed_at=None) | Q(closed_at__gte=F("submitted_at") + span)
    judged = Q(submitted_at__lte=now - span) & alive
    late = Q(contacted_at=None) | Q(whole_calendar__gt=hours * 3600)
    return judged, judged & late


def behind_untouched(row: str, part: str, period: Period, scope: Scope, now: datetime) -> Behind:
    judged, late = _waited(72 if part == "three" else 48, now)
    rows = Fact.objects.filter(within("submitted_at", period), scope.condition(), lead_source=row)
    if part == "still":
        return Behind(rows, judged & Q(contacted_at=None))
    return Behind(rows, late, judged)


def attainment(period: Period, scope: Scope, now: datetime) -> Table:
    """Promises that began in the period, by tier and kind: how many were kept."""
    rows = (
        _promised(period, scope)
        .order_by()
        .values_list("handoff__lead_source", "kind")
        .annotate(
            kept=Count("pk", filter=KEPT),
            over=Count("pk", filter=_over(now)),
            all=Count("pk"),
        )
    )
    kinds = list(ClockKind.values)
    found = [
        Row(
            (SOURCES.get(source, source), ClockKind(kind).label, rate(k, o), a - o),
            key=f"{source}-{kind}",
        )
        for source, kind, k, o, a in sorted(rows, key=lambda r: (r[0], kinds.index(r[1])))
    ]
    columns = (
        Column("Lead source", TEXT),
        Column("Promise", TEXT),
        Column("Kept", RATE, part="kept"),
        Column("Still open", part="open"),
    )
    note = "Promises that began in the month, in the hours they were made in."
    return Table("attainment", "Promises kept, by lead source", columns, tuple(found), note)


def _promised(period: Period, scope: Scope) -> QuerySet[Clock]:
    return Clock.objects.filter(within("started_at", period), scope.of("handoff"), cycle=0)


def _over(now: datetime) -> Q:
    """Over is what has stopped, and what runs past its limit."""
    return Q(state="stopped") | Q(state="running", late_after__lt=now)


def behind_attainment(row: str, part: str, period: Period, scope: Scope, now: datetime) -> Behind:
    source, _, kind = row.partition("-")
    rows = _promised(period, scope).filter(handoff__lead_source=source, kind=kind)
    if part == "open":
        return Behind(rows, ~_over(now), handoff="handoff_id")
    return Behind(rows, KEPT, _over(now), "handoff_id")


def causes(period: Period, scope: Scope, now: datetime) -> Table:
    """Misses that fell due in the period, by the cause a manager named; causes first."""
    rows = (
        _missed(period, scope)
        .order_by()
        .values_list("cause", "proposed_cause", "clock__kind")
        .annotate(count=Count("pk"))
    )
    named: Counter[str] = Counter()
    looks_like: Counter[str] = Counter()
    contact: Counter[str] = Counter()
    for cause, proposed, kind, count in rows:
        named[cause] += count
        looks_like[proposed] += 0 if cause else count
        contact[cause or proposed] += count if kind == ClockKind.FIRST_CONTACT else 0
    labels = dict(Breach.Cause.choices)
    found = [
        Row((label, named[cause], looks_like[cause], contact[cause]), key=cause)
        for cause, label in labels.items()
        if named[cause] or looks_like[cause]
    ]
    found.sort(key=lambda row: -(row.cells[1] + row.cells[2]))
    columns = (
        Column("Cause", TEXT),
        Column("Named by a manager", part="named"),
        Column("Not named yet: looks like it", part="looks_like"),
        Column("of both, first contact", part="contact"),
    )
    note = "A missed promise is a failure of the process, not of a person."
    return Table(
        "causes", "Missed promises by cause", columns, tuple(found), note, "Nothing was missed."
    )


def _missed(period: Period, scope: Scope) -> QuerySet[Breach]:
    return Breach.objects.filter(within("fell_due_at", period), scope.of("clock__handoff"))


def behind_causes(row: str, part: str, period: Period, scope: Scope, now: datetime) -> Behind:
    named, looks_like = Q(cause=row), Q(cause="", proposed_cause=row)
    counted = {
        "named": named,
        "looks_like": looks_like,
        "contact": (named | looks_like) & Q(clock__kind=ClockKind.FIRST_CONTACT),
    }
    return Behind(_missed(period, scope), counted[part], handoff="clock__handoff_id")


def unconfirmed(period: Period, scope: Scope, now: datetime) -> Table:
    """Meetings booked in the period that were not confirmed within 24 hours: their package was
    not complete."""
    found = _booked(period, scope, now).aggregate(
        late=Count("pk", filter=LATE), all=Count("pk"), moved=Count("pk", filter=MOVED)
    )
    rows = (
        Row(("Not confirmed within 24 hours", rate(found["late"], found["all"])), key="late"),
        Row(("Rescheduled", rate(found["moved"], found["all"])), key="moved"),
    )
    columns = (Column("Meetings booked", TEXT), Column("Share", RATE, part="share"))
    note = "A meeting is confirmed when the package is complete; until then it is tentative."
    return Table("unconfirmed", "Booked meetings", columns, rows if found["all"] else (), note)


LATE, MOVED = Q(is_confirmed_late=True), Q(attempts__gt=1)


def _booked(period: Period, scope: Scope, now: datetime) -> QuerySet[Chain]:
    """The meetings that have had their 24 hours."""
    judged = Q(booked_at__lte=now - timedelta(hours=24))
    return Chain.objects.filter(within("booked_at", period), scope.condition(), judged)


def behind_unconfirmed(row: str, part: str, period: Period, scope: Scope, now: datetime) -> Behind:
    counted = {"late": LATE, "moved": MOVED}[row]
    return Behind(_booked(period, scope, now), counted, Q(), "fact_id")
