"""Copying a SQLite database and putting a copy back, while others have it open."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from django.db import connection

from config.backups.archive import CHUNK, BackupRefused, Facts, Summed


def copy(out: Summed, folder: Path) -> Facts:
    """Write a copy of the present instant. Writers go on meanwhile (WAL); `folder` needs room."""
    path = folder / "copy.sqlite3"
    connection.ensure_connection()
    with closing(sqlite3.connect(path)) as target:
        # All pages in one step: in several, every writer would make it begin anew
        connection.connection.backup(target, pages=-1)
        target.execute("PRAGMA journal_mode=DELETE")  # else half of it could stand in a -wal file
    facts = _look_through(path)
    with path.open("rb") as stream:
        shutil.copyfileobj(stream, out, CHUNK)
    return facts


def put_back(path: Path, facts: Facts) -> None:
    """Make the database what stands at `path`, in one transaction, through SQLite itself.

    Moving the file into place would leave whoever has the old one open writing into nothing.
    """
    if _look_through(path) != facts:
        raise BackupRefused("The copy does not hold what its manifest says.")
    connection.ensure_connection()
    try:
        with closing(sqlite3.connect(path)) as source:
            source.backup(connection.connection, pages=-1)
        connection.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.DatabaseError as error:
        raise BackupRefused(
            f"{connection.settings_dict['NAME']} does not take it ({error}). Move that file away "
            "and try again."
        ) from error
    connection.close()


def others_at_work() -> int:
    """How many other programs have the database open: SQLite does not know."""
    return 0


def _look_through(path: Path) -> Facts:
    with closing(sqlite3.connect(path)) as database:
        try:
            ((verdict, *_), *_) = database.execute("PRAGMA integrity_check(1)").fetchall()
            astray = database.execute("PRAGMA foreign_key_check").fetchall()
            rows = {
                name: int(database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0])  # noqa: S608
                for (name,) in database.execute(
                    "SELECT name FROM sqlite_master WHERE type = 'table'"
                    " AND name NOT LIKE 'sqlite_%' ORDER BY name"
                ).fetchall()
            }
            applied = database.execute("SELECT app, name FROM django_migrations ORDER BY app, name")
            migrations = [f"{app}.{name}" for app, name in applied]
        except sqlite3.DatabaseError as error:
            raise BackupRefused(f"The database is damaged: {error}.") from error
    if verdict != "ok":
        raise BackupRefused(f"The database is damaged: {verdict}.")
    if astray:
        raise BackupRefused(f"Rows of the table {astray[0][0]} refer to rows that are not there.")
    return Facts("sqlite", rows, migrations)
