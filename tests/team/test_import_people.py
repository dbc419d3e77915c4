"""People from a file: roles, managers, territories; nobody raises themselves."""

from io import StringIO
from pathlib import Path

import pytest
import tablib
from django.core.management import CommandError, call_command

from team.imports import PeopleResource
from team.models import Role, Territory, User, WorkCalendar
from team.sheets.exports import SafeCSV

DATA = Path(__file__).parent.parent / "data" / "imports"


def run(file: Path, *options: str) -> str:
    out = StringIO()
    call_command("import_people", str(file), *options, stdout=out)
    return out.getvalue()


def rows(*cells: tuple[str, str, str]) -> tablib.Dataset:
    return tablib.Dataset(*cells, headers=["name", "roles", "manager"])


def test_sales_teams_come_in_with_managers_and_territories(db: None) -> None:
    output = run(DATA / "sales_teams.csv")

    assert "3 new, 0 changed, 0 the same, 0 wrong" in output
    assert "managers added: 3, territories added: 2" in output
    mei = User.objects.get(username="mei.mei.johns")
    assert (mei.get_full_name(), mei.roles) == ("Mei-Mei Johns", [Role.AE])
    assert mei.is_staff and not mei.has_usable_password()
    assert mei.reports_to is not None and mei.reports_to.roles == [Role.MANAGER]
    central = Territory.objects.get(name="Central")
    assert central.team.count() == 2
    assert str(central.manager) == "Dustin Brinkmann"
    assert central.calendar.weekly_hours()["fri"] == [("09:00", "17:00")]


def test_a_territory_takes_the_first_calendar_there_is(calendar: WorkCalendar) -> None:
    run(DATA / "sales_teams.csv")
    assert set(Territory.objects.values_list("calendar", flat=True)) == {calendar.pk}


def test_the_same_file_again_changes_nothing(db: None) -> None:
    run(DATA / "sales_teams.csv")
    assert "0 new, 0 changed, 3 the same" in run(DATA / "sales_teams.csv")
    assert User.objects.count() == 6


def test_managers_are_made_before_those_who_report_to_them(db: None) -> None:
    dataset = rows(("Low Rep", "ae", "Mid Boss"), ("Mid Boss", "manager", "Big Boss"),
                   ("Big Boss", "manager", ""))  # fmt: skip
    result = PeopleResource().import_data(dataset)
    assert not result.has_errors() and not result.has_validation_errors()
    chain = User.objects.get(username="low.rep").chain_of_command()
    assert [str(person) for person in chain] == ["Mid Boss", "Big Boss"]


def test_a_manager_is_made_as_their_own_row_has_them(db: None) -> None:
    """An export names managers by address and lists them behind those who report to them."""
    headers = ["username", "name", "email", "roles", "manager"]
    dataset = tablib.Dataset(
        ("sam", "Sam Ortiz", "sam@desk.example", "sdr", "mara@desk.example"),
        ("mara.l", "Mara Lindt", "mara@desk.example", "manager", ""),
        headers=headers,
    )
    result = PeopleResource().import_data(dataset)
    assert not result.has_errors() and not result.has_validation_errors()
    mara = User.objects.get(email="mara@desk.example")
    assert (str(mara), mara.username) == ("Mara Lindt", "mara.l")
    assert User.objects.get(username="sam").reports_to == mara
    assert User.objects.count() == 2


@pytest.mark.parametrize(
    ("dataset", "sentence"),
    [
        (rows(("A B", "manager", "C D"), ("C D", "manager", "A B")), "in a circle"),
        (rows(("A B", "manager", "A B")), "nobody reports to themselves"),
        (rows(("A B", "king", "")), "“king” is not one of: SDR, AE, Manager, RevOps admin."),
        (rows(("A B", "sdr", ""), ("A B", "ae", "")), "the same person as row 2"),
        (rows(("Rita Vance", "manager", "")), "nobody changes their own roles"),
        (rows(("Dee Root", "ae", "")), "is an admin: change their roles by hand"),
        (rows(("Old Hand", "ae", "")), "was deactivated"),
        (rows(("A B", "sdr", "Old Hand")), "Old Hand was deactivated"),
        (rows(("A B", "sdr", "boss@desk.example")), "nobody here has the address"),
    ],
)
def test_what_a_file_may_not_do_is_said(
    revops: User, dataset: tablib.Dataset, sentence: str
) -> None:
    User.objects.create_superuser("root", first_name="Dee", last_name="Root")
    User.objects.create(username="old", first_name="Old", last_name="Hand", is_active=False)
    result = PeopleResource().import_data(dataset, user=revops)
    assert sentence in str([row.error for row in result.invalid_rows])
    assert User.objects.count() == 3


def test_roles_are_added_and_never_taken_away(sdr: User) -> None:
    PeopleResource().import_data(rows(("Sam Ortiz", "ae", "")))
    sdr.refresh_from_db()
    assert sdr.roles == [Role.SDR, Role.AE]


def test_wrong_rows_keep_the_file_out(db: None, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("name,roles\nGood One,ae\nBad One,king\n")
    with pytest.raises(CommandError, match="1 of 2 rows are wrong"):
        run(file)
    assert not User.objects.exists()


def test_an_export_imports_again_without_a_change(north: Territory, sdr: User) -> None:
    text = SafeCSV().export_data(PeopleResource().export(User.objects.all()))
    assert "password" not in text.splitlines()[0]
    result = PeopleResource().import_data(tablib.Dataset().load(text, format="csv"))
    assert not result.has_errors() and not result.has_validation_errors()
    assert result.totals["skip"] == User.objects.count()
