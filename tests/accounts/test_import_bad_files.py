"""Every kind of bad file at the door of contacts: a sentence that says what to do, never an error.

Each goes up as a person would send it, to the page, and nothing of it may come in.
"""

import io
import zipfile
from collections.abc import Callable
from datetime import date
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import Account, Contact
from team.models import Import, User
from team.sheets import runs
from tests.accounts.importing import door
from tests.accounts.test_import_files import SHEET, repacked, sheet_of, workbook
from tests.factories import make_account, make_contact

pytestmark = pytest.mark.usefixtures("files_elsewhere")
IMPORT = "/admin/accounts/contact/import/"
HEADER = "last_name,email,phone\n"
GOOD = [["last_name", "email"], ["Lee", "lee@x.example"]]


def sent(user: User, content: bytes | str, name: str = "list.csv", **more: str) -> Any:
    raw = content.encode() if isinstance(content, str) else content
    data = {"import_file": SimpleUploadedFile(name, raw), "format": "auto", **more}
    page = door(user).post(IMPORT, data)
    assert page.status_code == 200
    assert not Contact.objects.exists() or Contact.objects.filter(source="kept").exists()
    return page


def sheet(part: str, content: bytes) -> bytes:
    return repacked(workbook(GOOD), **{part.replace("/", "__"): content})


def stretched() -> bytes:
    far = '<row r="1"><c r="A1"/></row><row r="1048576"><c r="A1048576"/></row>'
    return sheet(SHEET, sheet_of(far))


def laughing() -> bytes:
    entities = b'<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    return sheet(SHEET, entities + sheet_of('<row r="1"><c r="A1"/></row>'))


def with_macros() -> bytes:
    stream = io.BytesIO(workbook(GOOD))
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"x")
    return stream.getvalue()


def many_parts() -> bytes:
    return repacked(workbook(GOOD), **{f"xl__junk{number}": b"" for number in range(200)})


def no_sheet() -> bytes:
    book = (
        b'<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        b"<sheets/></workbook>"
    )
    return sheet("xl/workbook.xml", book)


OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
FILES: list[tuple[str, str, bytes | str | Callable[[], bytes], str]] = [
    # The file as a whole: quality 76, 78, 81
    ("empty", "a.csv", "", "The file is empty."),
    ("only blanks", "a.csv", "\n ,\n\n", "The file is empty."),
    ("header only", "a.csv", HEADER, "no rows below it"),
    ("latin-1", "a.csv", f"{HEADER}Müller,m@x.example,\n".encode("latin-1"), "0xFC in line 2"),
    ("cp1252", "a.csv", f"{HEADER}“Lee”,m@x.example,\n".encode("cp1252"), "0x93 in line 2"),
    ("half of UTF-16", "a.csv", f"{HEADER}Lee,,\n".encode("utf-16")[:-1], "breaks off in line 2"),
    ("NUL", "a.csv", f"{HEADER}L\0ee,,\n", "Line 2 contains a character that cannot be stored"),
    ("header twice", "a.csv", "email,last_name,Email\n1,2,3\n", "names a column twice: “Email”"),
    ("nameless header", "a.csv", "last_name,,email\n1,2,3\n", "no name for column 2"),
    (
        "too many columns",
        "a.csv",
        ",".join(map(str, range(61))) + "\n1\n",
        "61 columns; at most 60",
    ),
    ("web page", "a.csv", "<html><table></table>", "This is a web page"),
    # Quotes: quality 80
    ("open quote", "a.csv", f'{HEADER}"Lee,lee@x.example,\n', "opens a quote that is never closed"),
    ("stray quote", "a.csv", f'{HEADER}"Le"e,l@x.example,\n', "a quote inside a cell"),
    # What the name says and what it is: quality 82
    ("other ending", "a.xls", "x", "Only .csv and .xlsx"),
    ("macro ending", "a.xlsm", "x", "Only .csv and .xlsx"),
    ("no ending", "contacts", "x", "Only .csv and .xlsx"),
    ("text as workbook", "a.xlsx", f"{HEADER}Lee,,\n", "is no Excel workbook"),
    ("workbook as text", "a.csv", workbook(GOOD), "is an Excel workbook or an archive"),
    ("truncated", "a.xlsx", workbook(GOOD)[:900], "damaged or incomplete"),
    ("old workbook", "a.xlsx", OLD_EXCEL + b" book", "of an old kind (.xls)"),
    ("password", "a.xlsx", OLD_EXCEL + "EncryptedPackage".encode("utf-16-le"), "by a password"),
    ("other archive", "a.xlsx", b"PK\x05\x06" + b"\0" * 18, "is no Excel workbook"),
    ("no sheet", "a.xlsx", no_sheet, "has no sheet"),
    ("empty sheet", "a.xlsx", workbook([]), "first sheet of the workbook is empty"),
    # What workbooks hide: quality 83, 84
    ("macros", "a.xlsx", with_macros, "contains macros"),
    (
        "links",
        "a.xlsx",
        lambda: sheet("xl/externalLinks/externalLink1.xml", b"<a/>"),
        "takes values from other files",
    ),
    ("entities", "a.xlsx", laughing, "XML entities"),
    ("far cell", "a.xlsx", stretched, "goes down to row 1,048,576"),
    ("wide", "a.xlsx", lambda: sheet(SHEET, sheet_of('<row r="1"><c r="XFD1"/></row>')), "16,384"),
    ("bomb", "a.xlsx", lambda: sheet(SHEET, b" " * 60_000_000), "unpacks to 57 MB"),
    ("many parts", "a.xlsx", many_parts, "parts; at most 200"),
]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [pytest.param(name, content, words, id=kind) for kind, name, content, words in FILES],
)
def test_a_bad_file_gets_its_sentence(revops: User, name: str, content: Any, words: str) -> None:
    page = sent(revops, content() if callable(content) else content, name)
    assert words in str(page.context["form"].errors["import_file"][0])
    assert not Import.objects.exists()


@pytest.mark.parametrize("header", ["last_name,phone", "x,y"])
def test_missing_headers_are_named_and_asked_for(revops: User, header: str) -> None:
    page = sent(revops, f"{header}\nLee,1\n")
    text = page.content.decode()
    assert "what do its columns mean?" in text and "missing that" in text and "“email”" in text


ROWS = [
    ("too few cells", "Lee,lee@x.example\n", "2 cells, expected 3."),
    ("too many cells", "Lee,lee@x.example,1,2\n", "4 cells, expected 3."),
    ("long cell", f"{'x' * 20_001},l@x.example,\n", "has 20,001 characters; at most"),
    ("very long cell", f"{'x' * 200_000},l@x.example,\n", "has 200,000 characters"),
    ("long name", f"{'x' * 61},l@x.example,\n", "at most 60 characters"),
    ("no address", "Lee,not-an-email,\n", "“not-an-email” is not a valid e-mail address."),
    ("no number", "Lee,l@x.example,abc\n", "“abc” is not a phone number."),
    ("spoilt number", "Lee,l@x.example,1E+05\n", "spreadsheet turned it into “1E+05”"),
    ("local number", "Lee,l@x.example,0170 1234567\n", "has no country code"),
    ("failed formula", "#REF!,l@x.example,\n", "formula here has failed (#REF!)"),
    ("nobody", ",,+493090182010\n", "Enter the contact’s name."),
    ("key twice", "Lee,l@x.example,\nRay,L@x.example,\n", "same e-mail as in row 2."),
    ("bell", "L\x07ee,l@x.example,\n", "last_name"),
]


@pytest.mark.parametrize(
    ("rows", "words"), [pytest.param(rows, words, id=kind) for kind, rows, words in ROWS]
)
def test_a_bad_row_is_named_by_row_and_column(revops: User, rows: str, words: str) -> None:
    page = sent(revops, HEADER + rows)
    text = page.content.decode()
    assert "was not imported" in text and words in text
    assert "Confirm import" not in text
    assert page.context["told"]["problems"][0][0] == rows.count("\n") + 1


@pytest.mark.parametrize(
    ("header", "row", "words"),
    [
        ("left_on", "01/02/03", "is not a date written as 2026-03-31"),
        ("left_on", "46023", "is not a date written as 2026-03-31"),
        ("left_on", "9999-12-31", "“9999-12-31” is not a date between 2000 and 2099."),
        ("left_on", "0001-01-01", "“0001-01-01” is not a date between 2000 and 2099."),
        ("role", "emperor", "is not one of:"),
        ("id", "999999", "no contact with the number 999999."),
        ("id", "../../etc/passwd", "is not one of our numbers."),
        ("account_country", "Atlantis", "Atlantis"),
        ("account_domain", "gmail.com", "mail provider"),
        ("external_id", "1.2E+15", "spreadsheet turned it into"),
    ],
)
def test_a_bad_value_is_named(revops: User, header: str, row: str, words: str) -> None:
    page = sent(revops, f"last_name,email,{header}\nLee,l@x.example,{row}\n")
    assert words in page.content.decode().replace("&#x27;", "'")
    assert [problem[:2] for problem in page.context["told"]["problems"]] == [[2, header]]


@pytest.mark.parametrize(
    "content",
    [
        f"{HEADER}Müller,m@x.example,\n".encode("utf-8-sig"),
        f"{HEADER}Müller,m@x.example,\n".encode("utf-16"),
        f"{HEADER}Müller,m@x.example,\n".replace(",", ";").encode(),
        f"{HEADER}Müller,m@x.example,\n".replace(",", "\t").encode(),
        f"sep=|\n{HEADER}Müller,m@x.example,\n".replace(",", "|").encode(),
        f"\n\n{HEADER}Müller,m@x.example,\n\n".replace("\n", "\r\n").encode(),
    ],
)
def test_what_other_programs_write_is_found_out(revops: User, content: bytes) -> None:
    page = sent(revops, content)
    assert page.context["report"].summary().startswith("1 new")
    assert "Müller" in page.content.decode()


@pytest.mark.parametrize("encoding", ["cp1252", "mac-roman"])
def test_an_older_encoding_is_asked_for(revops: User, encoding: str) -> None:
    content = f"{HEADER}Müller,m@x.example,\n".encode(encoding)
    page = sent(revops, content)
    assert "say in which encoding" in str(page.context["form"].errors)
    page = sent(revops, content, encoding=encoding)
    assert "Müller" in page.content.decode()
    client = door(revops)
    data = {"import_file": SimpleUploadedFile("a.csv", content), "encoding": encoding}
    confirm = client.post(IMPORT, {**data, "format": "auto"}).context["confirm_form"].initial
    client.post(IMPORT.replace("import/", "process_import/"), confirm)
    assert Contact.objects.get().last_name == "Müller"


def test_a_wrong_encoding_is_named(revops: User) -> None:
    page = sent(revops, f"{HEADER}Lee\x81,,\n".encode("latin-1"), encoding="cp1252")
    words = "not Western European (Windows): line 2 has the byte 0x81"
    assert words in str(page.context["form"].errors)


def test_dates_numbers_and_formulas_of_a_workbook_are_read_as_they_look(revops: User) -> None:
    book = openpyxl.Workbook()
    book.active.append(["last_name", "email", "phone", "left_on", "external_id"])
    book.active.append(["Lee", "lee@x.example", "0049 170 1234567", date(2026, 1, 31), "00042"])
    book.active.append(["=1+1", "ray@x.example", "", None, 12])
    stream = io.BytesIO()
    book.save(stream)
    page = sent(revops, stream.getvalue(), "a.xlsx")
    [lee, ray] = page.context["report"].lines
    assert lee.kind == "new" and lee.cells[3:] == ["2026-01-31", "00042"]
    assert ray.cells[0] == "" and ray.cells[4] == "12"


def test_rows_of_another_team_are_refused_without_a_name(
    sdr: User, other_sdr: User, revops: User
) -> None:
    theirs = make_contact(
        make_account(name="Theirs", domain="theirs.example", sdr=other_sdr),
        last_name="Secretly", email="s@theirs.example", source="kept",
    )  # fmt: skip
    page = sent(sdr, f"id,last_name,email\n{theirs.pk},Lee,l@x.example\n")
    text = page.content.decode()
    assert "somebody else’s desk" in text and "Secretly" not in text


def test_an_owner_who_is_gone_is_noted_and_left_out(revops: User, other_ae: User) -> None:
    User.objects.filter(pk=other_ae.pk).update(is_active=False)
    header = "Record ID,First Name,Last Name,Email,Associated Company,Contact owner\n"
    page = sent(revops, f"{header}1,Ann,Lee,a@x.example,Fresh,{other_ae.email}\n")
    assert "nobody here is called" in page.content.decode()


def test_a_million_rows_are_refused_by_their_size(revops: User, manager: User) -> None:
    million = HEADER.encode() + b"Lee,,+493090182010\n" * 1_400_000
    page = sent(revops, million)
    assert "at most 25 MB" in str(page.context["form"].errors)
    page = sent(manager, million[: 6 * 1024 * 1024])
    assert "at most 5 MB" in str(page.context["form"].errors)


def test_a_bad_file_that_is_long_gets_its_sentence_from_the_worker(revops: User) -> None:
    rows = "".join(f"Lee{n},l{n}@x.example,\n" for n in range(600))
    data = {"import_file": SimpleUploadedFile("a.csv", f"{HEADER}{rows}x,y\n".encode())}
    done = door(revops).post(IMPORT, {**data, "format": "auto"})
    runs.work()
    page = door(revops).get(done.headers["Location"])
    assert "2 cells, expected 3." in page.content.decode() and ">602<" in page.content.decode()
    assert not Contact.objects.exists() and not Account.objects.exists()


@pytest.mark.parametrize("name", ["../../etc/passwd.csv", "a'b;.csv", "😀.csv", "x" * 300 + ".csv"])
def test_a_strange_file_name_is_only_a_name(revops: User, name: str, tmp_path: Any) -> None:
    page = sent(revops, f"{HEADER}Lee,l@x.example,\n", name)
    assert page.context["report"].summary().startswith("1 new")
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path.parent.name for path in kept] == ["imports"]
    assert kept[0].suffix == ".csv" and "passwd" not in kept[0].name
