"""A database for real processes: fault tests run on SQLite, and on PostgreSQL if it is here."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import template
from tests.faults.harness import Installation
from tests.postgres import new_database, restore, start_postgres


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file to copy: migrating takes longer than most of these tests."""
    folder = tmp_path_factory.mktemp("migrated")
    if (kept := template.kept("sqlite")).exists():
        shutil.copy(kept, folder / "desk.sqlite3")
    Installation(f"sqlite:///{folder}/desk.sqlite3", folder).manage(
        "migrate", "-v0", "--skip-checks"
    )
    return folder / "desk.sqlite3"


@pytest.fixture
def on_sqlite(migrated_sqlite: Path, tmp_path: Path) -> Installation:
    shutil.copy(migrated_sqlite, tmp_path / "desk.sqlite3")
    return Installation(f"sqlite:///{tmp_path}/desk.sqlite3", tmp_path)


@pytest.fixture(scope="session")
def migrated_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a migrated database, to be copied as well."""
    with start_postgres() as server, new_database(server) as url:
        if (kept := template.kept("postgresql")).exists():
            restore(kept, url)
        Installation(url, tmp_path_factory.mktemp("migrated")).manage(
            "migrate", "-v0", "--skip-checks"
        )
        yield url


@pytest.fixture
def on_postgres(migrated_postgres: str, tmp_path: Path) -> Iterator[Installation]:
    server, name = migrated_postgres.rsplit("/", 1)
    with new_database(f"{server}/postgres", like=name) as url:
        yield Installation(url, tmp_path)


@pytest.fixture(params=["sqlite", "postgres"])
def installation(request: pytest.FixtureRequest) -> Installation:
    found = request.getfixturevalue(f"on_{request.param}")
    assert isinstance(found, Installation)
    return found


@pytest.fixture(scope="session")
def collected(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the pages are made of, gathered once for all of a run: only ever read from there."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder = shared / "collected"
    with (shared / "collected.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "staticfiles.json").exists():
            home = Installation("sqlite:///:memory:", tmp_path_factory.mktemp("collecting"))
            home.environment["STATIC_ROOT"] = str(folder)
            home.manage("collectstatic", "-v0", "--noinput")
    return str(folder)
