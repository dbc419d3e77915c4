"""The five metrics along a dimension: a row for each month, person, place or source."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from handoffs.models import FrameworkVersion, LeadSource
from reports import metrics
from reports.board import METRICS, SHORTEST_TREND, Card, is_open
from reports.figures import Rate, Span
from reports.periods import Period, last_months
from reports.scope import Scope
from reports.tables import MINUTES, RATE, TEXT, Column, Row, Table
from team.models import Territory, User

TITLES = {
    "month": "Month by month",
    "sdr": "By SDR",
    "ae": "By AE",
    "manager": "By manager of the AE",
    "territory": "By territory",
    "lead_source": "By lead source",
    "framework_version": "By version of the standard",
}
HEADS = {
    "month": "Month",
    "sdr": "SDR",
    "ae": "AE",
    "manager": "Manager",
    "territory": "Territory",
    "lead_source": "Lead source",
    "framework_version": "Standard",
}
ADDRESS = {"lead_source": "source", "framework_version": "standard"}
RATES = [metric for metric in METRICS if metric.key != "contact"]


def along(
    dimension: str, period: Period, scope: Scope, now: datetime, shown: list[Card] | None = None
) -> Table:
    """The five metrics for each value of a dimension, by name: people are not ranked.

    `shown` are the cards of the same page, whose months need no second query.
    """
    before = "" if dimension == "month" else period.before().name
    columns = (
        Column(HEADS[dimension], TEXT),
        *(Column(metric.name, RATE, metric.key, before=before) for metric in RATES),
        Column("Median wait, business min", MINUTES),
        Column("Nine in ten within, business min", MINUTES),
        Column("Within SLA", RATE, "contact", before=before),
    )
    if dimension == "month":
        rows = _by_month(period, scope, now, shown or [])
    else:
        rows = _by_value(dimension, period, scope, now)
    note = (
        "Rows are in order of name, not of rank. Grey figures rest on fewer than 20 decisions: "
        f"look at their number first. Below each share stands that of {before}."
        if dimension != "month"
        else "A month marked with * is not complete yet: part of it cannot be judged before its "
        "time has come."
    )
    return Table("along", TITLES[dimension], columns, tuple(rows), note)


def _by_month(period: Period, scope: Scope, now: datetime, shown: list[Card]) -> list[Row]:
    months = last_months(period, len(shown[0].months) if shown else SHORTEST_TREND)
    rates = {card.metric.key: card.months for card in shown}
    if not shown:
        rates = metrics.by_period([one.counting(now) for one in RATES], months, scope)
    spans = metrics.spans_by_period(months, scope, now)
    rows = []
    for n, each in enumerate(months):
        late = any(is_open(metric, each, now) for metric in RATES)
        name = f"{each.name}{' *' if late else ''}"
        own = [rates[metric.key][n] for metric in RATES]
        rows.append(_row(name, own, spans[n], f"month={each.key}"))
    return rows[::-1]


def _by_value(dimension: str, period: Period, scope: Scope, now: datetime) -> list[Row]:
    asked = [one.counting(now) for one in METRICS]
    before, rates = metrics.by_value(asked, dimension, [period.before(), period], scope)
    spans = metrics.spans_by_value(dimension, period, scope, now)
    values: set[Any] = set(spans)
    values.update(*rates.values(), *before.values())
    names = names_of(dimension, values)
    none = Rate(0, 0, None, None, None)
    rows = []
    for value in sorted(values, key=lambda value: names.get(value, "~")):
        link = f"{ADDRESS.get(dimension, dimension)}={value}" if value else ""
        own = [rates[metric.key].get(value, none) for metric in RATES]
        last = [before[metric.key].get(value) for metric in RATES]
        row = _row(names.get(value, "None"), own, spans.get(value), link)
        compared = (None, *last, None, None, before["contact"].get(value))
        rows.append(replace(row, before=compared))
    return rows


def _row(name: str, rates: list[Rate], span: Span | None, link: str) -> Row:
    within = None
    if span and span.promised:
        within = Rate(span.in_time, span.promised, span.within_sla, span.low, span.high)
    return Row((name, *rates, span and span.median, span and span.p90, within), link)


def names_of(dimension: str, values: set[Any]) -> dict[Any, str]:
    """What the values of a dimension are called."""
    if dimension == "lead_source":
        return {value: str(label) for value, label in LeadSource.choices}
    tables: dict[str, Any] = {"territory": Territory, "framework_version": FrameworkVersion}
    model: Any = tables.get(dimension, User)
    rows: Any = model.objects.filter(pk__in=[value for value in values if value])
    if dimension == "framework_version":
        rows = rows.select_related("framework")
    return {row.pk: str(row) for row in rows}
