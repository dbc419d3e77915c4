"""The quick way of contacts: whatever it takes, it does as the careful way would have done."""

import random
import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import phonenumbers
import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.erased import remember
from accounts.imports.contacts import ContactImporter
from accounts.imports.parsing import CONTACT, phone
from accounts.imports.quick.phones import quick_phone
from accounts.imports.quick.shortcut import Quick
from accounts.models import Account, Contact, ContactChange
from team.models import User
from team.sheets import cells, core, values
from team.sheets.claims import Claims
from team.sheets.core import Context, Kind, Line, run_import
from team.sheets.formats import choose
from team.sheets.formulas import original
from team.sheets.limits import COMMAND
from team.sheets.problems import Unreadable
from team.sheets.reading import table_of
from tests.factories import make_account, make_contact, make_user

HEADERS = [
    "id", "first_name", "last_name", "title", "email", "phone", "mobile", "account",
    "account_domain", "account_country", "role", "left_on", "profile_url", "external_id",
    "hubspot_id", "Contact owner",
]  # fmt: skip
FIELDS = [
    field.attname
    for field in Contact._meta.concrete_fields
    if field.attname not in {"id", "account_id"}
]


@pytest.fixture
def known(sdr: User, ae: User) -> list[Contact]:
    """Companies and people that the files are about, some of them hard to tell apart."""
    acme = make_account(name="Acme Robotics", domain="acme.example", country="US", owner=ae)
    make_account(name="Twin", domain="twin.example")
    make_account(name="Twin", domain="twin2.example")
    globex = make_account(name="Globex GmbH", domain="globex.example", country="DE", sdr=sdr)
    plain = make_account(name="Plain", domain="")
    people = [
        make_contact(acme, first_name="Ann", last_name="Lee", email="ann@acme.example"),
        make_contact(acme, first_name="Bo", last_name="Diaz", email="", phone="+14155550150"),
        make_contact(globex, first_name="Cy", last_name="Ott", email="cy@globex.example"),
        make_contact(globex, first_name="Di", last_name="Ono", email="di@old.example"),
        make_contact(plain, first_name="Ed", last_name="Poe", email="ed@plain.example"),
        make_contact(None, first_name="Flo", last_name="Ray", email="flo@gmail.com"),
    ]
    for number, person in enumerate(people):
        Contact.objects.filter(pk=person.pk).update(
            external_id=f"x-{number}",
            hubspot_id=f"h-{number}" if number % 2 else "",
            phone="+14155550150" if number == 1 else "+493090182010",
        )
    remember(["gone@acme.example", "external_id gone-1"], at=timezone.now())
    return people


CELLS: dict[str, list[str]] = {
    "id": ["", "", "", "", "", "{pk0}", "{pk3}", "0", "999999", "x", " {pk4} "],
    "first_name": ["Ann", "Bo", "Cy", "Di", "", "Zoë", "'Al", "Ann ", "A\u200bn", "x" * 61],
    "last_name": ["Lee", "Diaz", "Ott", "Ono", "Poe", "", "Ray", "=cmd", "#N/A", "New{n}"],
    "title": ["", "CEO", "VP Sales", "Head of\tIT", "'+1 thing", "Boss {n}"],
    "email": [
        "ann@acme.example", "CY@globex.example", "di@old.example", "ed@plain.example",
        "flo@gmail.com", "new{n}@acme.example", "new{n}@fresh.example", "new{n}@twin.example",
        "n{n}@gmail.com", "", "not-an-email", "gone@acme.example", "mailto:m{n}@globex.example",
        "new{n}@globex.example", "new{n}@second.example",
    ],
    "phone": [
        "", "", "+14155550150", "+1 (415) 555-0132", "0170 1234567", "(415) 555-0199", "abc",
        "+49 30 90182010", "'+493090182010", "1E+05", "+1 415 555 0133 x7",
    ],
    "mobile": ["", "", "", "+491701234567", "+14155550150"],
    "account": [
        "", "", "Acme Robotics", "ACME Robotics, Inc.", "Twin", "Globex", "Fresh Ltd", "Plain",
        "Second", "GmbH", "Globex GmbH",
    ],
    "account_domain": [
        "", "", "", "acme.example", "www.globex.example", "fresh.example", "twin2.example",
        "gmail.com", "second.example", "globex.example",
    ],
    "account_country": ["", "", "", "DE", "United States", "Atlantis"],
    "role": ["", "", "champion", "Economic buyer", "boss"],
    "left_on": ["", "", "", "", "2026-01-31", "31.1.2026"],
    "profile_url": ["", "", "https://social.example/in/x", "social.example/y", "ht!tp"],
    "external_id": ["", "", "", "x-0", "x-2", "x-5", "e-{n}", "gone-1", "1.2E+15"],
    "hubspot_id": ["", "", "", "h-1", "h-3", "b-{n}", "h-9"],
    "Contact owner": ["", "", "", "ae", "sdr", "nobody"],
}  # fmt: skip


def mixed_rows(seed: int, count: int, people: list[Contact]) -> list[list[str]]:
    """Rows of all kinds; most are about somebody new, or known by e-mail."""
    chance = random.Random(seed)
    rows = []
    for number in range(count):
        words = {"n": number, **{f"pk{n}": person.pk for n, person in enumerate(people)}}
        # Most rows have a word of trouble at most, so that all ways are gone
        wild = chance.random() ** 4
        row = []
        for header in HEADERS:
            choices = CELLS[header]
            cell = choices[0] if chance.random() > wild else chance.choice(choices)
            if header == "email" and chance.random() > wild:
                cell = chance.choice(choices[5:9])
            row.append(cell.format(**words))
        rows.append(row)
    return rows


Done = dict[str, Any]


def _told(line: Line) -> tuple[Any, ...]:
    """What an import says of a row; the name on a wrong one is a courtesy."""
    label = "" if line.kind is Kind.WRONG else line.label
    remarks = sorted(line.problems), sorted(line.notes)
    return line.number, line.kind, label, line.reason, line.changes, *remarks


def imported(rows: list[list[str]], *, writing: bool, by: User | None = None) -> Done:
    """What an import of the rows says and leaves behind; undone afterwards."""
    headers = [header for header in HEADERS if header != "Contact owner"]
    numbered = [headers, *[row[:-1] for row in rows]]
    mapping_of = "own"
    if by is not None:
        numbered, mapping_of = [HEADERS, *rows], "own"
    table = table_of(iter(enumerate(numbered, 1)), COMMAND)
    mapping = choose(ContactImporter.formats, table.headers, mapping_of)
    if by is not None:
        mapping.places["owner"], mapping.headers["owner"] = len(HEADERS) - 1, "Contact owner"
    context = Context(by=by, now=timezone.now(), writing=writing, skip_wrong=True, country="DE")
    with transaction.atomic():
        importer = ContactImporter(mapping, context)
        report = run_import(importer, table.rows, keep=10_000)
        done = {
            "lines": [_told(line) for line in report.lines],
            "extra": dict(report.extra),
            "contacts": sorted(
                [
                    *[str(getattr(contact, name)) for name in FIELDS],
                    str(contact.account and contact.account.domain + contact.account.name),
                ]
                for contact in Contact.objects.select_related("account")
            ),
            "accounts": sorted(
                Account.objects.values_list("name", "domain", "owner", "sdr"), key=str
            ),
            "history": sorted(
                ContactChange.objects.values_list(
                    "kind", "contact__email", "field", "old", "new", "source", "changed_at"
                )
            ),
        }
        transaction.set_rollback(True)
    return done


@pytest.fixture
def careful(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Done]:
    """The import with the quick way blocked."""

    def run(rows: list[list[str]], **options: Any) -> Done:
        with monkeypatch.context() as patch:
            patch.setattr(Quick, "read", lambda self, rows: [None] * len(rows))
            return imported(rows, **options)

    return run


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Kind]]:
    """The kinds of the rows that went the quick way."""
    kinds: list[Kind] = []
    take = Quick.take

    def noting(self: Quick, short: Any) -> Any:
        line = take(self, short)
        kinds.append(line.kind)
        return line

    monkeypatch.setattr(Quick, "take", noting)
    yield kinds


@pytest.mark.parametrize("batch", [4000, 7])
@pytest.mark.parametrize("writing", [True, False])
@pytest.mark.parametrize("seed", range(6))
def test_both_ways_do_the_same_to_any_file(
    seed: int,
    writing: bool,
    batch: int,
    known: list[Contact],
    careful: Callable[..., Done],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(core, "BATCH", batch)
    rows = mixed_rows(seed, 60, known)
    expected = careful(rows, writing=writing)
    done = imported(rows, writing=writing)
    for part, wanted in expected.items():
        assert done[part] == wanted


def test_owners_in_the_file_are_given_the_same_way(
    known: list[Contact], careful: Callable[..., Done], revops: User
) -> None:
    for seed in range(100, 103):
        rows = mixed_rows(seed, 60, known)
        assert imported(rows, writing=True, by=revops) == careful(rows, writing=True, by=revops)


def test_the_quick_way_is_taken_by_all_kinds_of_rows(
    known: list[Contact], taken: list[Kind]
) -> None:
    for seed in range(4):
        imported(mixed_rows(seed, 100, known), writing=True)
    imported(one_row(), writing=True)
    imported(one_row(title="Chief of Staff"), writing=True)
    assert {Kind.NEW, Kind.CHANGED, Kind.SAME, Kind.WRONG} == set(taken)
    assert len(taken) > 60


def one_row(**cells_of: str) -> list[list[str]]:
    defaults = {"last_name": "Lee", "email": "ann@acme.example"}
    return [[{**defaults, **cells_of}.get(header, "") for header in HEADERS]]


def test_whoever_was_erased_does_not_come_back_quickly(
    known: list[Contact], taken: list[Kind]
) -> None:
    for cells_of in (
        {"email": "gone@acme.example"},
        {"email": "a@b.example", "external_id": "gone-1"},
    ):
        done = imported(one_row(**cells_of), writing=True)
        assert [line[1] for line in done["lines"]] == [Kind.WRONG]
        assert "asked us to erase" in str(done["lines"])
    assert taken == []


def test_a_number_that_changes_is_told_as_it_is_read(
    known: list[Contact], taken: list[Kind]
) -> None:
    done = imported(one_row(phone="+1 415 555 0132"), writing=True)
    assert taken == [Kind.CHANGED]
    assert ("dial", "+49 30 90182010", "+1 415-555-0132") in [row[2:5] for row in done["history"]]


def test_somebody_who_leaves_is_read_with_care(known: list[Contact], taken: list[Kind]) -> None:
    done = imported(one_row(left_on="2026-01-31"), writing=True)
    assert taken == []
    assert [row[0] for row in done["history"]] == ["left"]


def test_dates_are_written_as_the_model_writes_them(
    known: list[Contact], taken: list[Kind]
) -> None:
    row = one_row(email="new@acme.example", left_on="2026-01-31", account_domain="acme.example")
    table = table_of(iter(enumerate([HEADERS[:-1], *[r[:-1] for r in row]], 1)), COMMAND)
    mapping = choose(ContactImporter.formats, table.headers, "own")
    run_import(
        ContactImporter(mapping, Context(by=None, now=timezone.now(), writing=True)), table.rows
    )
    assert taken == [Kind.NEW]
    contact = Contact.objects.get(email="new@acme.example", created_at=timezone.now())
    assert contact.left_on == date(2026, 1, 31)
    later = Contact.objects.create(last_name="After")
    assert later.pk > contact.pk


def test_an_sdr_goes_the_careful_way(sdr: User) -> None:
    mapping = choose(ContactImporter.formats, ["last_name", "email"], "own")
    importer = ContactImporter(mapping, Context(by=sdr, now=timezone.now(), writing=False))
    assert not importer.quick.works
    admin = make_user("admin2", "revops")
    importer = ContactImporter(mapping, Context(by=admin, now=timezone.now(), writing=False))
    assert importer.quick.works


# --- Numbers ---------------------------------------------------------------------------------


def numbers() -> Iterator[tuple[str, str]]:
    """For each country and each kind of its numbers one as it is written abroad and at home."""
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in (0, 1, 3, 6):
            example = phonenumbers.example_number_for_type(region, kind)
            if example:
                for form in (0, 1, 2):
                    yield phonenumbers.format_number(example, form), region


def test_quick_numbers_are_the_careful_ones_in_every_country() -> None:
    read = 0
    for cell, region in numbers():
        for country in (region, "", "US", "IT"):
            quick = quick_phone(cell, country)
            if quick is not None:
                read += 1
                number, extension = phone(cell, country)
                assert (quick, "") == (number.as_e164, extension), (cell, country)
    assert read > 1000


DIGITS = st.text(alphabet="0123456789 -()+.", min_size=3, max_size=18)


@settings(max_examples=400, deadline=None)
@given(DIGITS, st.sampled_from(["", "US", "DE", "IT", "GB", "BR", "AR", "MX", "RU", "SM", "HU"]))
def test_whatever_is_read_quickly_is_read_the_same_with_care(cell: str, region: str) -> None:
    quick = quick_phone(cell, region)
    if quick is not None:
        number, extension = phone(values.plain(original(cell)), region)
        assert (quick, "") == (number.as_e164, extension)


# --- Other cells -------------------------------------------------------------------------------


@settings(max_examples=400, deadline=None)
@given(st.from_regex(re.compile(r"[ '=]?[A-Za-z0-9._%+@-]{1,30}[ ]?"), fullmatch=True))
def test_plain_cells_mean_the_same_both_ways(cell: str) -> None:
    for name, reader in (
        ("email", cells.email),
        ("profile_url", cells.web_address),
        ("company_domain", cells.domain(frozenset({"gmail.com"}))),
        ("id", cells.number),
    ):
        quick = reader(cell)
        if quick not in {None, ""}:
            careful_value = CONTACT[name](values.plain(original(cell)), lambda note: None)
            assert str(quick) == str(careful_value)


@pytest.mark.parametrize("cell", ["0", "000", "1" * 19, "-1", "１"])
def test_what_is_none_of_our_numbers_is_read_with_care(cell: str) -> None:
    assert cells.number(cell) is None


def test_a_choice_is_read_once_and_a_wrong_one_with_care() -> None:
    asked: list[str] = []

    def parse(cell: str, note: values.Note) -> str:
        asked.append(cell)
        if cell == "bad":
            raise Unreadable("no")
        if cell == "odd":
            note("was read as even")
        return cell

    read = cells.few(parse)
    assert [read("a"), read("a"), read("bad"), read("odd"), read(" ")] == ["a", "a", None, None, ""]
    assert asked == ["a", "bad", "odd"]


def test_claims_outgrow_memory_without_forgetting() -> None:
    claims = Claims(most_in_memory=10)
    for number in range(100):
        assert claims.first("email", f"{number}@x.example", number) == number
    for number in range(100):
        assert claims.first("email", f"{number}@x.example", 1000) == number
    assert claims.first("phone", "1@x.example", 5000) == 5000
