"""Opens an uploaded table after checking that it is what its name says; reads nothing twice."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import BinaryIO, NamedTuple

from team.sheets import text_tables, workbooks
from team.sheets.limits import MEGABYTE, Limits, too_many_rows
from team.sheets.problems import FileRefused

ZIP_MAGIC = b"PK\x03\x04"
EMPTY_ZIP_MAGIC = b"PK\x05\x06"
OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# How a protected workbook names its content inside the OLE container.
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


class Row(NamedTuple):
    """One row of the table; `problem` says why its cells cannot be used."""

    number: int
    cells: list[str]
    problem: str = ""


@dataclass
class Table:
    """A table with its header read and its rows still to come, once."""

    headers: list[str]
    rows: Iterator[Row]


def open_table(stream: BinaryIO, name: str, limits: Limits, encoding: str = "") -> Table:
    """The table in `stream`, a seekable binary file called `name`.

    `encoding` of a text that is neither UTF-8 nor UTF-16: one of text_tables.ENCODINGS.

    Raises FileRefused with one sentence, here or while the rows are read.
    """
    ending = PurePath(name).suffix.lower()
    if ending not in {".csv", ".xlsx"}:
        raise FileRefused("Only .csv and .xlsx files can be imported; save the table as one.")
    size = stream.seek(0, 2)
    if size > limits.size:
        raise FileRefused(
            f"The file has {size / MEGABYTE:.1f} MB; at most {limits.size // MEGABYTE} MB can be "
            "imported at once."
        )
    if size == 0:
        raise FileRefused("The file is empty.")
    stream.seek(0)
    start = stream.read(8)
    _check_magic(stream, start, ending)
    stream.seek(0)
    if ending == ".csv":
        return table_of(text_tables.rows_of(stream, limits, encoding), limits)
    return table_of(workbooks.rows_of(stream, size, limits), limits)


def table_of(raw: Iterator[tuple[int, list[str]]], limits: Limits) -> Table:
    """Takes the first row that is not blank for the header; checks the shape of the others."""
    number, cells = next(((n, row) for n, row in raw if any(map(str.strip, row))), (0, []))
    if not number:
        raise FileRefused("The file is empty.")
    headers = [cell.strip() for cell in cells]
    while headers and not headers[-1]:
        headers.pop()
    _check_headers(headers, limits)
    rows = _shaped(raw, headers, limits)
    first = next(rows, None)
    if first is None:
        raise FileRefused(f"The file has a header in row {number} but no rows below it.")
    return Table(headers, _chained(first, rows))


def _chained(first: Row, rest: Iterator[Row]) -> Iterator[Row]:
    yield first
    yield from rest


def _check_magic(stream: BinaryIO, start: bytes, ending: str) -> None:
    if start == OLE_MAGIC:
        stream.seek(0)
        if ENCRYPTED in stream.read():
            raise FileRefused(
                "The workbook is protected by a password: remove the password and save it again."
            )
        raise FileRefused(
            "This is a workbook of an old kind (.xls): save it as .xlsx or as CSV UTF-8."
        )
    zipped = start.startswith((ZIP_MAGIC, EMPTY_ZIP_MAGIC))
    if ending == ".xlsx" and not zipped:
        raise FileRefused(
            "The file is called .xlsx but is no Excel workbook: save it as .xlsx or as CSV UTF-8."
        )
    if ending == ".csv" and zipped:
        raise FileRefused(
            "The file is called .csv but is an Excel workbook or an archive: save it as CSV UTF-8."
        )


def _check_headers(headers: list[str], limits: Limits) -> None:
    if len(headers) > limits.columns:
        raise FileRefused(
            f"The header has {len(headers):,} columns; at most {limits.columns} can be imported."
        )
    if too_long := [header for header in headers if len(header) > 200]:
        raise FileRefused(
            f"The header has a name of {len(too_long[0]):,} characters; is its first row missing?"
        )
    if unnamed := [str(place) for place, header in enumerate(headers, 1) if not header]:
        raise FileRefused(f"The header has no name for column {', '.join(unnamed)}.")
    times = Counter(header.casefold() for header in headers)
    doubled = {h.casefold(): h for h in headers if times[h.casefold()] > 1}
    if doubled:
        names = ", ".join(f"“{header}”" for header in doubled.values())
        raise FileRefused(f"The header names a column twice: {names}.")


def _shaped(
    raw: Iterator[tuple[int, list[str]]], headers: list[str], limits: Limits
) -> Iterator[Row]:
    width, count = len(headers), 0
    for number, cells in raw:
        if not any(cell and not cell.isspace() for cell in cells):
            continue
        count += 1
        if count > limits.rows:
            raise FileRefused(too_many_rows(limits))
        problem = ""
        if len(cells) != width:
            given = len(cells)
            while len(cells) > width and not cells[-1].strip():
                cells.pop()
            if len(cells) != width:
                problem = f"{given} cells, expected {width}."
        for place, cell in enumerate(cells):
            if len(cell) > limits.cell:
                header = headers[place] if place < width else "?"
                problem = (
                    f"{header} has {len(cell):,} characters; at most {limits.cell:,} are possible."
                )
        yield Row(number, cells, problem)
