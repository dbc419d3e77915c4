"""CSV files: encoding, delimiter and quotes are found out and checked before a row is believed."""

import codecs
import csv
import io
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO

from team.sheets.limits import Limits
from team.sheets.problems import FileRefused

CHUNK = 64 * 1024
DELIMITERS = ",;\t|"
# What older programs write, to be named by whoever knows: a guess would change people's names
ENCODINGS = {
    "cp1252": "Western European (Windows)",
    "cp1250": "Central European (Windows)",
    "cp1251": "Cyrillic (Windows)",
    "cp1253": "Greek (Windows)",
    "cp1254": "Turkish (Windows)",
    "mac-roman": "Western European (Mac)",
    "shift-jis": "Japanese (Shift JIS)",
    "gb18030": "Chinese (GB 18030)",
    "euc-kr": "Korean (EUC-KR)",
}


def rows_of(
    stream: BinaryIO, limits: Limits, encoding: str = ""
) -> Iterator[tuple[int, list[str]]]:
    """Row number and cells of each row, the header first. Raises FileRefused.

    `encoding` is one of ENCODINGS; without one it is UTF-8 or UTF-16.
    """
    encoding = encoding or _encoding(stream)
    _check_bytes(stream, encoding)
    stream.seek(0)
    text = io.TextIOWrapper(stream, encoding=encoding, newline="")
    try:
        yield from _rows(text, limits)
    finally:
        if not stream.closed:
            text.detach()


def _rows(text: io.TextIOWrapper, limits: Limits) -> Iterator[tuple[int, list[str]]]:
    line = text.readline(CHUNK * 4)
    number = 1
    if line.lower().startswith("sep=") and len(line.strip()) == 5:
        delimiter, number = line.strip()[4], 2
        start = ""
    else:
        if line.lstrip().startswith("<"):
            raise FileRefused(
                "This is a web page, not a table: export the list as CSV, or save it as .xlsx."
            )
        delimiter, start = _delimiter(line), line
    # A cell over our own limit is reported by row; the reader's limit only guards memory.
    csv.field_size_limit(limits.cell * 100)
    # Not `yield from text`: that would close the file when the reading ends early.
    reader = csv.reader(chain([start] if start else [], text), delimiter=delimiter, strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise FileRefused(_sentence(error, number)) from None
        yield number, cells
        number += 1


def _sentence(error: csv.Error, number: int) -> str:
    words = str(error)
    if "unexpected end of data" in words:
        return f"Row {number} opens a quote that is never closed: close it and try again."
    if "field larger" in words:
        return f"Row {number} has a cell without end: is a quote missing there?"
    return (
        f"Row {number} has a quote inside a cell that is not doubled: write it twice, or save the "
        "table again as CSV UTF-8."
    )


def _encoding(stream: BinaryIO) -> str:
    start = stream.read(4)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return "utf-8-sig"


def _check_bytes(stream: BinaryIO, encoding: str) -> None:
    """Decodes the whole file once, in pieces, so that a wrong byte is named with its line.

    Other encodings are not guessed: a wrong guess changes people's names without a word.
    """
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    stream.seek(0)
    line = 1
    while True:
        chunk = stream.read(CHUNK)
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            line += error.object[: error.start].count(b"\n")
            if encoding in ENCODINGS:
                raise FileRefused(
                    f"The file is not {ENCODINGS[encoding]}: line {line} has the byte "
                    f"0x{error.object[error.start]:02X}, which that does not have. Choose another."
                ) from None
            if encoding == "utf-16":
                raise FileRefused(
                    f"The file breaks off in line {line}: save it as “CSV UTF-8” and try again."
                ) from None
            raise FileRefused(
                f"The file is not UTF-8: the first wrong byte is 0x{error.object[error.start]:02X} "
                f"in line {line}. Save it as “CSV UTF-8” and try again, or say in which encoding "
                "it was written."
            ) from None
        if "\0" in text:
            line += text[: text.index("\0")].count("\n")
            raise FileRefused(
                f"Line {line} contains a character that cannot be stored (NUL): save the table "
                "again as “CSV UTF-8” and try again."
            )
        line += text.count("\n")
        if not chunk:
            return


def _delimiter(header: str) -> str:
    """The delimiter that occurs most often in the header outside quotes; a comma if none does."""
    counts = dict.fromkeys(DELIMITERS, 0)
    quoted = False
    for character in header:
        if character == '"':
            quoted = not quoted
        elif not quoted and character in counts:
            counts[character] += 1
    return max(DELIMITERS, key=lambda delimiter: counts[delimiter])
