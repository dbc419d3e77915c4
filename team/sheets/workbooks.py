"""XLSX files: sizes, parts and cell addresses are checked before a workbook is opened."""

import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import IO, BinaryIO

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from team.sheets.limits import ENTRIES, MEGABYTE, RATIO, UNPACKED, Limits, too_many_rows
from team.sheets.problems import FileRefused

CHUNK = 256 * 1024
BROKEN = "The workbook is damaged or incomplete: open it, save it again as .xlsx and try again."
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
OFFICE = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_ROW = re.compile(rb"<(?:\w+:)?row[\s>/]")
_ROW_NUMBER = re.compile(rb"<(?:\w+:)?row\s[^>]*?\br=\"(\d{1,10})\"")
_CELL = re.compile(rb"<(?:\w+:)?c\s[^>]*?\br=\"([A-Z]{1,4})(\d{1,10})\"")
_ANY_CELL = re.compile(rb"<(?:\w+:)?c[\s>/]")


def rows_of(stream: BinaryIO, size: int, limits: Limits) -> Iterator[tuple[int, list[str]]]:
    """Row number and cells of each row of the first sheet. Raises FileRefused."""
    try:
        with zipfile.ZipFile(stream) as archive:
            _check_parts(archive, size)
            path = _first_sheet(archive)
            _check_addresses(archive, path, limits)
    except FileRefused:
        raise
    except DefusedXmlException:
        raise FileRefused(
            "The workbook contains XML entities, which spreadsheets never need: it is not opened."
        ) from None
    except (
        zipfile.BadZipFile,
        ElementTree.ParseError,
        KeyError,
        zlib.error,
        EOFError,
        OSError,
        NotImplementedError,
        RuntimeError,
        ValueError,
    ):
        raise FileRefused(BROKEN) from None
    stream.seek(0)
    yield from _cells(stream)


def _check_parts(archive: zipfile.ZipFile, size: int) -> None:
    parts = archive.infolist()
    if len(parts) > ENTRIES:
        raise FileRefused(
            f"The workbook has {len(parts):,} parts; at most {ENTRIES} are opened. Save only the "
            "sheet you need."
        )
    unpacked = sum(part.file_size for part in parts)
    if unpacked > UNPACKED or unpacked > RATIO * max(size, 1):
        raise FileRefused(
            f"The workbook unpacks to {unpacked / MEGABYTE:,.0f} MB from {size / MEGABYTE:.1f} MB, "
            "which is too much: save only the sheet you need, or use CSV."
        )
    names = {part.filename for part in parts}
    if any(part.flag_bits & 1 for part in parts):
        raise FileRefused(
            "The workbook is protected by a password: remove the password and save it again."
        )
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise FileRefused("The workbook contains macros: save it as a plain .xlsx.")
    if any(name.lower().startswith("xl/externallinks/") for name in names):
        raise FileRefused(
            "The workbook takes values from other files: paste them as values and save it again."
        )
    if "xl/workbook.xml" not in names:
        raise FileRefused(
            "The file is called .xlsx but is no Excel workbook: save it as .xlsx or as CSV UTF-8."
        )


def _first_sheet(archive: zipfile.ZipFile) -> str:
    workbook = ElementTree.fromstring(archive.read("xl/workbook.xml"), forbid_dtd=True)
    sheets = workbook.findall(f"{MAIN}sheets/{MAIN}sheet")
    if not sheets:
        raise FileRefused("The workbook has no sheet.")
    wanted = sheets[0].get(f"{OFFICE}id")
    links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"), forbid_dtd=True)
    for link in links:
        if link.get("Id") == wanted:
            target = link.get("Target", "")
            path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            archive.getinfo(path)
            return path
    raise FileRefused("The workbook has no sheet.")


def _check_addresses(archive: zipfile.ZipFile, path: str, limits: Limits) -> None:
    """Refuses far cells and too many rows: one cell in row 1,048,576 fills a million rows."""
    rows = cells = deepest = 0
    tail = b""
    with archive.open(path) as sheet:
        for chunk in _chunks(sheet):
            text = tail + chunk
            # Only whole tags are counted; the last one that is still open waits.
            cut = text.rfind(b">") + 1
            text, tail = text[:cut], text[cut:]
            if len(tail) > CHUNK * 4:
                raise FileRefused(BROKEN)
            if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
                raise FileRefused(
                    "The workbook contains XML entities, which spreadsheets never need: it is not "
                    "opened."
                )
            rows += len(_ROW.findall(text))
            cells += len(_ANY_CELL.findall(text))
            last_row = max((int(number) for number in _ROW_NUMBER.findall(text)), default=0)
            last_column = 0
            for letters, number in set(_CELL.findall(text)):
                last_row = max(last_row, int(number))
                last_column = max(last_column, _column(letters))
            deepest = max(deepest, last_row)
            # A sheet may keep some blank rows between the rows that count.
            if last_row > 4 * limits.rows + 1000:
                raise FileRefused(_too_deep(last_row))
            if last_column > 4 * limits.columns:
                raise FileRefused(
                    f"The sheet goes right to column {last_column:,}. Delete what is far beside "
                    f"the table; at most {limits.columns} columns can be imported."
                )
            if rows > 4 * limits.rows + 1000 or cells > (limits.rows + 1000) * limits.columns:
                raise FileRefused(too_many_rows(limits))
    if deepest > 20 * rows + 1000:
        raise FileRefused(_too_deep(deepest))
    if cells == 0:
        raise FileRefused("The first sheet of the workbook is empty.")


def _too_deep(row: int) -> str:
    return f"The sheet goes down to row {row:,}: delete what stands far below the table."


def _chunks(part: IO[bytes]) -> Iterator[bytes]:
    while chunk := part.read(CHUNK):
        yield chunk


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _cells(stream: BinaryIO) -> Iterator[tuple[int, list[str]]]:
    from openpyxl import load_workbook  # half a second that only a workbook needs

    try:
        book = load_workbook(stream, read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        width = 0
        for number, values in enumerate(sheet.iter_rows(values_only=True), 1):
            cells = [_text(value) for value in values]
            if not width and any(cells):
                width = len(cells)
            # Blank cells at the end of a row are not stored, so a short row is whole.
            yield number, cells + [""] * (width - len(cells))
    except (
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        TypeError,
        IndexError,
        AttributeError,
        SyntaxError,
        EOFError,
        OSError,
        zlib.error,
    ):
        raise FileRefused(BROKEN) from None


def _text(value: object) -> str:
    """A cell as somebody would have typed it; dates the ISO way, whole numbers without “.0”."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)
