"""Import and export through the admin: preview, confirm, limits, rights."""

from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import time_machine
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import DjangoAssertNumQueries

from accounts.models import Account, Contact
from team.models import Territory, User
from tests.accounts.importing import door
from tests.factories import make_account, make_contact

pytestmark = pytest.mark.usefixtures("files_elsewhere")
DATA = Path(__file__).parent.parent / "data" / "imports"
IMPORT = "/admin/accounts/account/import/"
CONFIRM = "/admin/accounts/account/process_import/"
CONTACTS = "/admin/accounts/contact/import/"


def upload(text: str | bytes, name: str = "list.csv") -> dict[str, Any]:
    content = text.encode() if isinstance(text, str) else text
    return {"import_file": SimpleUploadedFile(name, content), "format": "auto"}


def said(response: Any) -> str:
    return " ".join(str(message) for message in response.context["messages"])


def test_upload_preview_confirm(revops: User) -> None:
    client = door(revops)
    content = (DATA / "maven_accounts.csv").read_bytes()

    preview = client.post(IMPORT, upload(content, "accounts.csv"))

    assert preview.status_code == 200
    assert "accounts.csv can be imported" in preview.content.decode()
    assert "7 new, 0 changed" in preview.content.decode()
    assert not Account.objects.exists()

    done = client.post(CONFIRM, preview.context["confirm_form"].initial, follow=True)

    assert "Imported: 7 new" in said(done)
    assert Account.objects.count() == 7
    assert default_storage.listdir("imports")[1] == []


def test_a_preview_shows_what_matched_and_what_would_change(revops: User) -> None:
    make_account(name="Acme", domain="acme.example", city="Ulm")
    page = door(revops).post(IMPORT, upload("name,domain,city\nAcme,acme.example,Bonn\n"))
    text = page.content.decode()
    assert "same domain" in text and "Ulm → Bonn" in text


def test_wrong_rows_are_listed_and_cannot_be_confirmed(revops: User) -> None:
    page = door(revops).post(CONTACTS, upload((DATA / "bad_contacts.csv").read_bytes()))
    text = page.content.decode()
    assert "list.csv was not imported" in text
    assert "“abc” is not a phone number." in text
    assert "Confirm import" not in text
    assert not Contact.objects.exists()


def test_a_country_is_asked_for_local_numbers(revops: User) -> None:
    data = upload("last_name,email,phone\nLocal,l@x.example,0170 1234567\n") | {"country": "DE"}
    page = door(revops).post(CONTACTS, data)
    assert page.context["report"].summary().startswith("1 new")


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "a.csv", "The file is empty."),
        (b"a\0b", "a.csv", "NUL"),
        ("name\nMüller".encode("cp1252"), "a.csv", "first wrong byte"),
        (b"name\n", "a.csv", "no rows below it"),
        (b"text", "a.xlsx", "no Excel workbook"),
        (b"MZ", "a.exe", "Only .csv and .xlsx"),
        (b"PK\x03\x04", "a.xlsx", "damaged"),
    ],
)
def test_a_spoilt_file_gets_a_sentence_at_its_field(
    revops: User, content: bytes, name: str, words: str
) -> None:
    page = door(revops).post(IMPORT, upload(content, name))
    assert page.status_code == 200
    assert words in str(page.context["form"].errors["import_file"])


def test_no_file_and_an_unknown_format_are_named(revops: User) -> None:
    client = door(revops)
    assert "Choose a file." in client.post(IMPORT, {"format": "auto"}).content.decode()
    page = client.post(IMPORT, upload("name\na\n") | {"format": "nonsense"})
    assert page.context["form"].errors["format"]


def test_the_first_two_hundred_rows_are_shown(revops: User) -> None:
    rows = "".join(f"Company {number}\n" for number in range(201))
    page = door(revops).post(IMPORT, upload(f"name\n{rows}"))
    assert page.content.decode().count(">New</span>") == 200
    assert "The first 200 of 201 rows are shown." in page.content.decode()


def test_sdrs_bring_five_hundred_rows_and_managers_more(sdr: User, manager: User) -> None:
    rows = "".join(f"Company {number}\n" for number in range(501))
    refused = door(sdr).post(IMPORT, upload(f"name\n{rows}"))
    assert "more than 500 rows" in str(refused.context["form"].errors)
    assert door(manager).post(IMPORT, upload(f"name\n{rows}")).status_code == 302


def test_aes_and_people_without_a_role_do_not_import(ae: User) -> None:
    assert door(ae).get(IMPORT).status_code == 403
    assert door(ae).post(CONFIRM, {}).status_code == 403


def test_another_person_cannot_confirm_a_preview(revops: User, manager: User) -> None:
    preview = door(revops).post(IMPORT, upload("name\nAcme\n"))
    done = door(manager).post(CONFIRM, preview.context["confirm_form"].initial, follow=True)
    assert "is not yours" in said(done)
    assert not Account.objects.exists()


@pytest.mark.parametrize("token", ["", "../../etc/passwd", "x" * 3000, "a:b:c"])
def test_a_confirmation_without_a_preview_reads_no_file(revops: User, token: str) -> None:
    done = door(revops).post(CONFIRM, {"import_file_name": token}, follow=True)
    assert "upload the file again" in said(done)


def test_a_preview_is_good_for_an_hour(
    revops: User, clock: time_machine.Traveller, calendar: object
) -> None:
    client = door(revops)
    preview = client.post(IMPORT, upload("name\nAcme\n"))
    clock.shift(timedelta(minutes=61))
    done = client.post(CONFIRM, preview.context["confirm_form"].initial, follow=True)
    assert "more than an hour old" in said(done)


def test_what_happened_since_the_preview_is_seen(revops: User, sdr: User) -> None:
    client = door(revops)
    preview = client.post(IMPORT, upload("name,domain\nAcme,acme.example\nAcme Two,b.example\n"))
    make_account(name="One", domain="b.example", external_id="1")
    done = client.post(CONFIRM, preview.context["confirm_form"].initial, follow=True)
    assert "1 new, 1 changed" in said(done)


def test_get_does_not_confirm(revops: User) -> None:
    assert door(revops).get(CONFIRM).status_code == 405


def test_an_export_holds_what_the_person_sees(
    ae: User, account: Account, south: Territory, other_ae: User
) -> None:
    make_account(name="Hidden Ltd", domain="hidden.example", territory=south, owner=other_ae)
    page = door(ae).post("/admin/accounts/account/export/", {"format": "0", "resource": "0"})
    text = page.content.decode("utf-8-sig")
    assert page.headers["Content-Disposition"] == 'attachment; filename="accounts-2026-03-02.csv"'
    assert "Acme Robotics" in text and "Hidden" not in text


def test_an_export_asks_the_same_for_any_number_of_rows(
    revops: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client, path = door(revops), "/admin/accounts/contact/export/"
    counts = []
    for number in (1, 149):
        company = make_account(name=f"Company {number}", domain=f"of{number}.example")
        for each in range(number):
            make_contact(company, last_name=f"Number{each}")
        with django_assert_max_num_queries(40) as asked:
            page = client.post(path, {"format": "0", "resource": "0"})
        counts.append(len(asked.captured_queries))
    assert page.content.decode("utf-8-sig").count("Number") >= 150
    assert counts[0] == counts[1]


def test_a_workbook_runs_no_formula(revops: User) -> None:
    make_contact(None, last_name='=HYPERLINK("http://x")', phone="+493090182010")
    page = door(revops).post("/admin/accounts/contact/export/", {"format": "1", "resource": "0"})
    sheet = openpyxl.load_workbook(BytesIO(page.content)).active
    cells = {str(cell.value): cell.data_type for row in sheet.iter_rows() for cell in row}
    assert cells['\'=HYPERLINK("http://x")'] == "s"
    assert cells["'+493090182010"] == "s"
    assert "f" not in cells.values()


def test_an_export_beyond_the_limit_asks_for_a_filter(sdr: User) -> None:
    Account.objects.bulk_create([Account(name=f"Company {n}", sdr=sdr) for n in range(501)])
    page = door(sdr).post(
        "/admin/accounts/account/export/", {"format": "0", "resource": "0"}, follow=True
    )
    assert "At most 500 rows" in said(page)


def test_the_list_offers_import_only_to_those_who_may(sdr: User, ae: User) -> None:
    url = "/admin/accounts/account/"
    assert "account/import/" in door(sdr).get(url).content.decode()
    assert "account/import/" not in door(ae).get(url).content.decode()
