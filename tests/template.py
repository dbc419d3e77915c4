"""A migrated database, kept from one run of the tests to the next.

Running all migrations is most of the start of a run. What they alone have made is kept in
var/tests under a name that changes with any of them: a file of SQLite, a dump of PostgreSQL. What
the product ships into a new database is written anew by each run. A run that finds none makes it,
once for all of its processes.
"""

import fcntl
import hashlib
import os
import sqlite3
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.core.management.commands import migrate
from django.db import connection

from tests import postgres

HOME = Path(__file__).resolve().parent.parent
FOLDER = HOME / "var" / "tests"
# What the rows of a migrated database come of
SOURCES = ("*/migrations/*.py", "*/*/migrations/*.py", "accounts/names.py", "requirements/base.txt")
KINDS = {"sqlite": "sqlite3", "postgresql": "sql"}

_open: list[sqlite3.Connection] = []  # a database in memory lives as long as somebody is in it


def use() -> None:
    """Begin the test database with what was kept; keep it where nothing was."""
    if connection.vendor == "postgresql" and "TEST_DATABASE_URL" in os.environ:
        return  # a server of somebody’s own, which our pg_dump may be too old for
    path = kept(connection.vendor)
    create, emit = connection.creation._create_test_db, migrate.emit_post_migrate_signal
    alone = ExitStack()

    def created(*args: Any, **kwargs: Any) -> str:
        name: str = create(*args, **kwargs)
        _wait_for_the_others(alone)
        if path.exists():
            alone.close()
            _fill(name, path)
        return name

    def emitted(*args: Any, **kwargs: Any) -> None:
        migrate.emit_post_migrate_signal = emit
        with alone:
            if not path.exists():
                _keep(path)
        emit(*args, **kwargs)

    connection.creation._create_test_db = created  # type: ignore[method-assign]
    migrate.emit_post_migrate_signal = emitted


def kept(vendor: str) -> Path:
    """Where the database of the present migrations is, once a run of the tests has kept it."""
    digest = hashlib.sha256()
    for path in sorted({path for pattern in SOURCES for path in HOME.glob(pattern)}):
        digest.update(str(path.relative_to(HOME)).encode() + path.read_bytes())
    return FOLDER / f"{digest.hexdigest()[:24]}.{KINDS[vendor]}"


def _wait_for_the_others(alone: ExitStack) -> None:
    """Until `alone` is closed no other process makes what is to be kept."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    fcntl.flock(alone.enter_context((FOLDER / "lock").open("w")), fcntl.LOCK_EX)


def _fill(name: str, path: Path) -> None:
    if connection.vendor == "postgresql":
        postgres.restore(path, _url(name))
        return
    there = sqlite3.connect(name, uri=True)
    with sqlite3.connect(path) as here:
        here.backup(there)
    here.close()
    _open.append(there)


def _keep(path: Path) -> None:
    """Write the database of this moment, whole or not at all, and drop those of other times."""
    unfinished = path.with_suffix(f".{os.getpid()}")
    if connection.vendor == "postgresql":
        postgres.dump(_url(connection.settings_dict["NAME"]), unfinished)
    else:
        connection.ensure_connection()
        with sqlite3.connect(unfinished) as file:
            connection.connection.backup(file)
        file.close()
    for old in FOLDER.glob(f"*{path.suffix}"):
        if old != path:
            old.unlink(missing_ok=True)
    unfinished.replace(path)


def _url(name: str) -> str:
    """Of a database beside the one that DATABASE_URL names."""
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))
