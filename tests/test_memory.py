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


def test_the_memory_of_sign_ins_goes_back(tmp_path: Path) -> None:
    environment = os.environ | {
        "VAR_DIR": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path}/desk.sqlite3",
        "DEBUG": "true",
    }
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", EIGHT_SIGN_IN],
        cwd=HOME, env=environment, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip

    grown = int(done.stdout.splitlines()[-1])  # MB; without our settings 19 for each of the eight
    assert grown < 38
