"""Accounts from files: mapped, matched, all or nothing."""

from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
import tablib
from django.core.management import CommandError, call_command

from accounts.imports.accounts import AccountImporter
from accounts.imports.formats import ACCOUNT_FORMATS
from accounts.imports.resources import AccountResource
from accounts.models import Account
from team.models import Territory, User
from team.sheets.core import BATCH
from team.sheets.exports import SafeCSV
from team.sheets.formats import choose
from team.sheets.problems import FileRefused
from tests.factories import make_account

ROWS = 500
DATA = Path(__file__).parent.parent / "data" / "imports"


def run(file: Path, *options: str) -> str:
    out = StringIO()
    call_command("import_accounts", str(file), *options, stdout=out)
    return out.getvalue()


def written(tmp_path: Path, text: str, name: str = "accounts.csv") -> Path:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    return file


def test_maven_accounts_come_in_with_their_dirt_reported(db: None) -> None:
    output = run(DATA / "maven_accounts.csv")

    assert "Imported: 7 new, 0 changed, 0 the same, 0 wrong." in output
    assert "Note (3 rows: 2, 4, 6): sector: “technolgy” was read as “technology”." in output
    assert "“Philipines” was read as Philippines." in output
    assert "“Korea” was read as South Korea." in output
    assert "no account is called “Nobody Knows Them”; the parent was left empty." in output
    acme = Account.objects.get(name="Acme Corporation")
    assert (acme.industry, acme.country, acme.employees) == ("technology", "US", 2822)
    assert acme.annual_revenue == Decimal("1100040000.00")
    assert acme.source == "Maven CRM"


def test_parents_are_joined_wherever_they_stand_in_the_file(db: None) -> None:
    run(DATA / "maven_accounts.csv")
    parents = dict(Account.objects.values_list("name", "parent__name"))
    assert parents["Bluth Company"] == "Acme Corporation"
    assert parents["dambase"] == "Inity"
    assert parents["Acme Corporation"] is None


def test_a_parent_is_not_guessed_between_two_of_one_name(db: None, tmp_path: Path) -> None:
    make_account(name="Acme", domain="a.example")
    make_account(name="Acme Inc", domain="b.example")
    known = make_account(name="Child", domain="child.example")
    output = run(written(tmp_path, "name,domain,parent\nChild,child.example,ACME\nNew,,Acme\n"))
    assert "2 accounts are called “ACME”; the parent was left as it is." in output
    assert "2 accounts are called “Acme”; the parent was left as it is." in output
    known.refresh_from_db()
    assert known.parent is None
    assert Account.objects.get(name="New").parent is None


def test_the_same_file_again_changes_nothing(db: None) -> None:
    run(DATA / "maven_accounts.csv")
    before = list(Account.objects.values())
    assert "0 new, 0 changed, 7 the same" in run(DATA / "maven_accounts.csv")
    assert list(Account.objects.values()) == before


def test_a_dry_run_says_the_same_and_writes_nothing(db: None) -> None:
    output = run(DATA / "maven_accounts.csv", "--dry-run")
    assert "Nothing was written. It would be: 7 new, 0 changed, 0 the same, 0 wrong." in output
    assert not Account.objects.exists()


def test_one_wrong_row_keeps_the_whole_file_out(db: None, tmp_path: Path) -> None:
    rows = "".join(f"Company {number},{number}\n" for number in range(BATCH + 20))
    file = written(tmp_path, f"name,employees\n{rows}Last,-5\nLater,1e3\n")
    with pytest.raises(CommandError, match=f"2 of {BATCH + 22:,} rows are wrong, so nothing was"):
        run(file)
    assert not Account.objects.exists()


def test_bad_rows_can_be_left_out(db: None, tmp_path: Path) -> None:
    file = written(tmp_path, "name,employees,country\nGood,12,DE\nBad,x,Atlantis\n\u200b,3,DE\n")
    output = run(file, "--skip-bad-rows")
    assert "Row 3, employees: “x” is not a whole number from 0 to 10,000,000." in output
    assert "Row 3, country: “Atlantis” is not a country." in output
    assert "Row 4, name: " in output
    assert list(Account.objects.values_list("name", flat=True)) == ["Good"]


def test_an_account_is_matched_by_domain_and_empty_cells_say_nothing(
    north: Territory, tmp_path: Path
) -> None:
    account = make_account(name="Acme Robotics", domain="acme.example", employees=10, city="Ulm")
    file = written(
        tmp_path,
        "name,domain,employees,city,technologies\n"
        "Acme Robotics GmbH,https://www.acme.example/en,12,,SAP ERP; Gong\n",
    )
    assert "0 new, 1 changed" in run(file)
    account.refresh_from_db()
    assert (account.name, account.employees, account.city) == ("Acme Robotics", 12, "Ulm")
    names = set(account.technologies.values_list("name", flat=True))
    assert names == {"Salesforce", "SAP ERP", "Gong"}


def test_a_renamed_company_with_a_known_domain_is_renamed(db: None, tmp_path: Path) -> None:
    make_account(name="Old Name", domain="acme.example")
    run(written(tmp_path, "name,domain\nNew Name Ltd,acme.example\n"))
    account = Account.objects.get()
    assert (account.name, account.name_key) == ("New Name Ltd", "new name")


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ("Acme,a.example\nAcme Inc,\n", "names the same company as row 2."),
        ("Acme,a.example\nBeta,a.example\n", "the same domain as in row 2."),
        ("Acme,gmail.com\n", "is a mail provider for everybody"),
        ("Acme,not a domain\n", "is not a web domain"),
    ],
)
def test_rows_that_contradict_each_other_are_named(
    db: None, tmp_path: Path, rows: str, sentence: str
) -> None:
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("import_accounts", str(written(tmp_path, f"name,domain\n{rows}")), stdout=out)
    assert sentence in out.getvalue()
    assert not Account.objects.exists()


def test_an_id_that_another_account_has_is_named(db: None, tmp_path: Path) -> None:
    make_account(name="Acme", domain="a.example", hubspot_id="7")
    make_account(name="Beta", domain="b.example", salesforce_id="8")
    out = StringIO()
    file = written(tmp_path, "name,domain,hubspot_id,salesforce_id\nAcme,a.example,7,8\n")
    with pytest.raises(CommandError):
        call_command("import_accounts", str(file), stdout=out)
    assert "Row 2, salesforce_id: another account already has this id." in out.getvalue()


def test_two_accounts_of_one_name_are_not_guessed_between(db: None, tmp_path: Path) -> None:
    make_account(name="Acme", domain="a.example")
    make_account(name="Acme Inc", domain="b.example")
    with pytest.raises(CommandError):
        run(written(tmp_path, "name\nACME\n"))


def test_a_new_account_goes_to_the_territory_of_its_country(
    north: Territory, south: Territory, ae: User, tmp_path: Path
) -> None:
    file = written(
        tmp_path,
        "name,country,territory,owner\n"
        "Here,Germany,,Ana Silva\nThere,IT,North,Nobody\nElsewhere,FR,,\n",
    )
    output = run(file)
    here, there, elsewhere = Account.objects.order_by("pk")
    assert (here.territory, here.owner) == (north, ae)
    assert (there.territory, there.owner) == (north, None)
    assert elsewhere.territory is None
    assert "nobody here is called “Nobody”; the owner was left as it is." in output


def test_an_sdr_assigns_no_territory_by_a_file(
    north: Territory, south: Territory, sdr: User
) -> None:
    known = make_account(name="Mine", domain="mine.example", sdr=sdr, territory=north)
    dataset = tablib.Dataset(headers=["name", "domain", "country", "territory"])
    dataset.append(["Mine", "mine.example", "", "South"])
    dataset.append(["Fresh", "fresh.example", "DE", "South"])

    AccountResource().import_data(dataset, user=sdr)

    known.refresh_from_db()
    assert known.territory == north
    assert Account.objects.get(name="Fresh").territory == north


def test_hubspot_companies_keep_their_record_id(db: None, tmp_path: Path) -> None:
    header = "Record ID,Company name,Company Domain Name,Number of Employees,Country/Region\n"
    run(written(tmp_path, f"{header}501,Acme,acme.example,40,United States\n"))
    run(written(tmp_path, f"{header}501,Acme Holding,new.example,41,USA\n"))
    account = Account.objects.get()
    assert (account.hubspot_id, account.domain, account.employees) == ("501", "new.example", 41)


def test_a_format_is_told_by_its_header() -> None:
    keys = {
        "account,sector,year_established,revenue,employees,office_location,subsidiary_of": "maven",
        "Record ID,Company name,Company Domain Name": "hubspot",
        "Id,Name,Website,Industry": "salesforce",
        "Company Name,Website,Primary Industry": "vendor",
        "id,name,domain": "own",
    }
    for header, key in keys.items():
        assert choose(ACCOUNT_FORMATS, header.split(",")).format.key == key


def test_missing_and_unknown_columns_are_listed() -> None:
    with pytest.raises(FileRefused, match="missing that HubSpot files have: “Record ID”"):
        choose(ACCOUNT_FORMATS, ["Company name", "City"], "hubspot")
    remarks = choose(ACCOUNT_FORMATS, ["name", "domian"]).remarks()
    assert remarks == ["The column “domian” is not known and was not imported. Is “domain” meant?"]


def test_an_export_imports_again_without_a_change(north: Territory, ae: User, sdr: User) -> None:
    parent = make_account(name="=Parent()", domain="p.example", territory=north, owner=ae, sdr=sdr)
    make_account(name="-Child", domain="c.example", parent=parent, annual_revenue="1200.50")
    text = SafeCSV().export_data(AccountResource().export(Account.objects.all()))
    assert "'=Parent()" in text
    dataset = tablib.Dataset().load(text, format="csv")

    result = AccountResource().import_data(dataset)

    assert not result.has_errors() and not result.has_validation_errors()
    assert result.totals["skip"] == 2


def test_the_resource_reports_wrong_rows_and_writes_nothing(db: None) -> None:
    dataset = tablib.Dataset(headers=["name", "employees"])
    dataset.append(["Good", "5"])
    dataset.append(["Bad", "many"])

    result = AccountResource().import_data(dataset)

    assert result.has_validation_errors()
    assert result.invalid_rows[0].number == 3
    assert "employees" in result.invalid_rows[0].field_specific_errors
    assert not Account.objects.exists()


def test_queries_do_not_grow_with_the_rows_of_a_batch(
    db: None, tmp_path: Path, django_assert_max_num_queries: object
) -> None:
    rows = "".join(f"Company {number},c{number}.example\n" for number in range(ROWS))
    file = written(tmp_path, f"name,domain\n{rows}")
    with django_assert_max_num_queries(20):  # type: ignore[operator]
        run(file)
    with django_assert_max_num_queries(20):  # type: ignore[operator]
        run(file)
    assert Account.objects.count() == ROWS


def test_the_importer_is_the_one_that_the_admin_uses() -> None:
    assert AccountResource.importer is AccountImporter
