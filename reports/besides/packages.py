"""How good packages were: reasons, the gate, completeness at first, what was asked again."""

from collections import Counter
from datetime import datetime

from django.db.models import Case, Count, Q, Value, When

from handoffs.completeness import SECTIONS
from handoffs.models import AskedAgain, HandoffEvent
from handoffs.models.event import EventKind
from reports.besides.promises import within
from reports.figures import rate
from reports.models import Chain, Fact
from reports.periods import Period
from reports.scope import Scope
from reports.tables import RATE, TEXT, Column, Row, Table

SECTION_NAMES = {section.key: section.label for section in SECTIONS}
ENDINGS = {
    EventKind.RETURNED: "Returned",
    EventKind.REJECTED: "Rejected",
    EventKind.DISQUALIFIED: "Disqualified after the call",
}


def reasons(period: Period, scope: Scope, now: datetime) -> Table:
    """Why handoffs were returned, rejected or disqualified in the period."""
    rows = (
        HandoffEvent.objects.filter(
            within("occurred_at", period), scope.of("handoff"), kind__in=ENDINGS
        )
        .order_by()
        .values_list("kind", "reason__label", "reason__counts")
        .annotate(count=Count("pk"))
    )
    order = list(ENDINGS)
    found = [
        Row(
            (
                ENDINGS[EventKind(kind)],
                label or "No reason from the list",
                count,
                ("yes" if counts else "no") if kind == EventKind.REJECTED else "",
            )
        )
        for kind, label, counts, count in sorted(
            rows, key=lambda r: (order.index(EventKind(r[0])), -r[3], r[1] or "")
        )
    ]
    columns = (
        Column("What", TEXT),
        Column("Reason", TEXT),
        Column("Times"),
        Column("Counts as rejection", TEXT),
    )
    return Table("reasons", "Returns and rejections by reason", columns, tuple(found))


def first_tries(period: Period, scope: Scope, now: datetime) -> Table:
    """Completeness at the first try of what was submitted in the period, and what became of it:
    opportunities among the handoffs that were decided on and closed."""
    band = Case(
        When(refusals=0, then=Value(0)),
        When(missing_fields__lte=3, then=Value(1)),
        default=Value(2),
    )
    over = Q(closed_at__isnull=False) & ~Q(outcome="")
    rows = (
        Fact.objects.filter(within("submitted_at", period), scope.condition())
        .annotate(band=band)
        .order_by()
        .values_list("band")
        .annotate(
            all=Count("pk"),
            returned=Count("pk", filter=Q(returns__gt=0)),
            won=Count("pk", filter=over & Q(qualified_at__isnull=False)),
            over=Count("pk", filter=over),
        )
    )
    names = ("Complete at the first try", "1 to 3 things missing", "4 or more things missing")
    bands = sorted(rows)
    total = sum(row[1] for row in bands)
    found = [
        Row((names[band], rate(count, total), rate(returned, count), rate(won, over)))
        for band, count, returned, won, over in bands
    ]
    columns = (
        Column("When first submitted", TEXT),
        Column("Handoffs", RATE),
        Column("Returned later", RATE),
        Column("Became an opportunity", RATE),
    )
    note = (
        "What the gate found at the first try, against what became of the handoff. An incomplete "
        "package is said to cost 20 to 40% of conversion."
    )
    return Table("first_tries", "Completeness and conversion", columns, tuple(found), note)


def gate(period: Period, scope: Scope, now: datetime) -> Table:
    """What the gate refused in the period, by the rule that was not met."""
    refused = HandoffEvent.objects.filter(
        within("occurred_at", period), scope.of("handoff"), kind=EventKind.GATE_REFUSED
    )
    times: Counter[tuple[str, str]] = Counter()
    handoffs: dict[tuple[str, str], set[int]] = {}
    for pk, missing in refused.values_list("handoff_id", "data__gaps"):
        for gap in missing or ():
            key = (gap.get("section", ""), str(gap.get("field", "")).split("-")[0])
            times[key] += 1
            handoffs.setdefault(key, set()).add(pk)
    found = [
        Row(
            (
                SECTION_NAMES.get(section, section),
                field.replace("_", " "),
                count,
                len(handoffs[section, field]),
            )
        )
        for (section, field), count in times.most_common(25)
    ]
    columns = (
        Column("Section", TEXT),
        Column("Field", TEXT),
        Column("Refusals"),
        Column("Handoffs"),
    )
    return Table(
        "gate",
        "Refused by the gate",
        columns,
        tuple(found),
        "The 25 rules that stopped most, before an AE ever saw the package.",
        "The gate refused nothing.",
    )


def context_loss(period: Period, scope: Scope, now: datetime) -> Table:
    """What AEs had to ask again in first calls held in the period, by field; also anything at all.

    Over the handoffs whose AE has said what was asked again, be it nothing: silence is no answer.
    """
    calls = Chain.objects.filter(within("held_at", period), scope.condition(), is_follow_up=False)
    told = calls.filter(fact__handoff__asked_again_at__isnull=False)
    counts = calls.aggregate(
        held=Count("fact", distinct=True),
        told=Count("fact", filter=Q(fact__handoff__asked_again_at__isnull=False), distinct=True),
        lost=Count("fact__handoff__asked_again__handoff", distinct=True),
    )
    whole = counts["told"]
    rows = (
        AskedAgain.objects.filter(handoff__in=told.values("fact_id"))
        .order_by()
        .values_list("section", "field", "why")
        .annotate(count=Count("handoff", distinct=True))
    )
    asked: Counter[tuple[str, str]] = Counter()
    whys: dict[tuple[str, str], Counter[str]] = {}
    labels = dict(AskedAgain.Why.choices)
    for section, field, why, count in rows:
        asked[section, field] += count
        whys.setdefault((section, field), Counter())[str(labels.get(why, why))] += count
    found = [
        Row(
            (
                SECTION_NAMES.get(section, section),
                SECTION_NAMES.get(field, field.replace("_", " ").capitalize()),
                rate(count, whole),
                whys[section, field].most_common(1)[0][0],
            )
        )
        for (section, field), count in asked.most_common()
    ]
    if found:
        found.insert(0, Row(("All", "Anything at all", rate(counts["lost"], whole), "")))
    columns = (
        Column("Section", TEXT),
        Column("Field", TEXT),
        Column("Asked again", RATE),
        Column("Mostly because", TEXT),
    )
    return Table(
        "context_loss",
        "Asked again in the call",
        columns,
        tuple(found),
        "What the SDR had heard and the AE asked again. AEs have said so, be it nothing, after "
        f"{whole} of {counts['held']} first calls held in the month.",
        "Nothing had to be asked again." if whole else "No AE has said yet what was asked again.",
    )
