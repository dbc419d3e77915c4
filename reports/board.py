"""The five metrics of a month with what is shown on their cards, as plain data."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from reports import charts, judging, metrics
from reports.counting import Counting
from reports.figures import Rate, Span
from reports.periods import Period, last_months
from reports.reading import WINDOW
from reports.scope import Scope
from reports.tables import MINUTES, RATE, TEXT, Column, Row, Table

LONGEST_TREND, SHORTEST_TREND = 24, 12  # months


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
    happened: str = ""  # what is counted by the date on which it happened, in words


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
        "Handoffs rejected",
    ),
)
BY_KEY = {metric.key: metric for metric in METRICS}


@dataclass(frozen=True)
class Card:
    """One metric as it is shown. `span` is set for waiting times only; `happened` counts the same
    by the date on which it happened, where that is another."""

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
    happened: int | None = None


def cards(period: Period, scope: Scope, now: datetime) -> list[Card]:
    """The five metrics with the two years up to `period`, as far back as there is anything."""
    months = last_months(period, LONGEST_TREND)
    asked = {metric.key: metric.counting(now) for metric in METRICS}
    events = {key: metrics.happened(asked[key]) for key in metrics.HAPPENED}
    everything = metrics.by_period([*asked.values(), *events.values()], months, scope)
    all_rates = {key: everything[key] for key in asked}
    happened = {key: everything[one.key][-1].numerator for key, one in events.items()}
    spans = metrics.spans_of(period, scope, now, ("accepted", "submitted"))
    together = zip(*all_rates.values(), strict=True)
    counted = [any(rate.denominator for rate in rates) for rates in together]
    empty = counted.index(True) if True in counted else len(months)
    months = months[min(empty, LONGEST_TREND - SHORTEST_TREND) :]
    found = []
    for metric in METRICS:
        rates = all_rates[metric.key][-len(months) :]
        this = rates[-1]
        open_months = [is_open(metric, each, now) for each in months]
        span = spans["accepted"] if metric.key == "contact" else None
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
                spans["submitted"] if span else None,
                happened.get(metric.key),
            )
        )
    return found


def is_open(metric: Metric, period: Period, now: datetime) -> bool:
    """Whether the period's figure may still move by itself: an immature cohort."""
    return now < period.end + metric.settles


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
