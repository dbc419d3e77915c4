"""Copying a PostgreSQL database and putting a copy back, with PostgreSQL’s own programs."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from django.db import connection, transaction

from config.backups.archive import CHUNK, BackupRefused, Facts, Summed

WAIT_FOR_TABLES = "10s"


def copy(out: Summed, folder: Path) -> Facts:
    """Write a copy of the present instant; what is counted and what is dumped are one snapshot."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")  # while pg_dump works
        cursor.execute("SELECT pg_export_snapshot()")
        snapshot = cursor.fetchone()[0]
        facts = _facts()
        dump = _start(
            "pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--no-comments",
            "--lock-wait-timeout=10000", f"--snapshot={snapshot}", stdout=subprocess.PIPE,
        )  # fmt: skip
        assert dump.stdout is not None  # noqa: S101
        shutil.copyfileobj(dump.stdout, out, CHUNK)
        _finish(dump, "pg_dump")
    return facts


def put_back(path: Path, facts: Facts) -> None:
    """Make the database what stands at `path`, in one transaction: all of it or nothing."""
    tables = ", ".join(connection.ops.quote_name(name) for name in _tables())
    connection.close()
    script = _start("pg_restore", "--no-owner", "--no-privileges", "--file=-", str(path),
                    to_a_database=False, stdout=subprocess.PIPE)  # fmt: skip
    psql = _start("psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null",
                  stdin=subprocess.PIPE)  # fmt: skip
    assert psql.stdin is not None and script.stdout is not None  # noqa: S101
    try:
        psql.stdin.write(f"BEGIN; SET LOCAL lock_timeout = '{WAIT_FOR_TABLES}';\n".encode())
        if tables:
            psql.stdin.write(f"DROP TABLE {tables} CASCADE;\n".encode())
        shutil.copyfileobj(script.stdout, psql.stdin, CHUNK)
        _finish(script, "pg_restore")
        # What is put back is not known to the planner: with 10,000 handoffs it then takes minutes
        # to look through the log. Never reached when the script broke off half-way.
        psql.stdin.write(b"\nANALYZE;\nCOMMIT;\n")
        psql.stdin.close()
    except BrokenPipeError:
        script.kill()
        script.communicate()
    except BackupRefused:
        psql.kill()
        psql.communicate()
        raise
    _finish(psql, "psql")
    if _facts() != facts:
        raise BackupRefused("The database does not hold what the manifest says; restore again.")


def others_at_work() -> int:
    """How many other connections the database has."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        return int(cursor.fetchone()[0])


def _facts() -> Facts:
    rows = {}
    with connection.cursor() as cursor:
        for name in _tables():
            cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(name)}")  # noqa: S608
            rows[name] = int(cursor.fetchone()[0])
        cursor.execute("SELECT app, name FROM django_migrations ORDER BY app, name")
        migrations = [f"{app}.{name}" for app, name in cursor.fetchall()]
    return Facts("postgresql", rows, migrations)


def _tables() -> list[str]:
    return sorted(connection.introspection.table_names())


def _start(
    program: str, *arguments: str, to_a_database: bool = True, stdin: int = subprocess.DEVNULL,
    stdout: int | None = None,
) -> subprocess.Popen[bytes]:  # fmt: skip
    words, secrets = connection.client.settings_to_cmd_args_env(connection.settings_dict, [])
    where: Sequence[str] = words[1:] if to_a_database else []
    return subprocess.Popen(  # noqa: S603  our own words only
        [_binary(program), *arguments, *where],
        env={**os.environ, **(secrets or {})},
        stdin=stdin, stdout=stdout, stderr=subprocess.PIPE,
    )  # fmt: skip


def _finish(process: subprocess.Popen[bytes], program: str) -> None:
    stderr: IO[bytes] | None = process.stderr
    words = stderr.read().decode("utf-8", "replace").strip() if stderr else ""
    if process.wait():
        raise BackupRefused(f"{program}: {words.splitlines()[0] if words else 'failed'}")


def _binary(name: str) -> str:
    """The program of the server’s own release if it is here: a newer one writes for newer ones."""
    with connection.cursor():
        major = connection.pg_version // 10000  # type: ignore[attr-defined]
    own = Path(f"/usr/lib/postgresql/{major}/bin/{name}")
    found = str(own) if own.exists() else shutil.which(name)
    if found is None:
        raise BackupRefused(f"{name} is not on this machine: install postgresql-client-{major}.")
    return found
