"""Whether promises were kept: untouched handoffs, attainment, causes, late confirmations."""

from collections import Counter
from datetime import datetime, timedelta

from django.db.models import Count, F, Q

from handoffs.models import LeadSource
from reports.figures import rate
from reports.models import Chain, Fact
from reports.periods import Period
from reports.scope import Scope
from reports.tables import RATE, TEXT, Column, Row, Table
from sla.models import Breach, Clock, ClockKind

SOURCES = dict(LeadSource.choices)


def within(date: str, period: Period) -> Q:
    return Q(**{f"{date}__gte": period.start, f"{date}__lt": period.end})


def untouched(period: Period, scope: Scope, now: datetime) -> Table:
    """Handoffs submitted in the period without any contact 48 and 72 hours later, on the
    calendar; without those that ended before. A third to two thirds of such leads are lost."""

    def waited(hours: int) -> tuple[Q, Q]:
        span = timedelta(hours=hours)
        alive = Q(contacted_at__isnull=False) | Q(accepted_at__isnull=False)
        alive |= Q(closed_at=None) | Q(closed_at__gte=F("submitted_at") + span)
        judged = Q(submitted_at__lte=now - span) & alive
        late = Q(contacted_at=None) | Q(whole_calendar__gt=hours * 3600)
        return judged, judged & late

    two, two_late = waited(48)
    three, three_late = waited(72)
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
        Row((SOURCES.get(source, source), rate(a, b), rate(c, d), still))
        for source, a, b, c, d, still in sorted(rows)
    ]
    columns = (
        Column("Lead source", TEXT),
        Column("Untouched after 48 h", RATE),
        Column("Untouched after 72 h", RATE),
        Column("No contact yet"),
    )
    note = (
        "No outreach by a person in so many hours after submission, on the calendar. In the field "
        "25 to 40% go without for 48 hours, 28% for 72."
    )
    return Table("untouched", "Untouched handoffs", columns, tuple(found), note)


def attainment(period: Period, scope: Scope, now: datetime) -> Table:
    """Promises that began in the period, by tier and kind: how many were kept."""
    # Over is what has stopped, and what runs past its limit
    over = Q(state="stopped") | Q(state="running", late_after__lt=now)
    kept = Q(state="stopped", elapsed_seconds__lte=F("limit_seconds"))
    rows = (
        Clock.objects.filter(within("started_at", period), scope.of("handoff"), cycle=0)
        .order_by()
        .values_list("handoff__lead_source", "kind")
        .annotate(
            kept=Count("pk", filter=kept),
            over=Count("pk", filter=over),
            all=Count("pk"),
        )
    )
    kinds = list(ClockKind.values)
    found = [
        Row((SOURCES.get(source, source), ClockKind(kind).label, rate(k, o), a - o))
        for source, kind, k, o, a in sorted(rows, key=lambda r: (r[0], kinds.index(r[1])))
    ]
    columns = (
        Column("Lead source", TEXT),
        Column("Promise", TEXT),
        Column("Kept", RATE),
        Column("Still open"),
    )
    note = "Promises that began in the month, in the hours they were made in."
    return Table("attainment", "SLA attainment per tier", columns, tuple(found), note)


def causes(period: Period, scope: Scope, now: datetime) -> Table:
    """Misses that fell due in the period, by the cause a manager named; causes first."""
    rows = (
        Breach.objects.filter(within("fell_due_at", period), scope.of("clock__handoff"))
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
        Row((label, named[cause], looks_like[cause], contact[cause]))
        for cause, label in labels.items()
        if named[cause] or looks_like[cause]
    ]
    found.sort(key=lambda row: -(row.cells[1] + row.cells[2]))
    columns = (
        Column("Cause", TEXT),
        Column("Named by a manager"),
        Column("Not named yet: looks like it"),
        Column("of both, first contact"),
    )
    note = "A missed promise is a failure of the process, not of a person."
    return Table(
        "causes", "Missed promises by cause", columns, tuple(found), note, "Nothing was missed."
    )


def unconfirmed(period: Period, scope: Scope, now: datetime) -> Table:
    """Meetings booked in the period that were not confirmed within 24 hours: their package was
    not complete."""
    found = Chain.objects.filter(within("booked_at", period), scope.condition()).aggregate(
        late=Count(
            "pk", filter=Q(is_confirmed_late=True, booked_at__lte=now - timedelta(hours=24))
        ),
        all=Count("pk", filter=Q(booked_at__lte=now - timedelta(hours=24))),
        moved=Count("pk", filter=Q(attempts__gt=1, booked_at__lte=now - timedelta(hours=24))),
    )
    rows = (
        Row(("Not confirmed within 24 hours", rate(found["late"], found["all"]))),
        Row(("Rescheduled", rate(found["moved"], found["all"]))),
    )
    columns = (Column("Meetings booked", TEXT), Column("Share", RATE))
    note = "A meeting is confirmed when the package is complete; until then it is tentative."
    return Table("unconfirmed", "Booked meetings", columns, rows if found["all"] else (), note)
