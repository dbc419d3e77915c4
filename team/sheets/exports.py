"""The files that exports are written to: CSV and XLSX whose cells never run as formulas."""

from typing import Any

import tablib
from import_export.formats import base_formats

from team.sheets.formulas import neutral


def _neutral(dataset: tablib.Dataset) -> tablib.Dataset:
    safe = tablib.Dataset(headers=dataset.headers, title=dataset.title)
    for row in dataset:
        safe.append([neutral(cell) if isinstance(cell, str) else cell for cell in row])
    return safe


class SafeCSV(base_formats.CSV):
    """CSV; see `formulas` for what is done to cells and how it is undone."""

    def export_data(self, dataset: tablib.Dataset, **kwargs: Any) -> str:
        return super().export_data(_neutral(dataset), **kwargs)


class SafeXLSX(base_formats.XLSX):
    """An Excel workbook; see `formulas` for what is done to cells and how it is undone."""

    def export_data(self, dataset: tablib.Dataset, **kwargs: Any) -> bytes:
        return super().export_data(_neutral(dataset), **kwargs)
