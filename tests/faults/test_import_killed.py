"""An import whose process is killed half-way: nothing is half-written, nothing comes in twice."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.harness import IN_THE_END, LONG, ROOT, Installation, until

pytestmark = pytest.mark.faults

ROWS = 100_000 if LONG else 24_000
STATE = "SELECT state FROM team_import"
CONTACTS = "SELECT count(*), count(DISTINCT email) FROM accounts_contact"


def written_rows(home: Installation, run: int) -> int:
    """How far the process says it is."""
    note = Path(home.folder, "uploads", "import-files", f"run-{run}.note")
    try:
        return int(json.loads(note.read_text())[0])
    except (FileNotFoundError, ValueError):
        return 0


def kill_half_way(home: Installation, run: int) -> None:
    importing = subprocess.Popen(
        [sys.executable, "manage.py", "run_imports", "--skip-checks"],
        cwd=ROOT, env=home.environment, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until(lambda: written_rows(home, run) >= ROWS // 2, IN_THE_END, "half of it is done")
    finally:
        importing.send_signal(signal.SIGKILL)
        importing.wait()
    assert importing.returncode == -signal.SIGKILL


def test_a_killed_import_wrote_nothing_and_the_worker_does_it_again(
    installation: Installation,
) -> None:
    run = installation.scene("bring", ROWS)["run"]
    kill_half_way(installation, run)
    assert installation.rows(CONTACTS) == [(0, 0)]
    assert installation.rows(STATE) == [("confirmed",)]

    with installation.worker():
        until(lambda: installation.rows(STATE) == [("done",)], IN_THE_END, "the worker has done it")
    assert installation.rows(CONTACTS) == [(ROWS, ROWS)]
    assert "0 imports moved on" in installation.manage("run_imports", "--skip-checks")
    assert installation.rows(CONTACTS) == [(ROWS, ROWS)]
