"""Holds what the pages show against `recount_page`, number by number."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.utils import timezone

from reports import along, besides, board, facts, two_views
from reports.figures import Rate, Span
from reports.periods import Period, last_months, month, month_of
from reports.scope import Scope
from team.zones import zone_named
from tests.reports import recount_page as plain
from tests.reports.recount_page import Life

EVERYBODY = Scope()
Figure = tuple[str, Any, Any]  # what it is, on the page, counted again


def figures(all_: list[Life], period: Period, now: datetime) -> Iterator[Figure]:
    """Every figure of the joint page and of what else comes of the log, with its second count."""
    start, end = period.start, period.end
    cards = {card.metric.key: card for card in board.cards(period, EVERYBODY, now)}
    own = plain.metrics(all_, start, end, now)
    for key, card in cards.items():
        yield f"{key}", _part(card.found), own.get(key, (0, 0))
        months = last_months(period, len(card.months))
        for each, found in zip(months, card.months, strict=True):
            again = plain.metrics(all_, each.start, each.end, now).get(key, (0, 0))
            yield f"{key} in {each.key}", _part(found), again
    contact = cards["contact"]
    yield from _spans("accepted", contact.span, plain.waiting(all_, start, end, now))
    again = plain.waiting(all_, start, end, now, "submitted")
    yield from _spans("submitted", contact.since_submission, again)
    yield from _two_views(all_, period, now)
    for dimension in along.TITLES:
        yield from _along(all_, dimension, period, now)
    yield from _besides(all_, period, now)


def _two_views(all_: list[Life], period: Period, now: datetime) -> Iterator[Figure]:
    in_it = plain.happened(all_, period.start, period.end, now)
    cohorts = plain.metrics(all_, period.start, period.end, now)
    for one in two_views.differences(board.cards(period, EVERYBODY, now), period, EVERYBODY, now):
        key = one.metric.key
        yield f"{key} happened", one.activity, len(in_it[key])
        yield f"{key} cohort", one.cohort, cohorts.get(key, (0, 0))[0]
        yield f"{key} reconciles", one.cohort - one.later + one.earlier, one.activity


def _along(all_: list[Life], dimension: str, period: Period, now: datetime) -> Iterator[Figure]:
    table = along.along(dimension, period, EVERYBODY, now)
    if dimension == "month":
        months = last_months(period, len(table.rows))[::-1]
        for each, row in zip(months, table.rows, strict=True):
            yield from _row(f"along {each.key}", row.cells, all_, each, now)
        return
    groups = _groups(all_, dimension)
    names = along.names_of(dimension, set(groups))
    by_name = {names.get(value, "None"): group for value, group in groups.items()}
    for row in table.rows:
        group = by_name.pop(row.cells[0], [])
        yield from _row(f"along {dimension} {row.cells[0]}", row.cells, group, period, now)
    for name, group in by_name.items():  # nobody is left out who has a figure
        left = plain.metrics(group, period.start, period.end, now)
        yield f"no row for {name}", {}, left


def _groups(all_: list[Life], dimension: str) -> dict[Any, list[Life]]:
    from team.models import User

    managers = dict(User.objects.values_list("pk", "reports_to"))
    groups: dict[Any, list[Life]] = {}
    for life in all_:
        if dimension == "manager":
            value = managers.get(life.ae) if life.ae else None
        else:
            value = plain.VALUE[dimension](life)
        groups.setdefault(value, []).append(life)
    return groups


def _row(
    name: str, cells: tuple[Any, ...], group: list[Life], period: Period, now: datetime
) -> Iterator[Figure]:
    own = plain.metrics(group, period.start, period.end, now)
    for place, key in enumerate(("opportunity", "show", "call", "rejection"), start=1):
        yield f"{name} {key}", _part(cells[place]), own.get(key, (0, 0))
    waited = plain.waiting(group, period.start, period.end, now)
    yield f"{name} median", cells[5], waited["median"]
    yield f"{name} p90", cells[6], waited["p90"]
    yield f"{name} in time", _part(cells[7]), own.get("contact", (0, 0))


def _spans(name: str, span: Span | None, again: dict[str, Any]) -> Iterator[Figure]:
    assert span is not None
    for key, value in again.items():
        shown = getattr(span, key)
        if isinstance(value, float) and shown is not None:
            shown, value = round(shown, 6), round(value, 6)
        yield f"since {name}: {key}", shown, value


def _besides(all_: list[Life], period: Period, now: datetime) -> Iterator[Figure]:
    shown = {
        key: [tuple(_part(cell) if isinstance(cell, Rate) else cell for cell in row.cells)
              for row in ask(period, EVERYBODY, now).rows]
        for key, ask in besides.BY_KEY.items()
    }  # fmt: skip
    again = plain.besides(all_, period.start, period.end, now)
    for key in ("untouched", "unprepared", "first_tries"):
        yield (
            key,
            sorted(row[1:] for row in shown[key]),
            sorted(row[1:] if key != "first_tries" else row for row in again[key]),
        )
    yield (
        "unconfirmed",
        [row[1] for row in shown["unconfirmed"]] or [(0, 0)] * 2,
        again["unconfirmed"],
    )
    yield "gate", sorted((row[2] for row in shown["gate"]), reverse=True), again["gate"]
    yield "reasons", sorted(row[2] for row in shown["reasons"]), again["reasons"]
    yield "load", sorted(row[2] for row in shown["load"]), again["load"]
    months = last_months(period, 12)
    yield (
        "speed",
        [row[1] for row in shown["speed"]],
        plain.speed(all_, months[0].start, period.end),
    )


def _part(found: Rate | None) -> tuple[int, int]:
    return (found.numerator, found.denominator) if found else (0, 0)


def compare(text: str) -> int:
    """Print what differs for a month, by default the last full one and the one before."""
    now, zone = timezone.now(), zone_named("Europe/Berlin")
    facts.catch_up()
    all_ = plain.lives()
    last = month(text, zone) if text else month_of(now, zone).before()
    total = wrong = 0
    for period in (last.before(), last):
        for name, shown, again in figures(all_, period, now):
            total += 1
            if shown != again:
                wrong += 1
                print(f"{period.key} {name}: the page says {shown}, the log {again}")
    print(f"{len(all_):,} handoffs, {total:,} figures compared, {wrong} differ")
    return 1 if wrong else 0
