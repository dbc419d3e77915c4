"""What a web process keeps of the memory that it needed for a moment."""

import os
import subprocess
import sys
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
EIGHT_SIGN_IN = """
import threading, psutil, config.wsgi
from django.contrib.auth.hashers import check_password, make_password
kept = make_password("correct horse")
before = psutil.Process().memory_info().rss
people = [threading.Thread(target=check_password, args=("wrong horse", kept)) for _ in range(8)]
for one in people: one.start()
for one in people: one.join()
print((psutil.Process().memory_info().rss - before) // 2**20)
"""
PAGES_KEPT = """
{before}
from django.db import connection
with connection.cursor() as cursor:
    print(-cursor.execute("PRAGMA cache_size").fetchone()[0])
"""


def test_the_memory_of_sign_ins_goes_back(tmp_path: Path) -> None:
    grown = said(EIGHT_SIGN_IN, tmp_path)  # MB; without our settings 19 for each of the eight

    assert grown < 38


def test_a_thread_of_the_web_keeps_fewer_pages_of_sqlite_than_the_worker(tmp_path: Path) -> None:
    web = said(PAGES_KEPT.format(before="import config.wsgi"), tmp_path)
    worker = said(PAGES_KEPT.format(before="import django; django.setup()"), tmp_path)

    assert (web, worker) == (2000, 16000)  # kB; a web process has eight threads


def said(words: str, folder: Path) -> int:
    """The number that a process of its own prints last."""
    environment = os.environ | {
        "VAR_DIR": str(folder),
        "DATABASE_URL": f"sqlite:///{folder}/desk.sqlite3",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DEBUG": "true",
    }
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", words],
        cwd=HOME, env=environment, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    return int(done.stdout.splitlines()[-1])
