"""Tables of a report: columns with a kind, rows of plain values, and the files they export to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import tablib
from django.http import Http404, HttpResponse

from reports.charts import Chart
from reports.figures import Rate
from team.sheets.exports import SafeCSV, SafeXLSX

FORMATS: dict[str, Any] = {"csv": SafeCSV, "xlsx": SafeXLSX}
TEXT, COUNT, SHARE, MINUTES, RATE = "text", "count", "share", "minutes", "rate"


@dataclass(frozen=True)
class Column:
    """A cell of kind RATE holds a Rate: one cell on the page, three columns in a file.

    `metric` is the one of the five that a rate is of, so that the page can lead behind it; in
    other tables `part` says which handoffs of a row stand behind its figures (reports.besides).
    `before` names the period whose share the rows bring along in `Row.before`.
    """

    name: str
    kind: str = COUNT
    metric: str = ""
    part: str = ""
    before: str = ""

    @property
    def is_number(self) -> bool:
        return self.kind != TEXT


@dataclass(frozen=True)
class Row:
    """`link` is what the address of a narrower report adds, such as "sdr=4"; `key` names a row
    whose figures have handoffs behind them. `before` has a Rate, or None, at the place of a cell
    that is compared with the period before."""

    cells: tuple[Any, ...]
    link: str = ""
    key: str = ""
    before: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Table:
    """`key` names it in addresses, `note` says what is counted; a chart stands above its rows."""

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...] = ()
    note: str = ""
    empty: str = "Nothing in this period."
    chart: Chart | None = None


def file_of(table: Table, extension: str, name: str, stamp: Sequence[str] = ()) -> HttpResponse:
    """`table` as a download; shares as fractions, so that a spreadsheet can count on.

    `stamp` are the lines that say what was asked and by whom; they end the sheet.
    """
    form = FORMATS.get(extension)
    if form is None:
        raise Http404("Tables are exported as csv or xlsx.")
    heads: list[str] = []
    for column in table.columns:
        heads.append(column.name)
        if column.kind == RATE:
            heads += [f"{column.name}: counted", f"{column.name}: of"]
        if column.before:
            heads.append(f"{column.name}: {column.before}")
    sheet = tablib.Dataset(headers=heads, title="Report")
    for row in table.rows:
        sheet.append(_line(table.columns, row))
    for line in stamp:
        sheet.append([line] + [""] * (len(heads) - 1))
    writer = form()
    content = writer.export_data(sheet)
    response = HttpResponse(content, content_type=f"{writer.get_content_type()}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.{extension}"'
    return response


def one_of(tables: Sequence[Table], wanted: str, prefix: str, stamp: Sequence[str]) -> HttpResponse:
    """The table that an address asks for as “key.csv”, out of those that its page shows."""
    key, _, extension = wanted.partition(".")
    table = next((one for one in tables if one.key == key), None)
    if table is None:
        raise Http404("No such table.")
    return file_of(table, extension, f"{prefix}-{key}", [f"{table.title}, {stamp[0]}", *stamp[1:]])


def _line(columns: Sequence[Column], row: Row) -> list[Any]:
    found: list[Any] = []
    for place, (column, cell) in enumerate(zip(columns, row.cells, strict=True)):
        rate_of_none = column.kind == RATE and cell is None
        found += ["", "", ""] if rate_of_none else _plain(cell)
        if column.before:
            before = row.before[place] if row.before else None
            found += _plain(before and before.value)
    return found


def _plain(cell: Any) -> list[Any]:
    if isinstance(cell, Rate):
        return [*_plain(cell.value), cell.numerator, cell.denominator]
    if cell is None:
        return [""]
    return [round(cell, 6) if isinstance(cell, float) else cell]
