"""A migrated SQLite database, kept from one run of the tests to the next; PostgreSQL has none.

Running all migrations is most of the start of a run. What they alone have made is kept in
var/tests under a name that changes with any of them; what the product ships into a new database is
written anew by each run. A run that finds no such file makes it.
"""

import hashlib
import os
import sqlite3
from pathlib import Path
from typing import Any

from django.core.management.commands import migrate
from django.db import connection

HOME = Path(__file__).resolve().parent.parent
FOLDER = HOME / "var" / "tests"
# What the rows of a migrated database come of
SOURCES = ("*/migrations/*.py", "*/*/migrations/*.py", "accounts/names.py", "requirements/base.txt")

_open: list[sqlite3.Connection] = []  # a database in memory lives as long as somebody is in it


def use() -> None:
    """Begin the test database with what was kept; keep it where nothing was."""
    if connection.vendor != "sqlite":
        return
    path = kept()
    create, emit = connection.creation._create_test_db, migrate.emit_post_migrate_signal

    def created(*args: Any, **kwargs: Any) -> str:
        name: str = create(*args, **kwargs)
        if path.exists():
            _copy(str(path), name)
        return name

    def emitted(*args: Any, **kwargs: Any) -> None:
        migrate.emit_post_migrate_signal = emit
        if not path.exists():
            _keep(path)
        emit(*args, **kwargs)

    connection.creation._create_test_db = created  # type: ignore[method-assign]
    migrate.emit_post_migrate_signal = emitted


def kept() -> Path:
    """Where the database of the present migrations is, once a run of the tests has kept it."""
    digest = hashlib.sha256()
    for path in sorted({path for pattern in SOURCES for path in HOME.glob(pattern)}):
        digest.update(str(path.relative_to(HOME)).encode() + path.read_bytes())
    return FOLDER / f"{digest.hexdigest()[:24]}.sqlite3"


def _copy(source: str, target: str) -> None:
    there = sqlite3.connect(target, uri=True)
    with sqlite3.connect(source) as here:
        here.backup(there)
    here.close()
    _open.append(there)


def _keep(path: Path) -> None:
    """Write the database of this moment, whole or not at all, and drop those of other times."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}")
    connection.ensure_connection()
    with sqlite3.connect(unfinished) as file:
        connection.connection.backup(file)
    file.close()
    for old in FOLDER.glob("*.sqlite3"):
        if old != path:
            old.unlink(missing_ok=True)
    unfinished.replace(path)
