"""The joint page: the five metrics of a month with all that is shown beside them, as plain data."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Count, Q

from handoffs.models import FrameworkVersion, LeadSource
from reports import charts, judging, metrics
from reports.figures import Rate, Span
from reports.metrics import Counting
from reports.models import Chain, Fact
from reports.periods import Period, last_months
from reports.reading import WINDOW
from reports.scope import Scope
from reports.tables import MINUTES, RATE, TEXT, Column, Row, Table
from team.models import Territory, User

TREND = 12


class Metric(NamedTuple):
    """`settles` is how long after its period's end a figure may still move by itself."""

    key: str
    name: str
    counting: Callable[[datetime], Counting]
    numerator: str
    denominator: str
    function: Callable[..., Any]
    benchmark: float | None = None
    settles: timedelta = timedelta()
    activity: str = ""  # the date by which the numerator is counted as what happened
    happened: str = ""


METRICS = (
    Metric(
        "opportunity",
        "Meeting to opportunity",
        metrics.by_first_slot,
        "opportunities",
        "meetings",
        metrics.meeting_to_opportunity,
        0.4,
        WINDOW,
        "qualified_at",
        "Opportunities qualified",
    ),
    Metric(
        "contact",
        "Time to first AE contact",
        metrics.in_time,
        "in time",
        "promised",
        metrics.time_to_first_contact,
        judging.ON_TIME,
        timedelta(),
        "contacted_at",
        "First contacts in time",
    ),
    Metric(
        "show",
        "Show rate",
        metrics.shows,
        "held",
        "meetings whose time has come",
        metrics.show_rate,
        0.7,
        timedelta(days=14),
        "held_at",
        "Meetings held",
    ),
    Metric(
        "call",
        "First call to opportunity",
        metrics.by_held_date,
        "opportunities",
        "meetings held",
        metrics.first_call_to_opportunity,
        0.6,
        WINDOW,
    ),
    Metric(
        "rejection",
        "Rejection rate",
        metrics.by_submission,
        "rejected",
        "decided",
        metrics.rejection_rate,
        0.15,
        timedelta(),
        "decided_at",
        "Handoffs rejected",
    ),
)
BY_KEY = {metric.key: metric for metric in METRICS}


@dataclass(frozen=True)
class Card:
    """One metric as it is shown. `span` is set for waiting times only."""

    metric: Metric
    found: Rate
    change: judging.Change
    verdict: judging.Verdict
    chart: charts.Chart
    trend: Table
    definition: list[str]
    is_open: bool
    months: list[Rate]
    span: Span | None = None
    since_submission: Span | None = None


class Difference(NamedTuple):
    """A cohort's figure and the same by date of activity, with what makes the difference."""

    metric: Metric
    cohort: int
    later: int  # of the cohort, but it happened outside the period
    earlier: int  # happened in the period, of other cohorts
    activity: int


def cards(period: Period, scope: Scope, now: datetime) -> list[Card]:
    """The five metrics with the twelve months up to `period`."""
    months = last_months(period, TREND)
    found = []
    for metric in METRICS:
        counting = metric.counting(now)
        rates = metrics.by_period(counting, months, scope)
        this = rates[-1]
        open_months = [is_open(metric, each, now) for each in months]
        span = None
        if metric.key == "contact":
            span = metrics.span_of(period, scope, now)
        names = [f"{each.start:%b %Y}" for each in months]
        chart_name = "Share within SLA" if span else metric.name
        before_words = f"{months[-2].start:%B}"
        found.append(
            Card(
                metric,
                this,
                judging.change(this, rates[-2], before_words),
                judging.verdict(metric.key, span or this),
                charts.shares(chart_name, names, rates, open_months, metric.benchmark),
                _trend(metric, months, rates, open_months),
                _definition(metric.function),
                open_months[-1],
                rates,
                span,
                metrics.span_of(period, scope, now, "submitted") if span else None,
            )
        )
    return found


def is_open(metric: Metric, period: Period, now: datetime) -> bool:
    """Whether the period's figure may still move by itself: an immature cohort."""
    return now < period.end + metric.settles


def differences(period: Period, scope: Scope, now: datetime) -> list[Difference]:
    """Cohort and activity side by side, for what has both."""
    counts: dict[str, int] = {}
    for table in (Chain, Fact):  # one query for each
        asked = {}
        date = Q()
        for metric in METRICS:
            counting = metric.counting(now)
            if not metric.activity or counting.table is not table:
                continue
            cohort, activity = _both(metric, counting, period)
            part, date = counting.numerator, date | cohort | activity
            asked[f"{metric.key}_cohort"] = Count("pk", filter=part & cohort)
            asked[f"{metric.key}_activity"] = Count("pk", filter=part & activity)
            asked[f"{metric.key}_both"] = Count("pk", filter=part & cohort & activity)
        rows = table._default_manager.filter(
            date, scope.condition("fact__" if table is Chain else "")
        )
        counts |= rows.aggregate(**asked)
    found = []
    for metric in METRICS:
        if metric.activity:
            own, happened, both = (
                counts[f"{metric.key}_{name}"] for name in ("cohort", "activity", "both")
            )
            found.append(Difference(metric, own, own - both, happened - both, happened))
    return found


PARTS = {
    "numerator": "counted",
    "denominator": "all that can be judged",
    "rest": "judged and not counted",
    "later": "of this cohort, but it happened in another month",
    "earlier": "happened in this month, of another cohort",
    "activity": "happened in this month",
    "waiting": "without a contact so far",
}


def behind(metric: Metric, part: str, period: Period, scope: Scope, now: datetime) -> Any:
    """The handoffs behind a number; `part` is one of PARTS."""
    counting = metric.counting(now)
    rows = counting.table._default_manager.filter(scope.condition(counting.to_fact))
    if part in ("later", "earlier", "activity") and metric.activity:
        cohort, activity = _both(metric, counting, period)
        moved = {"later": cohort & ~activity, "earlier": activity & ~cohort, "activity": activity}
        rows = rows.filter(counting.numerator, moved[part])
    else:
        cohort, _ = _both(metric, counting, period)
        wanted = {
            "numerator": counting.numerator,
            "rest": counting.denominator & ~counting.numerator,
            "waiting": Q(contacted_at=None) if metric.key == "contact" else Q(pk__in=[]),
        }
        rows = rows.filter(cohort, wanted.get(part, counting.denominator))
    return rows.order_by().values("fact_id" if counting.table is Chain else "pk")


def _both(metric: Metric, counting: Counting, period: Period) -> tuple[Q, Q]:
    def within(date: str) -> Q:
        return Q(**{f"{date}__gte": period.start, f"{date}__lt": period.end})

    return within(counting.date), within(metric.activity or counting.date)


# --- Along a dimension ----------------------------------------------------------------------------

COLUMNS = {
    "sdr": "sdr_id",
    "ae": "ae_id",
    "manager": "ae__reports_to_id",
    "territory": "territory_id",
    "lead_source": "lead_source",
    "framework_version": "framework_version_id",
}
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
    columns = (
        Column(HEADS[dimension], TEXT),
        *(Column(metric.name, RATE) for metric in RATES),
        Column("Median wait, business min", MINUTES),
        Column("Nine in ten within, business min", MINUTES),
        Column("Within SLA", RATE),
    )
    if dimension == "month":
        rows = _by_month(period, scope, now, shown or [])
    else:
        rows = _by_value(dimension, period, scope, now)
    note = (
        "Rows are in order of name, not of rank. Grey figures rest on fewer than 20 decisions: "
        "look at their number first."
        if dimension != "month"
        else "A month marked with * is not complete yet: part of it cannot be judged before its "
        "time has come."
    )
    return Table("along", TITLES[dimension], columns, tuple(rows), note)


def _by_month(period: Period, scope: Scope, now: datetime, shown: list[Card]) -> list[Row]:
    months = last_months(period, TREND)
    known = {card.metric.key: card.months for card in shown}
    rates = [
        known.get(metric.key) or metrics.by_period(metric.counting(now), months, scope)
        for metric in RATES
    ]
    spans = metrics.spans_by_period(months, scope, now)
    rows = []
    for n, each in enumerate(months):
        late = any(is_open(metric, each, now) for metric in RATES)
        name = f"{each.name}{' *' if late else ''}"
        rows.append(_row(name, [found[n] for found in rates], spans[n], f"month={each.key}"))
    return rows[::-1]


def _by_value(dimension: str, period: Period, scope: Scope, now: datetime) -> list[Row]:
    column = COLUMNS[dimension]
    rates = [metrics.by_value(m.counting(now), column, period, scope) for m in RATES]
    spans = metrics.spans_by_value(column, period, scope, now)
    values: set[Any] = set(spans)
    values.update(*rates)
    names = _names(dimension, values)
    none = Rate(0, 0, None, None, None)
    rows = []
    for value in sorted(values, key=lambda value: names.get(value, "~")):
        link = f"{ADDRESS.get(dimension, dimension)}={value}" if value else ""
        rows.append(
            _row(
                names.get(value, "None"),
                [found.get(value, none) for found in rates],
                spans.get(value),
                link,
            )
        )
    return rows


def _row(name: str, rates: list[Rate], span: Span | None, link: str) -> Row:
    within = None
    if span and span.promised:
        within = Rate(span.in_time, span.promised, span.within_sla, span.low, span.high)
    return Row((name, *rates, span and span.median, span and span.p90, within), link)


def _names(dimension: str, values: set[Any]) -> dict[Any, str]:
    if dimension == "lead_source":
        return {value: str(label) for value, label in LeadSource.choices}
    tables: dict[str, Any] = {"territory": Territory, "framework_version": FrameworkVersion}
    model: Any = tables.get(dimension, User)
    rows: Any = model.objects.filter(pk__in=[value for value in values if value])
    if dimension == "framework_version":
        rows = rows.select_related("framework")
    return {row.pk: str(row) for row in rows}


def _trend(metric: Metric, months: list[Period], rates: list[Rate], opens: list[bool]) -> Table:
    name = "Within SLA" if metric.key == "contact" else metric.name
    rows = tuple(
        Row((f"{month.start:%b %Y}{' *' if late else ''}", found, found.low, found.high))
        for month, found, late in zip(months, rates, opens, strict=True)
    )
    columns = (
        Column("Month", TEXT),
        Column(name, RATE),
        Column("Interval from", "share"),
        Column("to", "share"),
    )
    return Table(f"trend-{metric.key}", f"{metric.name}, month by month", columns, rows[::-1])


def _definition(function: Callable[..., Any]) -> list[str]:
    """The docstring of a metric, which is its definition, as paragraphs."""
    lines = [line.strip() for line in (function.__doc__ or "").strip().splitlines()]
    paragraphs: list[str] = []
    for line in lines:
        if not line:
            continue
        starts = line.split(":")[0] in ("Counted", "Denominator", "Left out")
        if not paragraphs or starts or paragraphs[-1].endswith("?"):
            paragraphs.append(line)
        else:
            paragraphs[-1] += f" {line}"
    return paragraphs


def summary(shown: list[Card]) -> Table:
    """The five metrics as one table."""
    columns = (
        Column("Metric", TEXT),
        Column("Share", RATE),
        Column("Interval from", "share"),
        Column("to", "share"),
        Column("Median, business min", MINUTES),
        Column("Nine in ten within, business min", MINUTES),
        Column("Mean, business min", MINUTES),
        Column("Median, calendar min", MINUTES),
        Column("Nine in ten within, calendar min", MINUTES),
        Column("Without contact"),
        Column("Change", TEXT),
        Column("Verdict", TEXT),
    )
    rows = []
    for card in shown:
        span: tuple[Any, ...] = (None,) * 6
        if card.span:
            one = card.span
            span = (one.median, one.p90, one.mean)
            span += (one.calendar_median, one.calendar_p90, one.uncontacted)
        words = (card.change.words, card.verdict.word)
        found = card.found
        rows.append(Row((card.metric.name, found, found.low, found.high, *span, *words)))
    return Table("metrics", "The five metrics", columns, tuple(rows))


def reconciled(found: list[Difference]) -> Table:
    """Cohort and activity as one table."""
    columns = (
        Column("What", TEXT),
        Column("Of this month’s cohort"),
        Column("of these in another month"),
        Column("of other cohorts, in this month"),
        Column("Happened in this month"),
    )
    rows = tuple(Row((one.metric.happened, *one[1:])) for one in found)
    return Table("differences", "Two views of the same month", columns, rows)
