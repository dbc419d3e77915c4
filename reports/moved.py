"""Where a change since the month before comes from: the part of the team in which it happened.

A rate moves because a part does better or worse, or because there is more of a part that always
did. Both are in the points that a part makes: how far it pulls the whole away from what the whole
was before, now against then. Over all parts these add up to the change exactly.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from reports import along, metrics
from reports.board import Card
from reports.figures import Rate
from reports.periods import Period
from reports.scope import Scope

CUT_BY = ("lead_source", "territory")  # not by person: nobody is ranked in the review
NOTHING = Rate(0, 0, None, None, None)


class Part(NamedTuple):
    """The part that made most of a change; `points` of a hundred are its own."""

    name: str
    now: Rate
    before: Rate
    points: int


class Moved(NamedTuple):
    """A figure that moved by more than chance, and the parts that made most of it."""

    card: Card
    parts: list[Part]


def moved(cards: list[Card], period: Period, scope: Scope, now: datetime) -> list[Moved]:
    """Each of these cards with where its change comes from, in twice two questions."""
    if not cards:
        return []
    asked = [card.metric.counting(now) for card in cards]
    parts: dict[str, list[Part]] = {card.metric.key: [] for card in cards}
    for dimension in CUT_BY:
        last, this = metrics.by_value(asked, dimension, [period.before(), period], scope)
        values = {value for found in (*this.values(), *last.values()) for value in found}
        names = along.names_of(dimension, values)
        for card in cards:
            key = card.metric.key
            most = heaviest(this[key], last[key])
            if most is not None:
                value, points = most
                name = names.get(value, "None")
                rates = this[key].get(value, NOTHING), last[key].get(value, NOTHING)
                parts[key].append(Part(name, *rates, points))
    return [Moved(card, parts[card.metric.key]) for card in cards]


def heaviest(this: Mapping[Any, Rate], last: Mapping[Any, Rate]) -> tuple[Any, int] | None:
    """The value that made most of the change, and its points; None where no one made a point, or
    there is only one.

    >>> from reports.figures import rate
    >>> heaviest({"a": rate(9, 30), "b": rate(12, 20)}, {"a": rate(18, 30), "b": rate(12, 20)})
    ('a', 18)
    """
    own = points(this, last)
    if len(own) < 2:
        return None
    change = sum(own.values())
    value = max(own, key=lambda value: (own[value] * change, str(value)))
    found = round(abs(own[value]) * 100)
    return (value, found) if found and own[value] * change > 0 else None


def points(this: Mapping[Any, Rate], last: Mapping[Any, Rate]) -> dict[Any, float]:
    """How much of the change each value made; these add up to all of it."""
    all_now, all_then = (
        (sum(r.numerator for r in found.values()), sum(r.denominator for r in found.values()))
        for found in (this, last)
    )
    if not all_now[1] or not all_then[1]:
        return {}
    whole = all_then[0] / all_then[1]

    def pull(found: Rate, of: int) -> float:
        return (found.numerator - whole * found.denominator) / of

    return {
        value: pull(this.get(value, NOTHING), all_now[1])
        - pull(last.get(value, NOTHING), all_then[1])
        for value in this.keys() | last.keys()
    }
