"""`migrate` run by two machines at once, killed half-way, or beside somebody who holds a table."""

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.faults.harness import IN_THE_END, ROOT, Installation, until
from tests.faults.test_backups import elsewhere, refusal, run

pytestmark = pytest.mark.faults


def begin(home: Installation) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "manage.py", "migrate", "-v0", "--skip-checks"],
        cwd=ROOT, env=home.environment, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def applied(home: Installation) -> int:
    """How many migrations are written down as done."""
    try:
        return int(home.rows("SELECT count(*) FROM django_migrations")[0][0])
    except (sqlite3.OperationalError, psycopg.errors.UndefinedTable):  # it comes with the first
        return 0


def test_two_at_once_wait_for_each_other(installation: Installation, tmp_path: Path) -> None:
    with elsewhere(installation, tmp_path / "new") as new:
        both = [begin(new), begin(new)]
        assert [(process.communicate()[1], process.returncode) for process in both] == [
            ("", 0),
            ("", 0),
        ]
        assert run(new, "migrate", "--check").returncode == 0


def test_one_that_was_killed_is_run_again(installation: Installation, tmp_path: Path) -> None:
    with elsewhere(installation, tmp_path / "new") as new:
        for done in (1, 20, 60):
            process = begin(new)
            until(lambda done=done: applied(new) >= done, IN_THE_END, f"{done} are applied")
            process.kill()
            process.communicate()
            assert process.returncode == -signal.SIGKILL
        new.manage("migrate", "-v0")
        assert run(new, "migrate", "--check").returncode == 0


KILLED_AT_THE_LINE = """
import os, signal, sys
from django.core.management import execute_from_command_line
from django.db.migrations.recorder import MigrationRecorder

write_down = MigrationRecorder.record_applied

def killed(self, app, name):
    if app == sys.argv[1]:
        os.kill(os.getpid(), signal.SIGKILL)
    write_down(self, app, name)

MigrationRecorder.record_applied = killed
execute_from_command_line(["manage.py", "migrate", "-v0", "--skip-checks"])
"""


def test_one_that_is_killed_before_it_is_written_down_is_run_again(
    installation: Installation, tmp_path: Path
) -> None:
    """Indexes and foreign keys come last, and were then outside the transaction of the line."""
    with elsewhere(installation, tmp_path / "new") as new:
        killed = subprocess.run(
            [sys.executable, "-c", KILLED_AT_THE_LINE, "accounts"],
            cwd=ROOT, env=new.environment, check=False,
        )  # fmt: skip
        assert killed.returncode == -signal.SIGKILL
        new.manage("migrate", "-v0")
        assert run(new, "migrate", "--check").returncode == 0


def test_a_table_that_somebody_holds_is_not_waited_for(on_postgres: Installation) -> None:
    """Everybody else would wait behind us."""
    on_postgres.execute("DELETE FROM django_migrations WHERE app = 'axes' AND name > '0009'")
    on_postgres.execute("ALTER TABLE axes_accesslog DROP COLUMN session_hash")
    on_postgres.execute("DROP TABLE axes_accessattemptexpiration")
    with on_postgres._connect() as connection:
        connection.execute("LOCK TABLE axes_accesslog IN ACCESS SHARE MODE")
        assert "run it again" in refusal(on_postgres, "migrate", "-v0", "--skip-checks")
    on_postgres.manage("migrate", "-v0", "--skip-checks")
