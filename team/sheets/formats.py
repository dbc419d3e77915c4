"""Column sets as data: which header of which system means which of our fields."""

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from team.sheets.problems import FileRefused, UnknownColumns

_NOISE = re.compile(r"[\W_]+")  # of no script a letter or a digit


class Column(NamedTuple):
    """A column of a format. Without a field it is known but not kept."""

    header: str
    field: str = ""
    required: bool = False
    scale: Decimal = Decimal(1)  # what one unit of the column is in ours


class Format(NamedTuple):
    """The columns in which one system exports one kind of record."""

    key: str
    title: str
    columns: tuple[Column, ...]
    source: str = ""  # what is written down as the origin of new records


@dataclass
class Mapping:
    """How the columns of one file map to fields."""

    format: Format
    places: dict[str, int]  # field → column of the file
    headers: dict[str, str]  # field → header as the file writes it
    scales: dict[str, Decimal] = field(default_factory=dict)
    not_kept: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def remarks(self) -> list[str]:
        """What of the header is not imported, in sentences."""
        known = [column.header for column in self.format.columns]
        sentences = []
        if self.not_kept:
            sentences.append(f"Read but not kept: {', '.join(self.not_kept)}.")
        for header in self.unknown:
            near = difflib.get_close_matches(header, known, n=1, cutoff=0.75)
            hint = f" Is “{near[0]}” meant?" if near else ""
            sentences.append(f"The column “{header}” is not known and was not imported.{hint}")
        return sentences


def choose(
    formats: Sequence[Format],
    headers: Sequence[str],
    key: str = "",
    columns: "dict[str, str] | None" = None,
) -> Mapping:
    """The mapping of the format called `key`, or of the one that fits the header best.

    `columns` says what headers mean to whoever brings the file, and goes before any format.
    Raises UnknownColumns naming the columns that are missing.
    """
    if columns:
        own = (Column(header, field) for header, field in columns.items())
        return _map(Format("matched", "matched", tuple(own)), headers)
    wanted = [item for item in formats if item.key == key] if key not in {"", "auto"} else formats
    if not wanted:
        keys = ", ".join(item.key for item in formats)
        raise FileRefused(f"“{key}” is not a format; there are {keys}.")
    tried = [(_map(item, headers), _exactness(item, headers)) for item in wanted]
    fitting = [pair for pair in tried if not _missing(pair[0])]
    if fitting:
        return max(
            fitting, key=lambda pair: (len(pair[0].places) + len(pair[0].not_kept), pair[1])
        )[0]
    nearest = max(tried, key=lambda pair: len(pair[0].places) + len(pair[0].not_kept))[0]
    missing = ", ".join(f"“{header}”" for header in _missing(nearest))
    given = ", ".join(f"“{header}”" for header in headers[:12])
    plural = "columns are" if len(_missing(nearest)) > 1 else "column is"
    raise UnknownColumns(
        f"The {plural} missing that {nearest.format.title} files have: {missing}. "
        f"The file has {given}{' …' if len(headers) > 12 else ''}."
    )


def _map(wanted: Format, headers: Sequence[str]) -> Mapping:
    known = {plain(column.header): column for column in wanted.columns}
    mapping = Mapping(wanted, {}, {})
    for place, header in enumerate(headers):
        column = known.get(plain(header))
        if column is None:
            mapping.unknown.append(header)
        elif not column.field:
            mapping.not_kept.append(header)
        elif column.field not in mapping.places:
            mapping.places[column.field] = place
            mapping.headers[column.field] = header
            mapping.scales[column.field] = column.scale
        else:
            mapping.not_kept.append(header)
    return mapping


def _missing(mapping: Mapping) -> list[str]:
    return [
        column.header
        for column in mapping.format.columns
        if column.required and column.field not in mapping.places
    ]


def _exactness(wanted: Format, headers: Iterable[str]) -> int:
    known = {column.header for column in wanted.columns}
    return sum(header in known for header in headers)


def plain(header: str) -> str:
    """“First Name”, “first_name” and “FirstName” are one column; “Имя” and “Фамилия” are two."""
    return _NOISE.sub("", header.casefold())
