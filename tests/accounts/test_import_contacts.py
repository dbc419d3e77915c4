"""Contacts from files: mapped, matched, their companies found or created, changes written down."""

from io import StringIO
from pathlib import Path

import pytest
import tablib
from django.core.management import CommandError, call_command

from accounts.imports.parsing import phone
from accounts.imports.resources import ContactResource
from accounts.models import Account, Contact, ContactChange
from handoffs.models import Handoff, HandoffEvent
from team.models import Territory, User
from team.sheets.exports import SafeCSV
from team.sheets.problems import Unreadable
from tests.factories import complete_package, make_account, make_contact

DATA = Path(__file__).parent.parent / "data" / "imports"
HUBSPOT = (
    "Record ID,First Name,Last Name,Email,Phone Number,Job Title,Associated Company,"
    "Lifecycle Stage,Lead Status,Contact owner,Create Date\n"
)


def run(file: Path, *options: str) -> str:
    out = StringIO()
    call_command("import_contacts", str(file), *options, stdout=out)
    return out.getvalue()


def wrong(file: Path) -> str:
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("import_contacts", str(file), stdout=out)
    return out.getvalue()


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "contacts.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_hubspot_export_comes_in_as_it_is(sdr: User) -> None:
    acme = make_account(name="Acme Corporation", domain="")
    output = run(DATA / "hubspot_contacts.csv")

    assert "Format: HubSpot" in output
    assert "Read but not kept: Lifecycle Stage, Lead Status, Create Date." in output
    assert "“Nordlicht AB” is new and comes in as an account." in output
    assert "nobody here is called “Nobody Known”" in output
    assert "6 new, 0 changed, 0 the same, 0 wrong" in output
    dana = Contact.objects.get(email="dana.reed@acme.com")
    assert (dana.account, dana.hubspot_id, dana.title) == (acme, "101", "VP Sales")
    assert dana.phone.as_e164 == "+14155550132"
    acme.refresh_from_db()
    assert acme.sdr == sdr


def test_an_extension_is_kept_apart_from_the_number(db: None) -> None:
    make_account(name="Acme Corporation", domain="", country="US")
    run(DATA / "hubspot_contacts.csv")
    luis = Contact.objects.get(hubspot_id="102")
    assert (luis.phone.as_e164, luis.phone_extension) == ("+14155550150", "12")


def test_two_people_at_a_new_company_share_one_account(db: None) -> None:
    make_account(name="Acme Corporation", domain="", country="US")
    run(DATA / "hubspot_contacts.csv")
    nordlicht = Account.objects.get(name="Nordlicht AB")
    assert nordlicht.contacts.count() == 2
    assert (nordlicht.domain, nordlicht.source) == ("nordlicht.example", "HubSpot")


def test_a_free_mail_address_never_finds_or_makes_a_domain(db: None) -> None:
    make_account(name="Acme Corporation", domain="", country="US")
    run(DATA / "hubspot_contacts.csv")
    assert not Account.objects.filter(domain__contains="gmail").exists()
    assert Contact.objects.get(hubspot_id="106").account is None
    assert Contact.objects.get(hubspot_id="103").account.domain == ""  # type: ignore[union-attr]


def test_a_salesforce_export_finds_the_same_person_and_writes_the_change_down(db: None) -> None:
    make_account(name="Acme Corporation", domain="", country="US")
    make_account(name="Codehow", domain="codehow.example")
    run(DATA / "hubspot_contacts.csv")
    output = run(DATA / "salesforce_contacts.csv")

    assert "1 new, 1 changed" in output
    dana = Contact.objects.get(email="dana.reed@acme.com")
    assert dana.salesforce_id == "003A000001AbCdEQA0"
    change = ContactChange.objects.get()
    assert (change.contact, change.field, change.old, change.new, change.source) == (
        dana,
        "title",
        "VP Sales",
        "Chief Revenue Officer",
        "Salesforce import",
    )


def test_a_new_employer_and_address_are_written_down(contact: Contact, tmp_path: Path) -> None:
    globex = make_account(name="Globex", domain="globex.example")
    Contact.objects.filter(pk=contact.pk).update(hubspot_id="9")
    run(written(tmp_path, f"{HUBSPOT}9,Priya,Nair,priya@globex.example,,,Globex Inc,,,,\n"))
    contact.refresh_from_db()
    assert (contact.account, contact.email) == (globex, "priya@globex.example")
    changes = set(contact.changes.values_list("field", "old", "new"))
    assert changes == {
        ("email", "priya.nair@acme-robotics.example", "priya@globex.example"),
        ("employer", "Acme Robotics", "Globex"),
    }


def test_an_old_address_does_not_move_somebody_we_know(contact: Contact, tmp_path: Path) -> None:
    globex = make_account(name="Globex", domain="globex.example")
    Contact.objects.filter(pk=contact.pk).update(account=globex)
    run(written(tmp_path, f"email,last_name\n{contact.email},Nair\n"))
    contact.refresh_from_db()
    assert contact.account == globex
    assert not contact.changes.exists()


def test_wrong_rows_are_named_by_row_and_column(db: None) -> None:
    output = wrong(DATA / "bad_contacts.csv")
    assert "Row 3, email: “not-an-email” is not a valid e-mail address." in output
    assert "Row 4, phone: “abc” is not a phone number." in output
    assert "Row 5, phone: a spreadsheet turned it into “1E+05”." in output
    assert "Row 6, email: the same e-mail as in row 2." in output
    assert "Row 7: 7 cells, expected 6." in output
    assert "Row 8, last_name: Enter the contact’s name." in output
    assert "Row 9, phone: “0170 1234567” has no country code" in output
    assert output.count("\nRow ") == 7
    assert not Contact.objects.exists() and not Account.objects.exists()


def test_right_rows_of_a_bad_file_can_be_taken(db: None) -> None:
    output = run(DATA / "bad_contacts.csv", "--skip-bad-rows", "--country", "de")
    assert "Imported: 2 new, 0 changed, 0 the same, 6 wrong" in output
    assert Contact.objects.get(last_name="Local").phone.as_e164 == "+491701234567"


@pytest.mark.parametrize(
    ("cell", "region", "number", "extension"),
    [
        ("+1 (415) 555-0132 x7", "", "+14155550132", "7"),
        ("0170 1234567", "DE", "+491701234567", ""),
        ("0049 170 1234567", "", "+491701234567", ""),
        ("14155550132", "US", "+14155550132", ""),
        ("06 698 12345", "IT", "+390669812345", ""),
    ],
)
def test_phones_are_read(cell: str, region: str, number: str, extension: str) -> None:
    parsed, given = phone(cell, region)
    assert (parsed.as_e164, given) == (number, extension)


@pytest.mark.parametrize("cell", ["abc", "+", "1E+05", "1.4155E+10", "+49", "12345", "()"])
def test_what_is_no_phone_is_refused(cell: str) -> None:
    with pytest.raises(Unreadable):
        phone(cell, "US")


def test_an_export_imports_again_without_a_change(account: Account) -> None:
    make_contact(account, last_name="=cmd|x", title="+1 thing", phone="+493090182010")
    make_contact(None, last_name="@Sum", email="", phone="", mobile="+14155550132")
    text = SafeCSV().export_data(ContactResource().export(Contact.objects.all()))
    assert "'+493090182010" in text and "'=cmd|x" in text and "'@Sum" in text

    result = ContactResource().import_data(tablib.Dataset().load(text, format="csv"))

    assert not result.has_errors() and not result.has_validation_errors()
    assert result.totals["skip"] == Contact.objects.count()
    assert not ContactChange.objects.exists()


def test_an_sdr_imports_for_their_own_desk_only(
    sdr: User, other_sdr: User, account: Account, north: Territory
) -> None:
    make_account(name="Theirs", domain="theirs.example", sdr=other_sdr)
    dataset = tablib.Dataset(headers=["last_name", "email", "account"])
    dataset.append(["One", "one@theirs.example", "Theirs"])
    dataset.append(["Two", "two@acme-robotics.example", "Acme Robotics"])
    dataset.append(["Three", "three@fresh.example", "Fresh Ltd"])

    result = ContactResource().import_data(dataset, user=sdr)

    assert [row.number for row in result.invalid_rows] == [2, 3]
    assert "somebody else’s desk" in str(result.invalid_rows[0].error)
    assert not Account.objects.filter(name="Fresh Ltd").exists()


def test_the_mail_picks_nobody_elses_company_of_two_by_one_name(sdr: User, other_sdr: User) -> None:
    make_account(name="Twin", domain="twin.example", sdr=other_sdr)
    make_account(name="Twin GmbH", domain="twin2.example", sdr=sdr)
    dataset = tablib.Dataset(headers=["last_name", "email", "account"])
    dataset.append(["One", "one@twin.example", "Twin"])

    result = ContactResource().import_data(dataset, user=sdr)

    assert "somebody else’s desk" in str(result.invalid_rows[0].error)
    assert not Contact.objects.exists()


def test_a_mail_provider_picks_no_company_of_two_by_one_name(db: None, tmp_path: Path) -> None:
    make_account(name="Twin", domain="twin.example")
    make_account(name="Twin GmbH", domain="")
    output = wrong(written(tmp_path, "last_name,email,account\nOne,one@gmail.com,Twin\n"))
    assert "Row 2, account: several accounts are called “Twin”. Add a domain." in output


def test_companies_that_an_sdr_brings_in_are_theirs(sdr: User) -> None:
    dataset = tablib.Dataset(headers=["last_name", "email", "account"])
    dataset.append(["Three", "three@fresh.example", "Fresh Ltd"])
    ContactResource().import_data(dataset, user=sdr)
    assert Account.objects.get().sdr == sdr


def test_an_import_never_touches_a_handoff(
    sdr: User, account: Account, contact: Contact, tmp_path: Path
) -> None:
    complete_package(sdr=sdr, account=account, contact=contact)
    before = list(Handoff.objects.values()), HandoffEvent.objects.count()
    run(written(tmp_path, f"email,last_name,title\n{contact.email},Nair,CEO\n"))
    assert (list(Handoff.objects.values()), HandoffEvent.objects.count()) == before
