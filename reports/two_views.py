"""A month seen twice: what became of its own handoffs, and what happened in it; with the handoffs
that make the difference."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Count, Q

from handoffs.models import Handoff
from reports import metrics
from reports.board import Card, Metric
from reports.counting import Counting, by_date, rows_of, within
from reports.periods import Period
from reports.scope import Scope
from reports.tables import TEXT, Column, Row, Table
from team.models import User

NAMED = 8  # handoffs of each difference that the page names
MOST_LISTED = 10_000  # in a file


class Difference(NamedTuple):
    """A cohort's figure and the same by date of activity, with what makes the difference."""

    metric: Metric
    cohort: int
    later: int  # of the cohort, but it happened outside the period
    earlier: int  # happened in the period, of other cohorts
    activity: int


def differences(
    cards: Sequence[Card], period: Period, scope: Scope, now: datetime
) -> list[Difference]:
    """Cohort and activity side by side, for what has both; `cards` are those of the same period."""
    pairs = [(card, card.happened) for card in cards if card.happened is not None]
    both = _in_both([card.metric.counting(now) for card, _ in pairs], period, scope)
    found = []
    for card, happened in pairs:
        own, shared = card.found.numerator, both[card.metric.key]
        found.append(Difference(card.metric, own, own - shared, happened - shared, happened))
    return found


class Named(NamedTuple):
    """Some of the handoffs that make a difference, those that the reader may open."""

    metric: Metric
    words: str
    number: int
    handoffs: list[Handoff]


def named(
    found: list[Difference], period: Period, scope: Scope, now: datetime, reader: User
) -> list[Named]:
    """Handoffs behind each difference, by name."""
    some: list[tuple[Difference, str, list[int]]] = []
    for one in found:
        for part in ("later", "earlier"):
            if getattr(one, part):
                rows = behind(one.metric, part, period, scope, now)[:NAMED]
                some.append((one, part, [pk for row in rows for pk in row.values()]))
    wanted = {pk for _, _, ids in some for pk in ids}
    seen = Handoff.objects.visible_to(reader).filter(pk__in=wanted).select_related("account")
    by_id = {handoff.pk: handoff for handoff in seen}
    return [
        Named(one.metric, PARTS[part], getattr(one, part), [by_id[pk] for pk in ids if pk in by_id])
        for one, part, ids in some
    ]


def _in_both(cohorts: Sequence[Counting], period: Period, scope: Scope) -> dict[str, int]:
    """How many of the period’s cohorts happened in the period as well."""
    found: dict[str, int] = {}
    for together in by_date(cohorts):
        shared = {
            one.key: Count("pk", filter=one.numerator & within(metrics.HAPPENED[one.key], period))
            for one in together
        }
        found |= rows_of(together[0], period, scope).aggregate(**shared)
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


def parts_of(metric: Metric) -> list[tuple[str, str]]:
    """What can be asked for behind this metric, with its words."""
    return [(key, words) for key, words in PARTS.items() if _has(metric, key)]


def _has(metric: Metric, part: str) -> bool:
    if part == "waiting":
        return metric.key == "contact"
    return metric.key in metrics.HAPPENED or part not in ("later", "earlier", "activity")


def behind(metric: Metric, part: str, period: Period, scope: Scope, now: datetime) -> Any:
    """The handoffs behind a number; `part` is one of PARTS."""
    counting = metric.counting(now)
    rows = counting.table._default_manager.filter(scope.condition())
    cohort = within(counting.date, period)
    if part in ("later", "earlier", "activity") and metric.key in metrics.HAPPENED:
        activity = within(metrics.HAPPENED[metric.key], period)
        moved = {"later": cohort & ~activity, "earlier": activity & ~cohort, "activity": activity}
        rows = rows.filter(counting.numerator, moved[part])
    else:
        wanted = {
            "numerator": counting.numerator,
            "rest": counting.denominator & ~counting.numerator,
            "waiting": Q(contacted_at=None) if metric.key == "contact" else Q(pk__in=[]),
        }
        rows = rows.filter(cohort, wanted.get(part, counting.denominator))
    return rows.order_by().values(counting.handoff)


def with_names(ids: Sequence[int]) -> list[Handoff]:
    """These handoffs, in this order, with what a list of them names."""
    related = Handoff.objects.select_related("account", "sdr", "owner", "territory")
    found = related.in_bulk(ids)
    return [found[pk] for pk in ids if pk in found]


def listed(ids: Sequence[int]) -> Table:
    """Handoffs behind a number as a table; the first MOST_LISTED of them."""
    columns = tuple(
        Column(name, TEXT)
        for name in (
            "Handoff",
            "Account",
            "Status",
            "Lead source",
            "SDR",
            "AE",
            "Territory",
            "Submitted (UTC)",
            "First contact (UTC)",
            "Closed (UTC)",
        )
    )
    found = tuple(
        Row(
            (
                str(one.pk),
                str(one.account or ""),
                one.get_status_display(),
                one.get_lead_source_display(),
                str(one.sdr),
                str(one.owner or ""),
                str(one.territory or ""),
                *(
                    f"{at:%Y-%m-%d %H:%M}" if at else ""
                    for at in (one.submitted_at, one.first_contact_at, one.closed_at)
                ),
            )
        )
        for one in with_names(ids[:MOST_LISTED])
    )
    return Table("handoffs", "The handoffs behind a figure", columns, found)


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
