"""A file that is not what it says is refused with one sentence, before a row is believed."""

import io
import zipfile

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from team.sheets import formulas
from team.sheets.limits import SDR, Limits
from team.sheets.problems import FileRefused
from team.sheets.reading import Table, open_table

LIMITS = Limits(size=1_000_000, rows=50)


def opened(content: bytes, name: str = "list.csv", limits: Limits = LIMITS) -> Table:
    return open_table(io.BytesIO(content), name, limits)


def refused(content: bytes, name: str = "list.csv", limits: Limits = LIMITS) -> str:
    with pytest.raises(FileRefused) as caught:
        list(opened(content, name, limits).rows)
    return str(caught.value)


def workbook(rows: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def repacked(content: bytes, **parts: bytes) -> bytes:
    """The workbook with some parts replaced or added."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        replaced = {name.replace("__", "/"): data for name, data in parts.items()}
        for item in old.namelist():
            if item not in replaced:
                new.writestr(item, old.read(item))
        for name, data in replaced.items():
            new.writestr(name, data)
    return stream.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


def sheet_of(cells: str) -> bytes:
    return (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f"<sheetData>{cells}</sheetData></worksheet>"
    ).encode()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\n\n ,\n", "empty"),
        (b"name,city\n", "no rows below"),
        (b"name,name\na,b\n", "names a column twice: “name”"),
        (b"name,,city\na,b,c\n", "no name for column 2"),
        (b'name\n"open', "Row 2 opens a quote that is never closed"),
        (b'name,b\nx,y\n"a"b,c\n', "Row 3 has a quote inside a cell"),
        (b"name\na\0b\n", "Line 2 contains a character that cannot be stored (NUL)"),
        ("name\nok\nMüller\n".encode("cp1252"), "first wrong byte is 0xFC in line 3"),
        ("name\nMüller\n".encode("utf-16")[:-1], "breaks off in line 2"),
        (b"PK\x03\x04rest", "is an Excel workbook or an archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old", "workbook of an old kind"),
        (b"<html><table>", "web page"),
        (b"x" * 1_000_001, "at most 0 MB"),
        (",".join(f"c{n}" for n in range(61)).encode() + b"\n1\n", "61 columns; at most 60"),
        (b"name\n" + b"a\n" * 51, "more than 50 rows"),
    ],
)
def test_a_spoilt_csv_is_refused_in_a_sentence(content: bytes, words: str) -> None:
    assert words in refused(content)


def test_an_sdr_is_told_who_imports_more_rows() -> None:
    assert "ask a RevOps admin" in refused(b"name\n" + b"a\n" * 501, limits=SDR)


def test_other_endings_are_refused() -> None:
    assert "Only .csv and .xlsx" in refused(b"name\na\n", "list.xls")


@pytest.mark.parametrize(
    "content",
    [
        "name,city\nMüller,Köln\n".encode("utf-8-sig"),
        "name;city\nMüller;Köln\n".encode(),
        "name\tcity\r\nMüller\tKöln\r\n".encode(),
        "name,city\nMüller,Köln\n".encode("utf-16"),
        "sep=;\nname;city\nMüller;Köln\n".encode(),
        "\n\nname,city,,\nMüller,Köln,,\n".encode(),
    ],
)
def test_encodings_and_delimiters_are_found_out(content: bytes) -> None:
    table = opened(content)
    assert table.headers == ["name", "city"]
    assert [row.cells for row in table.rows] == [["Müller", "Köln"]]


def test_a_ragged_row_is_named_and_the_others_are_read() -> None:
    rows = list(opened(b"a,b\n1,2\n1,2,3\n\n1\n5,6\n").rows)
    assert [(row.number, row.problem) for row in rows] == [
        (2, ""),
        (3, "3 cells, expected 2."),
        (5, "1 cells, expected 2."),
        (6, ""),
    ]


def test_a_cell_that_is_too_long_is_named() -> None:
    [row] = opened(b"note\n" + b"x" * 20_001 + b"\n").rows
    assert row.problem == "note has 20,001 characters; at most 20,000 are possible."


def test_a_workbook_reads_like_its_csv() -> None:
    import datetime

    content = workbook(
        [
            ["name", "count", "share", "on", "phone"],
            ["Müller", 1200, 0.5, datetime.date(2026, 3, 2), "0170 1"],
            ["short"],
        ]
    )
    assert [row.cells for row in opened(content, "list.xlsx").rows] == [
        ["Müller", "1200", "0.5", "2026-03-02", "0170 1"],
        ["short", "", "", "", ""],
    ]


def test_a_workbook_that_is_text_truncated_or_empty_is_refused() -> None:
    good = workbook([["name"], ["a"]])
    assert "no Excel workbook" in refused(b"name\na\n", "list.xlsx")
    assert "damaged" in refused(good[: len(good) // 2], "list.xlsx")
    assert "sheet of the workbook is empty" in refused(workbook([]), "list.xlsx")
    assert "no rows below" in refused(workbook([["name"]]), "list.xlsx")


def test_a_protected_workbook_asks_for_the_password_to_go() -> None:
    content = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le")
    assert "protected by a password" in refused(content, "list.xlsx")


def test_macros_outside_links_and_entities_are_refused() -> None:
    good = workbook([["name"], ["a"]])
    assert "macros" in refused(
        repacked(good, xl__vbaProject_bin=b"x").replace(b"_bin", b".bin"), "a.xlsx"
    )
    linked = repacked(good, **{"xl__externalLinks__externalLink1.xml": b"<a/>"})
    assert "other files" in refused(linked, "a.xlsx")
    bomb = b'<!DOCTYPE a [<!ENTITY b "bbbb">]>' + sheet_of('<row r="1"><c r="A1"/></row>')
    assert "entities" in refused(repacked(good, **{SHEET.replace("/", "__"): bomb}), "a.xlsx")


def test_a_far_cell_is_refused_before_the_workbook_is_opened() -> None:
    good = workbook([["name"], ["a"]])
    far = sheet_of('<row r="1"><c r="A1"/></row><row r="1048576"><c r="A1048576"/></row>')
    wide = sheet_of('<row r="1"><c r="XFD1"/></row>')
    for limits in (LIMITS, Limits(size=10**9, rows=10**7)):
        content = repacked(good, **{SHEET.replace("/", "__"): far})
        assert "row 1,048,576" in refused(content, "a.xlsx", limits)
    content = repacked(good, **{SHEET.replace("/", "__"): wide})
    assert "column 16,384" in refused(content, "a.xlsx")


def test_a_zip_bomb_is_refused_by_its_directory() -> None:
    good = workbook([["name"], ["a"]])
    bomb = repacked(good, **{SHEET.replace("/", "__"): b" " * 60_000_000})
    assert len(bomb) < 100_000
    assert "unpacks to 57 MB" in refused(bomb, "a.xlsx")


def test_too_many_parts_are_refused() -> None:
    good = workbook([["name"], ["a"]])
    content = repacked(good, **{f"xl__junk{number}": b"" for number in range(200)})
    assert "at most 200" in refused(content, "a.xlsx")


@given(st.text(alphabet="'=+-@\t\r\n＝＋－＠aé9 ", max_size=12))
def test_neutral_cells_can_be_undone(text: str) -> None:
    assert formulas.original(formulas.neutral(text)) == text
    assert not formulas.neutral(text).startswith(tuple("=+-@\t\r\n＝＋－＠"))


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["a.csv", "a.xlsx"]))
def test_any_bytes_give_rows_or_one_sentence(content: bytes, name: str) -> None:
    try:
        list(opened(content, name).rows)
    except FileRefused as error:
        assert str(error).endswith((".", "?"))
