"""Columns that no format knows: asked for once, remembered, and read so from then on."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.imports.contacts import ContactImporter
from accounts.models import Contact
from team.models import ColumnMatch, Import, User
from team.sheets import runs
from team.sheets.columns import guesses
from tests.accounts.importing import door

pytestmark = pytest.mark.usefixtures("files_elsewhere")
IMPORT = "/admin/accounts/contact/import/"
ODD = "Vorname,Surname,Mail address,Firma\nAnn,Lee,ann@acme.example,Acme\n"
MEANT = {"column-0": "first_name", "column-1": "last_name", "column-2": "email"}


def sent(client: Client, text: str, **more: str) -> Any:
    upload = SimpleUploadedFile("odd.csv", text.encode())
    return client.post(IMPORT, {"import_file": upload, "format": "auto", **more})


def matched(client: Client, page: Any, **meant: str) -> Any:
    return client.post(IMPORT, {"columns_token": page.context["token"], **meant})


def test_unknown_columns_are_asked_for(revops: User) -> None:
    page = sent(door(revops), ODD)
    text = page.content.decode()
    assert "what do its columns mean?" in text and "Such as ann@acme.example" in text
    assert "missing that" in text
    assert "Such as Lee" in text


def test_what_was_matched_is_imported(revops: User) -> None:
    client = door(revops)
    preview = matched(client, sent(client, ODD), **MEANT)
    assert preview.context["report"].summary().startswith("1 new")
    confirm = preview.context["confirm_form"].initial
    client.post(IMPORT.replace("import/", "process_import/"), confirm)
    contact = Contact.objects.get()
    assert (contact.first_name, contact.last_name, contact.email) == (
        "Ann", "Lee", "ann@acme.example",
    )  # fmt: skip
    assert contact.account is None
    assert Import.objects.get().options["columns"] == {
        "Vorname": "first_name", "Surname": "last_name", "Mail address": "email",
    }  # fmt: skip


def test_long_headers_in_another_script_can_be_confirmed(revops: User) -> None:
    surname, mail = "Фамилия " * 20, "Электронная почта " * 10
    client = door(revops)
    page = sent(client, f"{surname},{mail}\nЛи,ann@acme.example\n")
    preview = matched(client, page, **{"column-0": "last_name", "column-1": "email"})
    client.post(
        IMPORT.replace("import/", "process_import/"), preview.context["confirm_form"].initial
    )
    assert Contact.objects.get().last_name == "Ли"


def test_the_next_file_with_the_same_header_is_not_asked_for(revops: User, manager: User) -> None:
    client = door(revops)
    matched(client, sent(client, ODD), **MEANT)
    again = ODD.replace("Mail address", "MAIL_ADDRESS").replace("Ann", "Bo")
    page = sent(client, again)
    assert page.context["report"].summary().startswith("1 new")
    assert f"as {revops} on" in page.content.decode()
    others = sent(door(manager), ODD)
    assert f"as {revops} on" in others.content.decode()
    assert "what do its columns mean?" in sent(client, f"Extra,{ODD}").content.decode()


def test_ones_own_matching_goes_before_that_of_others(revops: User, manager: User) -> None:
    client, other = door(revops), door(manager)
    matched(client, sent(client, ODD), **MEANT)
    matched(other, sent(other, ODD, format="ask"), **{**MEANT, "column-3": "company"})
    assert "company" in sent(other, ODD).context["report"].mapping.places
    assert "company" not in sent(client, ODD).context["report"].mapping.places
    assert ColumnMatch.objects.count() == 2


def test_it_can_be_matched_anew_starting_from_what_is_known(revops: User) -> None:
    client = door(revops)
    matched(client, sent(client, ODD), **MEANT)
    page = sent(client, ODD, format="ask")
    assert page.context["form"]["column-0"].initial == "first_name"
    matched(client, page, **{**MEANT, "column-3": "company"})
    assert ColumnMatch.objects.get().columns["Firma"] == "company"


@pytest.mark.parametrize(
    ("meant", "words"),
    [
        ({}, "Say which column is “Last name” or “Email”."),
        ({"column-0": "first_name"}, "Say which column is"),
        ({"column-0": "email", "column-1": "email"}, "Another column means this already."),
        ({"column-0": "password"}, "password is not one of the available choices"),
    ],
)
def test_a_matching_that_makes_no_sense_is_asked_again(
    revops: User, meant: dict[str, str], words: str
) -> None:
    client = door(revops)
    page = matched(client, sent(client, ODD), **meant)
    assert page.status_code == 200 and words in page.content.decode()
    assert not ColumnMatch.objects.exists()


def test_a_long_file_with_matched_columns_goes_to_the_worker(revops: User) -> None:
    client = door(revops)
    rows = "".join(f"Ann,Lee{n},a{n}@acme.example,Acme\n" for n in range(600))
    done = matched(client, sent(client, ODD + rows), **MEANT)
    assert done.status_code == 302
    runs.work()
    assert "601 new" in client.get(done.headers["Location"]).content.decode()


def test_somebody_elses_file_is_not_matched(revops: User, manager: User) -> None:
    page = sent(door(revops), ODD)
    done = matched(door(manager), page, **MEANT)
    assert done.status_code == 302 and not ColumnMatch.objects.exists()


def test_headers_are_guessed_once_each() -> None:
    headers = ["Email Adress", "Surname", "FirstName", "Job title", "email", "Phone Nr", "zzz"]
    found = guesses(ContactImporter.formats, headers)
    assert found["email"] == "email" and found["FirstName"] == "first_name"
    assert found["Job title"] == "title" and "zzz" not in found
    assert len(set(found.values())) == len(found)


def test_a_sheet_of_ones_own_never_loses_a_column_that_we_call_otherwise(revops: User) -> None:
    """First and last name are read as ours; the employer under another name was left out."""
    client = door(revops)
    text = (
        "First Name,Last Name,Job Title,Email,Company,Website,Country,Shoe size\n"
        "Ann,Lee,Head of Sales,ann@acme.example,Acme,acme.example,Germany,41\n"
    )
    page = sent(client, text)
    shown = page.content.decode()
    assert "what do its columns mean?" in shown
    assert "We call “Job Title”, “Company”, “Website” and “Country” otherwise" in shown
    guessed = {name: field.initial for name, field in page.context["form"].fields.items()}
    assert guessed["column-7"] == ""
    preview = matched(client, page, **guessed)
    client.post(
        IMPORT.replace("import/", "process_import/"), preview.context["confirm_form"].initial
    )
    ann = Contact.objects.get(email="ann@acme.example")
    assert (ann.title, ann.account.domain) == ("Head of Sales", "acme.example")
    assert ann.account.country == "DE"


def test_what_nobody_can_guess_is_named_and_asks_nothing(revops: User) -> None:
    page = sent(door(revops), "first_name,last_name,email,shoe size\nAnn,Lee,ann@acme.example,41\n")
    assert page.context["report"].summary().startswith("1 new")
    assert "“shoe size” is not known" in page.content.decode()
