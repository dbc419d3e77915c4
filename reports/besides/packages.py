"""How good packages were: reasons, the gate, completeness at first, what was asked again."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any

from django.db.models import Case, Count, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Cast

from handoffs.models import AskedAgain, HandoffEvent
from handoffs.models.event import EventKind
from reports.besides.behind import Behind
from reports.besides.promises import within
from reports.figures import rate
from reports.models import Chain, Fact
from reports.periods import Period
from reports.rules import SECTION_NAMES, criteria_names, name_of, rule_of
from reports.scope import Scope
from reports.tables import RATE, TEXT, Column, Row, Table

ENDINGS = {
    EventKind.RETURNED: "Returned",
    EventKind.REJECTED: "Rejected",
    EventKind.DISQUALIFIED: "Disqualified after the call",
}


def reasons(period: Period, scope: Scope, now: datetime) -> Table:
    """Why handoffs were returned, rejected or disqualified in the period."""
    rows = (
        _events(period, scope)
        .filter(kind__in=ENDINGS)
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
            ),
            key=f"{kind}-{int(bool(counts))}-{label or ''}",
        )
        for kind, label, counts, count in sorted(
            rows, key=lambda r: (order.index(EventKind(r[0])), -r[3], r[1] or "")
        )
    ]
    columns = (
        Column("What", TEXT),
        Column("Reason", TEXT),
        Column("Times", part="times"),
        Column("Counts as rejection", TEXT),
    )
    return Table("reasons", "Returns and rejections by reason", columns, tuple(found))


def _events(period: Period, scope: Scope) -> QuerySet[HandoffEvent]:
    return HandoffEvent.objects.filter(within("occurred_at", period), scope.of("handoff"))


def behind_reasons(row: str, part: str, period: Period, scope: Scope, now: datetime) -> Behind:
    kind, counts, label = row.split("-", 2)
    said = Q(reason__label=label, reason__counts=counts == "1") if label else Q(reason=None)
    counted = Q(kind=kind) & said
    return Behind(_events(period, scope), counted, handoff="handoff_id")


def first_tries(period: Period, scope: Scope, now: datetime) -> Table:
    """Completeness at the first try of what was submitted in the period, and what became of it:
    opportunities among the handoffs that were decided on and closed."""
    rows = (
        _submitted(period, scope)
        .order_by()
        .values_list("band")
        .annotate(
            all=Count("pk"),
            returned=Count("pk", filter=RETURNED),
            won=Count("pk", filter=OVER & WON),
            over=Count("pk", filter=OVER),
        )
    )
    names = ("Complete at the first try", "1 to 3 things missing", "4 or more things missing")
    bands = sorted(rows)
    total = sum(row[1] for row in bands)
    found = [
        Row(
            (names[band], rate(count, total), rate(returned, count), rate(won, over)),
            key=str(band),
        )
        for band, count, returned, won, over in bands
    ]
    columns = (
        Column("When first submitted", TEXT),
        Column("Handoffs", RATE, part="handoffs"),
        Column("Returned later", RATE, part="returned"),
        Column("Became an opportunity", RATE, part="won"),
    )
    note = (
        "What the gate found at the first try, against what became of the handoff. An incomplete "
        "package is said to cost 20 to 40% of conversion."
    )
    return Table("first_tries", "Completeness and conversion", columns, tuple(found), note)


RETURNED, WON = Q(returns__gt=0), Q(qualified_at__isnull=False)
OVER = Q(closed_at__isnull=False) & ~Q(outcome="")


def _submitted(period: Period, scope: Scope) -> Any:
    """What was submitted in the period, with the `band` of its completeness."""
    band = Case(
        When(refusals=0, then=Value(0)),
        When(missing_fields__lte=3, then=Value(1)),
        default=Value(2),
    )
    rows = Fact.objects.filter(within("submitted_at", period), scope.condition())
    return rows.annotate(band=band)


def behind_first_tries(row: str, part: str, period: Period, scope: Scope, now: datetime) -> Behind:
    rows = _submitted(period, scope)
    if part == "handoffs":
        return Behind(rows, Q(band=int(row)), Q())
    counted, of = {"returned": (RETURNED, Q()), "won": (OVER & WON, OVER)}[part]
    return Behind(rows.filter(band=int(row)), counted, of)


def gate(period: Period, scope: Scope, now: datetime) -> Table:
    """What the gate refused in the period, by the rule that was not met."""
    times: Counter[tuple[str, str]] = Counter()
    handoffs: dict[tuple[str, str], set[int]] = {}
    for pk, rules in _refused(period, scope):
        for rule in rules:
            times[rule] += 1
            handoffs.setdefault(rule, set()).add(pk)
    criteria = criteria_names()
    found = [
        Row(
            (
                SECTION_NAMES.get(section, section),
                name_of(rule, criteria),
                count,
                len(handoffs[section, rule]),
            ),
            key=f"{section}-{rule}",
        )
        for (section, rule), count in times.most_common(25)
    ]
    columns = (
        Column("Section", TEXT),
        Column("What was missing", TEXT),
        Column("Refusals"),
        Column("Handoffs", part="handoffs"),
    )
    return Table(
        "gate",
        "Refused by the gate",
        columns,
        tuple(found),
        "The 25 rules that stopped most, before an AE ever saw the package.",
        "The gate refused nothing.",
    )


def _refused(period: Period, scope: Scope) -> Iterator[tuple[int, list[tuple[str, str]]]]:
    """Each refusal: the handoff, and the section and rule of everything that was missing."""
    refused = _events(period, scope).filter(kind=EventKind.GATE_REFUSED).order_by()
    as_text = refused.annotate(gaps=Cast("data__gaps", TextField()))
    rules_of = cache(_rules)  # much is missing in the same words: read once
    for pk, gaps in as_text.values_list("handoff_id", "gaps"):
        yield pk, rules_of(gaps)


def _rules(gaps: str | None) -> list[tuple[str, str]]:
    missing = json.loads(gaps or "[]")
    return [(gap.get("section", ""), rule_of(str(gap.get("field", "")))) for gap in missing]


def behind_gate(row: str, part: str, period: Period, scope: Scope, now: datetime) -> Behind:
    section, _, name = row.partition("-")
    stopped = {pk for pk, rules in _refused(period, scope) if (section, name) in rules}
    return Behind(Fact.objects.all(), Q(pk__in=stopped))


def context_loss(period: Period, scope: Scope, now: datetime) -> Table:
    """What AEs had to ask again in first calls held in the period, by field; also anything at all.

    Over the handoffs whose AE has said what was asked again, be it nothing: silence is no answer.
    """
    calls = _calls(period, scope)
    counts = calls.aggregate(
        held=Count("fact", distinct=True),
        told=Count("fact", filter=TOLD, distinct=True),
        lost=Count("fact__handoff__asked_again__handoff", distinct=True),
    )
    whole = counts["told"]
    rows = (
        # What was asked again is written down only together with having told so
        AskedAgain.objects.filter(handoff__in=calls.values("fact_id"))
        .order_by()
        .values_list("section", "field", "why")
        .annotate(count=Count("pk"))
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
            ),
            key=f"{section}-{field}",
        )
        for (section, field), count in asked.most_common()
    ]
    if found:
        anything = ("All", "Anything at all", rate(counts["lost"], whole), "")
        found.insert(0, Row(anything, key="all"))
    columns = (
        Column("Section", TEXT),
        Column("Field", TEXT),
        Column("Asked again", RATE, part="asked"),
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


TOLD = Q(fact__handoff__asked_again_at__isnull=False)


def _calls(period: Period, scope: Scope) -> QuerySet[Chain]:
    return Chain.objects.filter(within("held_at", period), scope.condition(), is_follow_up=False)


def behind_context_loss(row: str, part: str, period: Period, scope: Scope, now: datetime) -> Behind:
    told = _calls(period, scope).filter(TOLD)
    section, _, field = row.partition("-")
    again = AskedAgain.objects.all()
    if row != "all":
        again = again.filter(section=section, field=field)
    facts = Fact.objects.filter(pk__in=told.values("fact_id"))
    return Behind(facts, Q(pk__in=again.values("handoff_id")), Q())
