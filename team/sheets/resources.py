"""The django-import-export side of an Importer: columns, results, exports.

Rows are not imported one by one as the library would: `import_data` hands them to the Importer,
which works in batches, and translates what it reports. A wrong row undoes everything.
"""

from collections.abc import Iterator
from typing import Any, ClassVar

import tablib
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from import_export import resources
from import_export.results import Result, RowResult

from team.models import User
from team.sheets.core import Context, Importer, Kind, Line, Report, run_import
from team.sheets.formats import choose
from team.sheets.limits import COMMAND, Limits
from team.sheets.problems import FileRefused
from team.sheets.reading import Table, table_of

AT_ONCE = 1000  # rows of an export that are read together
TYPES = {
    Kind.NEW: RowResult.IMPORT_TYPE_NEW,
    Kind.CHANGED: RowResult.IMPORT_TYPE_UPDATE,
    Kind.SAME: RowResult.IMPORT_TYPE_SKIP,
    Kind.WRONG: RowResult.IMPORT_TYPE_INVALID,
}


class SheetResource(resources.ModelResource):
    """One resource per model; `format` names the columns, or "auto" finds them out."""

    importer: ClassVar[type[Importer]]

    def __init__(
        self,
        *,
        format: str = "auto",
        by: User | None = None,
        country: str = "",
        columns: dict[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.format, self.by, self.country, self.columns = format, by, country, columns

    def import_table(self, table: Table, *, dry_run: bool, keep: int = 0) -> Report:
        """Imports or previews a table that was opened before. Raises FileRefused."""
        mapping = choose(self.importer.formats, table.headers, self.format, self.columns)
        context = Context(by=self.by, now=timezone.now(), writing=not dry_run, country=self.country)
        return run_import(self.importer(mapping, context), table.rows, keep=keep)

    def import_data(
        self,
        dataset: tablib.Dataset,
        dry_run: bool = False,
        raise_errors: bool = False,
        limits: Limits = COMMAND,
        **kwargs: Any,
    ) -> Result:
        """Imports a dataset, all or nothing. `user` says who imports."""
        self.by = kwargs.get("user") or self.by
        result = self.get_result_class()()
        try:
            table = table_of(_numbered(dataset), limits)
            report = self.import_table(table, dry_run=dry_run, keep=limits.rows)
        except FileRefused as error:
            self.handle_import_error(result, error, raise_errors)
            return result
        result.diff_headers, result.total_rows = table.headers, report.rows
        for line in report.lines:
            _add(result, line, table.headers)
        return result

    def filter_export(
        self, queryset: "models.QuerySet[Any]", **kwargs: Any
    ) -> "models.QuerySet[Any]":
        """Joins what the columns need, so that the number of queries does not grow with rows."""
        return queryset.select_related(*self.joined).prefetch_related(*self.fetched)

    def iter_queryset(self, queryset: "models.QuerySet[Any]") -> "Iterator[Any]":
        """All rows by one query and not by pages, each of which would search from the start."""
        yield from queryset.iterator(chunk_size=AT_ONCE)

    joined: ClassVar[tuple[str, ...]] = ()
    fetched: ClassVar[tuple[str, ...]] = ()


def _numbered(dataset: tablib.Dataset) -> Iterator[tuple[int, list[str]]]:
    yield 1, [str(header) for header in dataset.headers or []]
    for number, cells in enumerate(dataset, 2):
        yield number, ["" if cell is None else str(cell) for cell in cells]


def _add(result: Result, line: Line, headers: list[str]) -> None:
    row = RowResult()
    row.import_type = TYPES[line.kind]
    row.object_repr = line.label
    if line.kind is Kind.WRONG:
        by_column: dict[str, list[str]] = {}
        for problem in line.problems:
            by_column.setdefault(problem.column or "row", []).append(problem.sentence)
        row.validation_error = ValidationError(by_column)
        values = dict(zip(headers, line.cells, strict=False))
        result.append_invalid_row(line.number, values, row.validation_error)
    result.increment_row_result_total(row)
    result.append_row_result(row)
