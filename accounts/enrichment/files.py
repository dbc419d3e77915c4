"""A data source that gave us a file: keeps its rows, and finds the one about a record.

CSV, XLSX, or JSON (a list of objects, or one object a line), in the names of docs/enrichment.md;
`company` and `company_domain` say where somebody works, `occurred_at` since when it is so.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import PurePath
from typing import Any, BinaryIO, NamedTuple

from django.db import transaction
from django.db.models import QuerySet

from accounts.domains import company_domain
from accounts.enrichment.providers import Finding, Question
from accounts.erased import erased_among
from accounts.hooks import payloads
from accounts.models import EnrichmentSource, FileRow
from accounts.names import name_key
from team.sheets.limits import MEGABYTE, Limits
from team.sheets.problems import FileRefused
from team.sheets.reading import open_table

LIMITS = Limits(size=25 * MEGABYTE, rows=20_000)
BATCH = 500
MOST_PROBLEMS = 20
# What tells a row about a company from one about a person
OF_PEOPLE = frozenset({"first_name", "last_name", "title", "email", "phone", "mobile"})
KNOWN = frozenset(
    {*payloads.CONTACT_FIELDS, *payloads.ACCOUNT_FIELDS, "id", "company", "company_domain",
     "occurred_at"}
)  # fmt: skip


class Reading(NamedTuple):
    """What a file says, not stored yet; with `problems` it must not be."""

    rows: list[FileRow]
    problems: list[str]
    left_out: list[str]  # columns whose names we do not know


class FileProvider:
    """A source whose file we keep."""

    def __init__(self, source: EnrichmentSource) -> None:
        self.source = source

    def covers(self, about: str) -> bool:
        return bool(self.source.rows.filter(about=about).exists())

    def look_up(self, question: Question) -> Finding | None:
        row = self._row(question)
        return Finding(json.loads(row.data), row.said_at) if row is not None else None

    def _row(self, question: Question) -> FileRow | None:
        """The newest row about it, by the surest of what it can be found by."""
        known = question.known
        rows: QuerySet[FileRow] = FileRow.objects.filter(source=self.source, about=question.about)
        ways: list[dict[str, str]] = [{"key": question.key}]
        if question.about == FileRow.About.ACCOUNT:
            ways += [{"domain": known["domain"]}, {"company_key": name_key(known["name"])}]
        else:
            person = _person(known["first_name"], known["last_name"])
            ways += [
                {"email": known["email"].lower()},
                {"person": person, "domain": known["domain"]},
                {"person": person, "company_key": name_key(known["company"])},
            ]
        for way in ways:
            found = (
                rows.filter(**way).order_by("-said_at", "-pk").first()
                if all(way.values())
                else None
            )
            if found is not None:
                return found
        return None


def read(stream: BinaryIO, name: str, *, as_of: datetime, now: datetime) -> Reading:
    """Read a file called `name`; each row is checked as a delivery would be.

    `as_of` goes for rows that do not say since when they are so. Raises FileRefused.
    """
    rows: list[FileRow] = []
    problems: list[str] = []
    unknown: set[str] = set()
    for number, cells in _rows_of(stream, name):
        unknown |= cells.keys() - KNOWN
        known = {column: cell for column, cell in cells.items() if column in KNOWN}
        try:
            rows.append(_file_row(known, as_of, now))
        except payloads.Unreadable as error:
            problems.append(f"Row {number}, {str(error).removeprefix('data.')}")
            if len(problems) == MOST_PROBLEMS:
                break
    if not rows and not problems:
        raise FileRefused("The file has no rows.")
    return Reading(rows, problems, sorted(unknown))


def keep(source: EnrichmentSource, reading: Reading) -> tuple[int, int]:
    """Put what was read in the place of the source’s last file: how many people and companies.

    People who asked to be forgotten are left out.
    """
    gone = erased_among(row.email for row in reading.rows)
    rows = [row for row in reading.rows if row.email not in gone]
    for row in rows:
        row.source = source
    with transaction.atomic():
        source.rows.all().delete()
        FileRow.objects.bulk_create(rows, batch_size=BATCH)
    people = sum(row.about == FileRow.About.CONTACT for row in rows)
    return people, len(rows) - people


def _file_row(cells: dict[str, Any], as_of: datetime, now: datetime) -> FileRow:
    given = {name: value for name, value in cells.items() if value not in (None, "")}
    about = "contact" if OF_PEOPLE & set(given) else "account"
    at = given.pop("occurred_at", "") or as_of.isoformat()
    domain = given.pop("company_domain", "")
    if domain:
        given["company"] = {"name": given.get("company", ""), "domain": domain}
    found = {"type": f"{about}.updated", "occurred_at": at, "data": given}
    update = payloads.check(found, now)
    assert update is not None  # noqa: S101  both kinds are read
    values = update.values
    mail = values.get("email", "")
    company = update.company if about == "contact" else values.get("name", "")
    return FileRow(
        about=about,
        key=update.key,
        email=mail,
        domain=values.get("domain", "") or update.company_domain or company_domain(mail),
        company_key=name_key(company),
        person=_person(values.get("first_name", ""), values.get("last_name", "")),
        said_at=update.at,
        data=json.dumps(given),
    )


def _rows_of(stream: BinaryIO, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    if PurePath(name).suffix.lower() in {".json", ".jsonl"}:
        yield from _objects_of(stream)
        return
    table = open_table(stream, name, LIMITS)
    headers = [header.strip().casefold().replace(" ", "_") for header in table.headers]
    if not set(headers) & KNOWN - {"occurred_at"}:
        raise FileRefused(
            f"No column has a name that we know. They are: {', '.join(sorted(KNOWN))}."
        )
    for row in table.rows:
        if row.problem:
            raise FileRefused(f"Row {row.number}: {row.problem}")
        yield row.number, dict(zip(headers, (cell.strip() for cell in row.cells), strict=True))


def _objects_of(stream: BinaryIO) -> Iterator[tuple[int, dict[str, Any]]]:
    size = stream.seek(0, 2)
    stream.seek(0)
    if size > LIMITS.size:
        raise FileRefused(f"The file has more than {LIMITS.size // MEGABYTE} MB.")
    try:
        text = stream.read().decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise FileRefused("The file is not UTF-8.") from None
    if not text:
        raise FileRefused("The file is empty.")
    try:
        if text.startswith("["):
            # One envelope, so that every guard of the door holds here, too
            rows = payloads.parse(f'{{"rows": {text}}}', what="The file")["rows"]
        else:
            lines = [line for line in text.splitlines() if line.strip()]
            rows = [payloads.parse(line, what=f"Line {n}") for n, line in enumerate(lines, 1)]
    except payloads.Unreadable as error:
        raise FileRefused(str(error)) from None
    if len(rows) > LIMITS.rows:
        raise FileRefused(f"The file has more than {LIMITS.rows:,} rows: split it.")
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict):
            raise FileRefused(f"Entry {number} is not an object.")
        yield number, row


def _person(first: str, last: str) -> str:
    # Some letters are two in small: “ß” is “ss”
    return f"{first} {last}".casefold()[:121] if first and last else ""
