"""Two versions of one package beside each other: what differs, who changed it, what is kept.

Pure functions on the plain packages of `handoffs.editing`. A package falls into units: a single
field, one answer, one row of a list. What stood there when the page was opened is known by the
fingerprint of each unit, which the page carries along.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db import models

from handoffs.editing import Package, Row, Values

Fingerprints = dict[str, str]


class Difference(NamedTuple):
    """A unit that two versions have in different words; None where one does not have it."""

    unit: str
    mine: Values | None
    theirs: Values | None
    changed_by_me: bool
    changed_by_them: bool

    @property
    def suggestion(self) -> str:
        """Whose to keep when nobody says otherwise: only one side's change is no dispute."""
        return "theirs" if self.changed_by_them and not self.changed_by_me else "mine"


def fingerprints(package: Package) -> Fingerprints:
    """What each unit of a stored package says, in ten characters."""
    return {unit: _fingerprint(values) for unit, values in _units(package).items()}


def differences(mine: Package, theirs: Package, base: Fingerprints) -> list[Difference]:
    """Where the two differ, in the order of my version; `base` is what I had opened.

    Without a base every difference counts as changed by both. Units that my version leaves out
    are not compared.
    """
    my_units, their_units = _units(_recognised(mine, theirs)), _units(theirs)
    compared = [*my_units, *(unit for unit in their_units if unit not in my_units)]
    found = []
    for unit in compared:
        if not _is_in_scope(unit, mine):
            continue
        ours, stored = my_units.get(unit), their_units.get(unit)
        if _fingerprint(ours) == _fingerprint(stored):
            continue
        before = base.get(unit, _fingerprint(None))
        found.append(
            Difference(
                unit,
                ours,
                stored,
                not base or _fingerprint(ours) != before,
                not base or _fingerprint(stored) != before,
            )
        )
    return found


def resolve(
    mine: Package, theirs: Package, base: Fingerprints, choices: Mapping[str, str]
) -> Package:
    """One package out of two: per unit what `choices` says ("mine" or "theirs")."""
    merged = _recognised(mine, theirs)
    for difference in differences(mine, theirs, base):
        if choices.get(difference.unit, difference.suggestion) != "theirs":
            continue
        name, _, key = difference.unit.partition(".")
        if not key:
            merged.fields[name] = theirs.fields[name]
        elif name == "answers":
            merged.answers[int(key)] = difference.theirs or {}
        else:
            rows = [row for row in merged.lists[name] if _row_unit(row) != key]
            if difference.theirs is not None:
                rows.append(Row(key, int(key), difference.theirs))
            merged.lists[name] = rows
    for name, rows in merged.lists.items():
        merged.lists[name] = sorted(rows, key=lambda row: (row.pk is None, row.pk or 0))
    return merged


def twins(mine: Package, theirs: Package) -> dict[tuple[str, str], int]:
    """The ids of my new rows that stand there already, by list and key."""
    return {
        (name, row.key): row.pk
        for name, rows in _recognised(mine, theirs).lists.items()
        for row, typed in zip(rows, mine.lists[name], strict=True)
        if row.pk is not None and typed.pk is None
    }


def dump(base: Fingerprints) -> str:
    return json.dumps(base, separators=(",", ":"))


def load(text: str) -> Fingerprints:
    """The fingerprints that a page carried; none where they cannot be read."""
    try:
        read = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return {str(key): str(value) for key, value in read.items()} if isinstance(read, dict) else {}


# --- Units ---------------------------------------------------------------------------------------


def _units(package: Package) -> dict[str, Values]:
    units: dict[str, Values] = {name: {name: value} for name, value in package.fields.items()}
    units |= {f"answers.{key}": values for key, values in package.answers.items() if values}
    for name, rows in package.lists.items():
        units |= {f"{name}.{_row_unit(row)}": row.values for row in rows}
    return units


def _row_unit(row: Row) -> str:
    return str(row.pk) if row.pk is not None else f"+{row.key}"


def _is_in_scope(unit: str, mine: Package) -> bool:
    """Whether my version says anything about this unit, be it that the row is gone."""
    name, _, key = unit.partition(".")
    if not key:
        return name in mine.fields
    return int(key) in mine.answers if name == "answers" else name in mine.lists


def _recognised(mine: Package, theirs: Package) -> Package:
    """My version with the ids of new rows that stand there already, as after a lost answer."""
    lists: dict[str, list[Row]] = {}
    for name, rows in mine.lists.items():
        known = {row.pk for row in rows}
        free = [row for row in theirs.lists.get(name, []) if row.pk not in known]
        lists[name] = []
        for row in rows:
            twin = next((other for other in free if other.values == row.values), None)
            if row.pk is None and twin is not None:
                free.remove(twin)
                row = Row(row.key, twin.pk, row.values)
            lists[name].append(row)
    return Package(dict(mine.fields), dict(mine.answers), lists)


def _fingerprint(values: Values | None) -> str:
    if values is None:
        return ""
    text = json.dumps(values, default=_plain, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return str(value.pk) if isinstance(value, models.Model) else str(value)
