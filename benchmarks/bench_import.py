"""Importing contacts: ours beside django-import-export's way and the least a database can do.

The same rows come in as new, again unchanged, and again with every tenth title changed; the three
ways take turns in one run, each on contacts of its own, and every one of them validates. The limit
reads with `csv`, checks lengths and addresses in Python, loads into a table beside (COPY on
PostgreSQL) and writes what differs in one statement. django-import-export's own path is so slow
that it gets a tenth of the rows. Run: python benchmarks/bench_import.py [rows] [rounds]
"""

import csv
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

HEADERS = (
    "first_name", "last_name", "title", "email", "phone", "account", "account_domain",
    "external_id",
)  # fmt: skip
COMPANIES = 2_000
KINDS = ("new", "unchanged", "10% changed")
EMAIL = re.compile(r"[a-z0-9._%+-]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)+")
PHONE = re.compile(r"\+[1-9]\d{6,14}")

Way = Callable[[Path], None]


def write_file(path: Path, who: str, rows: int, *, changed: bool) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADERS)
        for number in range(rows):
            company = number % COMPANIES
            title = "Chief of Staff" if changed and number % 10 == 0 else f"Manager {number % 40}"
            writer.writerow(
                (
                    f"First{number % 977}", f"Last{number}", title,
                    f"{who}.{number}@company{company}.example", f"+1415{2_000_000 + number}",
                    f"Company {company}", f"company{company}.example", f"{who}-{number}",
                )
            )  # fmt: skip


# --- Ours -------------------------------------------------------------------------------------


def ours(path: Path) -> None:
    from accounts.imports.resources import ContactResource
    from team.sheets.limits import COMMAND
    from team.sheets.reading import open_table

    with path.open("rb") as stream:
        table = open_table(stream, path.name, COMMAND)
        report = ContactResource(format="own").import_table(table, dry_run=False)
    assert report.written and not report.wrong, report.problems[:3]


# --- django-import-export's own path ------------------------------------------------------------


def library(path: Path) -> None:
    import tablib
    from import_export import fields, resources, widgets

    from accounts.models import Account, Contact

    class PlainResource(resources.ModelResource):
        account = fields.Field(
            attribute="account",
            column_name="account_domain",
            widget=widgets.ForeignKeyWidget(Account, "domain"),
        )

        class Meta:
            model = Contact
            import_id_fields = ("email",)
            clean_model_instances = True
            skip_unchanged = True
            fields = (*(name for name in HEADERS if "account" not in name), "account")

    with path.open(encoding="utf-8") as file:
        dataset = tablib.Dataset().load(file, format="csv")
    result = PlainResource().import_data(dataset, raise_errors=True)
    assert not result.has_validation_errors(), result.invalid_rows[0].error


# --- The limit ----------------------------------------------------------------------------------


def checked(path: Path) -> Iterator[tuple[str, ...]]:
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.reader(file)
        next(reader)
        for row in reader:
            first, last, title, email, phone, _, domain, external_id = row
            if len(first) > 60 or len(last) > 60 or len(title) > 120 or len(external_id) > 64:
                raise ValueError(row)
            if not EMAIL.fullmatch(email) or not PHONE.fullmatch(phone):
                raise ValueError(row)
            yield first, last, title, email, phone, domain, external_id


STAGED = "first_name, last_name, title, email, phone, external_id"
REST = {
    "phone_extension": "''", "mobile": "''", "profile_url": "''", "role": "'unknown'",
    "attitude": "'unknown'", "source": "''", "hubspot_id": "''", "salesforce_id": "''",
    "created_at": "now", "updated_at": "now",
}  # fmt: skip


def limit(path: Path) -> None:
    from django.db import connection, transaction

    from accounts.models import Contact

    postgres = connection.vendor == "postgresql"
    now = "now()" if postgres else "datetime('now')"
    rest = {
        field.column: REST.get(field.column, "NULL")
        for field in Contact._meta.concrete_fields
        if field.column not in {"id", "account_id", *STAGED.split(", ")}
    }
    values = ", ".join(now if value == "now" else value for value in rest.values())
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS staged")
        cursor.execute(
            "CREATE TEMPORARY TABLE staged (first_name text, last_name text, title text, "
            "email text, phone text, domain text, external_id text)"
        )
        if postgres:
            with cursor.copy("COPY staged FROM STDIN") as copy:
                for row in checked(path):
                    copy.write_row(row)
            cursor.execute("ANALYZE staged")
        else:
            cursor.connection.executemany(
                "INSERT INTO staged VALUES (?,?,?,?,?,?,?)", checked(path)
            )
        cursor.execute(
            f"INSERT INTO accounts_contact ({STAGED}, account_id, {', '.join(rest)}) "
            f"SELECT s.first_name, s.last_name, s.title, s.email, s.phone, s.external_id, a.id, "
            f"{values} FROM staged s LEFT JOIN accounts_account a ON a.domain = s.domain "
            f"LEFT JOIN accounts_contact c ON c.email = s.email "
            "WHERE c.id IS NULL OR (c.first_name, c.last_name, c.title, c.phone, c.external_id, "
            "c.account_id) IS DISTINCT FROM (s.first_name, s.last_name, s.title, s.phone, "
            "s.external_id, a.id) "
            "ON CONFLICT (email) WHERE NOT (email = '') DO UPDATE SET "
            "first_name = excluded.first_name, last_name = excluded.last_name, "
            "title = excluded.title, phone = excluded.phone, "
            "external_id = excluded.external_id, account_id = excluded.account_id, "
            "updated_at = excluded.updated_at"
        )


# --- The race -----------------------------------------------------------------------------------


def race(rows: int, rounds: int) -> None:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from accounts.models import Account, Contact

    call_command("migrate", verbosity=0)
    Account.objects.bulk_create(
        Account(name=f"Company {number}", domain=f"company{number}.example")
        for number in range(COMPANIES)
    )
    ways: dict[str, tuple[Way, int]] = {
        "ours": (ours, rows),
        "limit": (limit, rows),
        "django-import-export": (library, max(rows // 10, 100)),
    }
    speeds: dict[tuple[str, str], list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            for kind in KINDS:
                for name, (way, count) in ways.items():
                    path = Path(folder, f"{name}.csv")
                    write_file(path, name, count, changed=kind == KINDS[2])
                    began = perf_counter()
                    way(path)
                    speeds.setdefault((kind, name), []).append(count / (perf_counter() - began))
            _check(rows)
            Contact.objects.all().delete()
    memory = peak_of_ours(rows)
    print(f"\n{connection.vendor}, {rows:,} contacts, median of {rounds}; rows per second")
    print(f"{'':14}{'ours':>10}{'limit':>10}{'library':>10}{'ours/limit':>12}{'ours/library':>14}")
    for kind in KINDS:
        mine, least, theirs = (median(speeds[kind, name]) for name in ways)
        print(
            f"{kind:14}{mine:>10,.0f}{least:>10,.0f}{theirs:>10,.0f}"
            f"{mine / least:>11.0%} {mine / theirs:>12.1f}x"
        )
    print(f"Peak memory of a process that imports {rows:,} with ours: {memory:,.0f} MB")


def _check(rows: int) -> None:
    """Both fast ways have to have done the work."""
    from accounts.models import Contact

    for name in ("ours", "limit"):
        contacts = Contact.objects.filter(email__startswith=f"{name}.", account__isnull=False)
        assert contacts.count() == rows
        assert contacts.filter(title="Chief of Staff").count() == len(range(0, rows, 10))


def peak_of_ours(rows: int) -> float:
    """MB resident at most in a fresh process that imports a file of new contacts."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "memory.csv")
        write_file(path, "memory", rows, changed=False)
        done = subprocess.run(
            [sys.executable, __file__, "--peak", str(path)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    return float(done.stdout.split()[-1])


def _peak(path: str) -> None:
    import django

    django.setup()
    ours(Path(path))
    with open("/proc/self/status", encoding="ascii") as status:
        (line,) = [line for line in status if line.startswith("VmHWM")]
    print(int(line.split()[1]) / 1024)


@contextmanager
def database(vendor: str) -> Iterator[dict[str, str]]:
    from tests.postgres import start_postgres

    with tempfile.TemporaryDirectory() as folder:
        if vendor == "sqlite":
            yield {"DATABASE_URL": f"sqlite:///{folder}/bench.sqlite3", "VAR_DIR": folder}
        else:
            with start_postgres() as url:
                yield {"DATABASE_URL": url, "VAR_DIR": folder}


def main(arguments: list[str]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if arguments[:1] == ["--peak"]:
        _peak(arguments[1])
        return
    if arguments[:1] == ["--here"]:
        race(int(arguments[1]), int(arguments[2]))
        return
    rows, rounds = (*map(int, arguments), *(20_000, 3)[len(arguments) :])
    for vendor in ("postgresql", "sqlite"):
        try:
            with database(vendor) as environment:
                subprocess.run(
                    [sys.executable, __file__, "--here", str(rows), str(rounds)],
                    env={**os.environ, **environment}, check=True,
                )  # fmt: skip
        except BaseException as reason:  # pytest's Skipped is no Exception
            if type(reason).__name__ != "Skipped":
                raise
            print(f"\n{vendor}: {reason}")


if __name__ == "__main__":
    main(sys.argv[1:])
