"""Backups taken while people work, and put back: whole, checked, or refused in one sentence."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.harness import IN_THE_END, LONG, ROOT, Installation, until
from tests.postgres import new_database

pytestmark = pytest.mark.faults

TIMES = 20 if LONG else 3
EVENTS = "SELECT count(*) FROM handoffs_handoffevent"


@contextmanager
def elsewhere(like: Installation, folder: Path) -> Iterator[Installation]:
    """An empty database of the same kind, never migrated."""
    folder.mkdir()
    if like.environment["DATABASE_URL"].startswith("sqlite"):
        yield Installation(f"sqlite:///{folder}/desk.sqlite3", folder)
        return
    server = like.environment["DATABASE_URL"].rsplit("/", 1)[0]
    with new_database(f"{server}/postgres") as url:
        yield Installation(url, folder)


def run(home: Installation, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT, env=home.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def refusal(home: Installation, *words: str) -> str:
    """The one line with which a command refuses."""
    done = run(home, *words)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    return line


def events(home: Installation) -> int:
    return int(home.rows(EVENTS)[0][0])


@pytest.fixture
def filled(installation: Installation) -> Installation:
    installation.scene("fill", 2, 60)
    return installation


@contextmanager
def writers(home: Installation, count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """So many processes that hand over and accept until they are ended."""
    busy = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.faults.scenes", "keep_writing", str(n), "600"],
            cwd=ROOT, env=home.environment, stdout=subprocess.DEVNULL,
        )
        for n in range(count)
    ]  # fmt: skip
    try:
        yield busy
    finally:
        for writer in busy:
            writer.kill()
            writer.wait()


def test_backups_taken_under_writes_are_whole_and_in_order(
    filled: Installation, tmp_path: Path
) -> None:
    began = events(filled)
    taken = {}
    with writers(filled, 2) as busy:
        until(lambda: events(filled) > began + 10, IN_THE_END, "both write")
        for number in range(TIMES):
            path = tmp_path / f"{number}.backup"
            before = events(filled)
            filled.manage("backup", str(path))
            taken[path] = before, events(filled)
        assert [writer.poll() for writer in busy] == [None, None], "nobody had to stop"
    for path, (before, after) in taken.items():
        assert after > before, "there was writing meanwhile"
        with elsewhere(filled, path.with_suffix(".restored")) as other:
            assert other.manage("restore", str(path)).startswith("Restored ")
            assert before <= events(other) <= after


def test_what_came_after_the_backup_is_only_lost_on_purpose(
    filled: Installation, tmp_path: Path
) -> None:
    path = str(tmp_path / "desk.backup")
    filled.manage("backup", path)
    kept = events(filled)
    filled.execute("UPDATE team_user SET first_name = 'Changed'")
    filled.execute("CREATE TABLE later (id integer)")
    assert "To lose that, add --yes" in refusal(filled, "restore", path)
    assert filled.rows("SELECT DISTINCT first_name FROM team_user") == [("Changed",)]
    filled.manage("restore", path, "--yes")
    assert ("Changed",) not in filled.rows("SELECT DISTINCT first_name FROM team_user")
    assert events(filled) == kept
    assert filled.manage("migrate", "--check") == ""


def test_mail_to_prospects_and_sign_ins_do_not_come_back_to_life(
    filled: Installation, tmp_path: Path
) -> None:
    path = str(tmp_path / "desk.backup")
    filled.execute("INSERT INTO django_session VALUES ('abc', 'x', '2099-01-01 00:00:00+00:00')")
    filled.manage("backup", path)
    filled.execute("UPDATE messaging_message SET state = 'sent'")
    filled.manage("restore", path, "--yes")
    assert filled.rows(
        "SELECT DISTINCT state FROM messaging_message WHERE audience = 'prospect'"
    ) == [("unknown",)]
    assert ("pending",) in filled.rows(
        "SELECT state FROM messaging_message WHERE audience = 'internal'"
    )
    assert filled.rows("SELECT * FROM django_session") == []


def test_whoever_was_erased_since_the_backup_stays_erased(
    filled: Installation, tmp_path: Path
) -> None:
    path = str(tmp_path / "desk.backup")
    filled.manage("backup", path)
    ((address,), *_) = filled.rows("SELECT email FROM accounts_contact ORDER BY id")
    filled.manage("erase_person", address)
    said = filled.manage("restore", path, "--yes")
    assert "1 people erased again" in said
    assert (address,) not in filled.rows("SELECT email FROM accounts_contact")


def test_a_file_that_is_not_what_was_written_is_refused(
    filled: Installation, tmp_path: Path
) -> None:
    path = tmp_path / "desk.backup"
    filled.manage("backup", str(path))
    assert path.stat().st_mode & 0o077 == 0
    assert "is there already" in refusal(filled, "backup", str(path))
    whole = path.read_bytes()
    for damaged in (whole[: len(whole) // 2], whole[:2000] + b"?" + whole[2001:], b"", b"PK"):
        path.write_bytes(damaged)
        assert "damaged" in refusal(filled, "restore", str(path), "--yes")
    path.unlink()
    assert "No such file" in refusal(filled, "restore", str(path), "--yes")
    nowhere = str(tmp_path / "nowhere" / "desk.backup")
    assert "could not be written" in refusal(filled, "backup", nowhere)
    assert list(tmp_path.glob("*.unfinished")) == list(tmp_path.glob("restore-*")) == []


def test_a_backup_of_a_newer_release_or_another_database_is_refused(
    filled: Installation, tmp_path: Path
) -> None:
    path = tmp_path / "desk.backup"
    filled.manage("backup", str(path))
    rewrite(path, lambda manifest: manifest["migrations"].append("team.0099_from_the_future"))
    line = refusal(filled, "restore", str(path), "--yes")
    assert "team.0099_from_the_future" in line and "newer" in line
    rewrite(path, lambda manifest: manifest.update(engine="oracle"))
    assert "backup of oracle" in refusal(filled, "restore", str(path), "--yes")
    with elsewhere(filled, tmp_path / "empty") as empty:
        assert "is empty" in refusal(empty, "backup", str(tmp_path / "empty.backup"))


def rewrite(path: Path, change: object) -> None:
    """Change the manifest of the backup at `path`."""
    with zipfile.ZipFile(path) as archive:
        manifest, copy = json.loads(archive.read("manifest.json")), archive.read("database")
    change(manifest)  # type: ignore[operator]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("database", copy)
        archive.writestr("manifest.json", json.dumps(manifest))


def test_nothing_is_put_back_beside_a_running_worker(
    on_sqlite: Installation, tmp_path: Path
) -> None:
    path = str(tmp_path / "desk.backup")
    on_sqlite.manage("backup", path)
    with on_sqlite.worker():
        assert "A worker runs here" in refusal(on_sqlite, "restore", path, "--yes")
    on_sqlite.manage("restore", path, "--yes")


def test_a_restore_that_breaks_off_on_postgres_leaves_everything_as_it_was(
    on_postgres: Installation, tmp_path: Path
) -> None:
    path = tmp_path / "desk.backup"
    on_postgres.scene("fill", 1, 60)
    on_postgres.manage("backup", str(path))
    before = events(on_postgres)
    # A table of the backup that cannot be made: a view of its name depends on nothing we drop
    on_postgres.execute("ALTER TABLE sla_heartbeat RENAME TO sla_other")
    on_postgres.execute("CREATE VIEW sla_heartbeat AS SELECT 1 AS name")
    assert "psql" in refusal(on_postgres, "restore", str(path), "--yes")
    assert events(on_postgres) == before
    assert on_postgres.rows("SELECT count(*) FROM sla_other") == [(0,)]
    assert "1 other programs are connected" in _beside(on_postgres, path)


def test_postgres_knows_what_was_put_back_before_anybody_asks_for_it(
    on_postgres: Installation, tmp_path: Path
) -> None:
    """Else it reads the whole log for each handoff, and a restore of 10,000 breaks off."""
    path = tmp_path / "desk.backup"
    on_postgres.scene("fill", 1, 60)
    on_postgres.manage("backup", str(path))
    on_postgres.manage("restore", str(path), "--yes")
    known = "SELECT count(*) > 0 FROM pg_stats WHERE tablename = 'handoffs_handoffevent'"
    assert on_postgres.rows(known) == [(True,)]


def _beside(home: Installation, path: Path) -> str:
    with home._connect() as connection:
        connection.execute("SELECT 1")
        return refusal(home, "restore", str(path), "--yes")
