"""Asking a data source whose file we keep: what is read of it, and what it answers."""

import json
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from django.utils import timezone

from accounts import origins
from accounts.enrichment import files
from accounts.erased import remember
from accounts.models import (
    Account,
    Contact,
    ContactChange,
    EnrichmentSource,
    FileRow,
    Method,
    Proposal,
)
from team.models import User
from team.sheets.problems import FileRefused
from tests.accounts.vendors import (
    COMPANIES,
    CSV,
    PRIYA,
    enrich,
    take_file,
)


def test_what_a_file_says_is_taken_and_says_where_it_comes_from(
    of_file: EnrichmentSource, contact: Contact, sdr: User
) -> None:
    take_file(of_file, CSV)

    lookup = enrich(contact, sdr)

    contact.refresh_from_db()
    assert contact.title == "Chief Revenue Officer"
    assert (lookup.state, lookup.outcome) == ("answered", "Changed: title.")
    origin = contact.origins.get(field="title")
    assert (origin.source, origin.value, origin.at) == (
        "List house", "Chief Revenue Officer", timezone.now(),
    )  # fmt: skip
    check = contact.verifications.filter(field="title").first()
    assert check is not None and (check.method, check.source) == (Method.VENDOR, "List house")
    assert ContactChange.objects.get(contact=contact).new == "Chief Revenue Officer"


def test_what_a_person_entered_after_the_file_was_made_waits_as_a_proposal(
    of_file: EnrichmentSource, contact: Contact, sdr: User
) -> None:
    origins.note(contact, ["title"], by=sdr, at=timezone.now() - timedelta(days=2))
    take_file(of_file, CSV, days_old=10)
    before = contact.title

    lookup = enrich(contact, sdr)

    contact.refresh_from_db()
    assert contact.title == before
    assert lookup.outcome == "Proposed, a person decides: title."
    proposal = Proposal.objects.get()
    assert proposal.value == "Chief Revenue Officer"
    assert proposal.because == "Sam Ortiz entered ours on 28 Feb 2026, which is later."


def test_a_company_is_found_in_a_file_by_its_domain_or_its_bare_name(
    of_file: EnrichmentSource, account: Account, sdr: User
) -> None:
    take_file(of_file, COMPANIES)
    assert enrich(account, sdr).state == "answered"
    account.refresh_from_db()
    assert (account.employees, account.industry) == (480, "Robotics")

    Account.objects.filter(pk=account.pk).update(domain="")
    take_file(of_file, "id,name,city\n7,ACME Robotics GmbH,Graz\n")
    account.refresh_from_db()
    assert enrich(account, sdr).outcome == "Changed: name, city."


def test_json_and_xlsx_are_read_like_csv(of_file: EnrichmentSource, contact: Contact) -> None:
    row = {"email": contact.email, "title": "COO", "occurred_at": "2026-02-01T08:00:00Z"}
    take_file(of_file, json.dumps([row]), "theirs.json")
    assert FileRow.objects.get().said_at == datetime(2026, 2, 1, 8, tzinfo=UTC)
    take_file(
        of_file, json.dumps(row) + "\n" + json.dumps(row | {"email": "a@b.example"}), "x.jsonl"
    )
    assert FileRow.objects.count() == 2

    from openpyxl import Workbook

    book, out = Workbook(), BytesIO()
    book.active.append(["E-mail", "email"])
    book.active.append(["", contact.email])
    book.save(out)
    reading = files.read(out, "x.xlsx", as_of=timezone.now(), now=timezone.now())
    assert [row.email for row in reading.rows] == [contact.email]


@pytest.mark.parametrize(
    ("text", "name", "sentence"),
    [
        ("", "x.csv", "The file is empty."),
        ("a,b\n1,2\n", "x.csv", "No column has a name that we know."),
        ("email\n", "x.csv", "no rows below it"),
        ("[1]", "x.json", "Entry 1 is not an object."),
        ("[{", "x.json", "The file is not JSON"),
        ('{"email": "a@b.example"}\n{', "x.jsonl", "Line 2 is not JSON"),
        ("[]", "x.json", "The file has no rows."),
        ("email\na@b.example", "x.txt", "Only .csv and .xlsx files"),
    ],
)
def test_a_file_that_is_none_is_refused_with_a_sentence(
    text: str, name: str, sentence: str
) -> None:
    now = timezone.now()
    with pytest.raises(FileRefused, match=sentence.replace(".", r"\.")):
        files.read(BytesIO(text.encode()), name, as_of=now, now=now)


def test_columns_that_nobody_reads_are_named(of_file: EnrichmentSource) -> None:
    reading = take_file(of_file, f"email,Job Title,shoe\n{PRIYA},CRO,41\n")
    assert (len(reading.rows), reading.left_out) == (1, ["job_title", "shoe"])
    reading = take_file(of_file, json.dumps([{"email": PRIYA, "hat": 7}]), "theirs.json")
    assert (len(reading.rows), reading.left_out) == (1, ["hat"])


def test_a_name_that_is_longer_in_small_letters_is_kept(of_file: EnrichmentSource) -> None:
    take_file(of_file, f"email,first_name,last_name\n{PRIYA},{'ß' * 60},{'ß' * 60}\n")
    assert len(FileRow.objects.get().person) == 121


def test_a_wrong_row_is_named_and_the_last_file_stays(of_file: EnrichmentSource) -> None:
    take_file(of_file, CSV)
    reading = take_file(of_file, "email,employees\nnot an address,\n,many\n")
    assert reading.problems == [
        "Row 2, email: Enter a valid email address.",
        "Row 3, employees: “many” value must be an integer.",
    ]
    assert FileRow.objects.get().person == "priya nair"


def test_who_asked_to_be_forgotten_is_left_out_of_a_file(of_file: EnrichmentSource) -> None:
    remember(["priya.nair@acme-robotics.example"], at=timezone.now())
    take_file(of_file, CSV)
    assert not FileRow.objects.exists()
