"""What every part of the settings file shares: reading a row, saying what became of it."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import models

from team.audit import note
from team.models import Deed, User


class Outcome(NamedTuple):
    """What became of one row of the file. `verdict` is a word for people, `tone` its colour."""

    part: str
    name: str
    verdict: str
    tone: str = ""


ADDED, CHANGED, SAME = "added", "changed", "the same already"


class Unreadable(Exception):
    """A row or the file is not what it should be; the text is a sentence for the reader."""


def text_of(row: Mapping[str, Any], name: str, where: str) -> str:
    """A text that has to be there. Raises Unreadable."""
    value = row.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Unreadable(f"{where}: “{name}” has to be a text.")
    return value


def rows_of(data: Mapping[str, Any], name: str, where: str = "") -> list[Mapping[str, Any]]:
    """A list of objects, empty where the file does not have it. Raises Unreadable."""
    rows = data.get(name, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        place = f"{where}: “{name}”" if where else f"“{name}”"
        raise Unreadable(f"{place} has to be a list of objects.")
    return rows


def values_of(row: models.Model, fields: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in fields}


def put(row: models.Model, values: Mapping[str, Any], *, part: str, name: str, by: User) -> Outcome:
    """Save `values` on a new or a stored row, if anything is different. Raises Unreadable."""
    new = row.pk is None
    different = [key for key, value in values.items() if new or getattr(row, key) != value]
    if not different:
        return Outcome(part, name, SAME)
    for key in different:
        setattr(row, key, values[key])
    checked(row, f"{part}, “{name}”")
    row.save()
    note(
        Deed.ADDED if new else Deed.CHANGED,
        by=by,
        about=row,
        words="From a settings file" + ("." if new else f": {', '.join(different)}."),
    )
    return Outcome(part, name, ADDED if new else CHANGED, "is-good" if new else "is-warn")


def checked(row: models.Model, where: str, leave_out: Iterable[str] = ()) -> None:
    """Raise Unreadable, in words, for what the model itself refuses."""
    try:
        row.full_clean(exclude=leave_out)
    except ValidationError as error:
        found = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
        said = [f"{n}: {' '.join(m)}" if n not in ("", "__all__") else " ".join(m)
                for n, m in found.items()]  # fmt: skip
        raise Unreadable(f"{where}: {' '.join(said)}") from error
    except (TypeError, ValueError) as error:
        raise Unreadable(f"{where}: a value is of the wrong kind.") from error
