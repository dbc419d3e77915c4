"""Which of the counts by day a question can be answered from: by dimension, or by who hands over to
whom. What none of them is about has to be read from the facts."""

from collections.abc import Callable
from typing import Any, NamedTuple

from django.db.models import Q

from reports.models import Tally
from reports.scope import Scope

COLUMNS = {
    "sdr": "sdr_id",
    "ae": "ae_id",
    "territory": "territory_id",
    "lead_source": "lead_source",
    "framework_version": "framework_version_id",
}
CREW = "crew"


class Slice(NamedTuple):
    """The tallies that add up to a scope; `value` reads one’s value of the dimension asked for."""

    where: Q
    value: Callable[[str], Any]


def crew(sdr: int, ae: int | None) -> str:
    """The value of the dimension CREW: who hands over to whom."""
    return f"{sdr}-{ae or ''}"


def slice_of(scope: Scope) -> Slice | None:
    """Those of a whole scope; None where days are not counted for anything like it."""
    if (one := scope.slice()) is not None:
        return Slice(Q(dimension=one[0], value=one[1]), lambda value: "")
    found = _crews(scope)
    return None if found is None else Slice(found, lambda value: "")


def slice_by(dimension: str, scope: Scope) -> Slice | None:
    """Those of a scope for each value of a dimension."""
    if scope == Scope():
        return Slice(Q(dimension=dimension), lambda value: _read(dimension, value))
    if dimension not in ("sdr", "ae"):
        return None
    place = ("sdr", "ae").index(dimension)
    found = _crews(scope)
    if found is None:
        return None
    return Slice(found, lambda value: _read(dimension, value.split("-")[place]))


def _crews(scope: Scope) -> Q | None:
    """Each handoff is of one crew only, so those with the right people add up exactly."""
    people = Scope(sdr=scope.sdr, ae=scope.ae, team=scope.team)
    if scope != people:
        return None
    sdr, ae = (str(getattr(one, "pk", one)) if one else "" for one in (scope.sdr, scope.ae))
    team = None if scope.team is None else {str(pk) for pk in scope.team}
    known = Tally.objects.filter(dimension=CREW).order_by().values_list("value", flat=True)
    theirs = []
    for value in scope.recall("crews", lambda: list(known.distinct())):
        pair = value.split("-")
        if sdr in ("", pair[0]) and ae in ("", pair[1]) and (team is None or team & set(pair)):
            theirs.append(value)
    return Q(dimension=CREW, value__in=theirs)


def _read(dimension: str, value: str) -> Any:
    """A value as the facts have it."""
    if dimension == "lead_source":
        return value
    return int(value) if value else None
