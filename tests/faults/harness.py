"""Real processes of the product on a database of their own, and the means to break them.

Only what it started itself is ever signalled, by process id.
"""

import itertools
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg

ROOT = Path(__file__).resolve().parent.parent.parent
LONG = os.environ.get("FAULTS") == "long"
# The supervisor's limits in seconds, so short that a test need not wait for minutes
QUICK = {"look": 0.3, "poke": 0.7, "help-out": 3, "replace": 8, "patience": 10, "longest-pause": 1}
UNHURRIED = 60  # seconds: longer than a task, or a cluster’s end, takes on a busy machine
IN_THE_END = 240  # seconds: far beyond what it takes on a machine that does nothing else


def until(true: Callable[[], object], seconds: float, what: str) -> float:
    """Wait until `true()`; returns the seconds it took. Fails with `what` did not happen."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, f"{what}: not within {seconds} s"
        time.sleep(0.05)
    return time.monotonic() - began


# A thousand for each of several processes of pytest, below those that the kernel deals out
_own = 20_000 + 1_000 * (int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % 12)
_ports = itertools.cycle(range(_own, _own + 1_000))
for _ in range(random.randrange(1_000)):  # another run of the tests begins elsewhere
    next(_ports)


def free_port() -> int:
    """A port on loopback that nobody listens on, and that nobody else of this run is given."""
    for port in _ports:
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("the ports never end")


class Installation:
    """A migrated database and a folder, and commands run on them.

    What runs for longer writes its log to `log_to`, or each to a file of its own in the folder.
    """

    def __init__(self, url: str, folder: Path) -> None:
        self.folder = folder
        self.log_to: int | None = None
        self.environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            "DATABASE_URL": url,
            "VAR_DIR": str(folder),
            "STATIC_ROOT": str(folder / "static"),
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            "EMAIL_URL": "dummy://",
            "LOG_LEVEL": "INFO",
        }

    def python(self, *words: str) -> str:
        """Run Python with `words`; its standard output."""
        done = subprocess.run(
            [sys.executable, *words],
            cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def manage(self, *words: str) -> str:
        return self.python("manage.py", *words)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What `sql` selects."""
        with closing(self._connect()) as connection:
            found: list[tuple[Any, ...]] = connection.execute(sql).fetchall()
            return found

    def execute(self, sql: str) -> None:
        """Change rows behind the product’s back."""
        with closing(self._connect()) as connection:
            connection.execute(sql)
            connection.commit()

    def _connect(self) -> Any:
        url = self.environment["DATABASE_URL"]
        if url.startswith("sqlite"):
            return sqlite3.connect(url.removeprefix("sqlite:///"), timeout=20)
        return psycopg.connect(url)

    def last_beat(self) -> object:
        """When a task of any worker last ran."""
        return self.rows("SELECT beat_at FROM sla_heartbeat WHERE name = 'worker'")

    def scene(self, name: str, *arguments: object) -> Any:
        """What the function `name` of scenes.py answers, called in a process of its own."""
        return json.loads(self.python("-m", "tests.faults.scenes", name, *map(str, arguments)))

    @contextmanager
    def worker(self, **limits: float) -> Iterator["Worker"]:
        """A supervised worker that works; ended, with all of its processes, afterwards."""
        words = [f"--{name}={value}" for name, value in {**QUICK, **limits}.items()]
        worker = Worker(self, ["manage.py", "run_worker", *words])
        try:
            worker.wait_until_it_works()
            yield worker
        finally:
            worker.destroy()


class Worker:
    """A supervisor and the cluster it keeps."""

    def __init__(self, home: Installation, words: list[str]) -> None:
        number = len(list(home.folder.glob("worker*.log")))
        self.log = home.folder / f"worker{number}.log"
        with self.log.open("wb") as log:
            self.supervisor = subprocess.Popen(
                [sys.executable, *words],
                cwd=ROOT, env=home.environment, stdout=home.log_to or log,
                stderr=home.log_to or log, start_new_session=True,
            )  # fmt: skip
        self.groups: set[int] = set()

    def cluster(self) -> dict[str, list[int]]:
        """The process ids of the present cluster by what they do."""
        found: dict[str, list[int]] = {}
        try:
            for main in psutil.Process(self.supervisor.pid).children():
                if not _title(main).startswith("qcluster"):
                    continue
                self.groups.add(main.pid)
                found.setdefault("main", []).append(main.pid)
                for sentinel in main.children():
                    found.setdefault("sentinel", []).append(sentinel.pid)
                    for process in sentinel.children():
                        words = _title(process).split()
                        role = words[2] if words[2:] else "unknown"
                        role = role if role in {"monitor", "pusher"} else "worker"
                        found.setdefault(role, []).append(process.pid)
        except psutil.Error:
            return {}
        return found

    def is_whole(self) -> bool:
        return {"main", "sentinel", "monitor", "pusher", "worker"} <= set(self.cluster())

    def wait_until_it_works(self) -> float:
        return until(self.is_whole, IN_THE_END, "the worker has all of its processes")

    def kill(self, role: str) -> int:
        """SIGKILL to one process of the cluster; its id."""
        (pid, *_) = self.cluster()[role]
        os.kill(pid, signal.SIGKILL)
        return pid

    def left_over(self) -> list[int]:
        """The processes that are alive of every cluster this worker ever had."""
        return [
            process.pid
            for process in psutil.process_iter()
            if _group(process.pid) in self.groups and _is_alive(process)
        ]

    def destroy(self) -> None:
        self.cluster()
        if self.supervisor.poll() is None:
            self.supervisor.kill()
        self.supervisor.wait()
        for group in self.groups:
            try:
                os.killpg(group, signal.SIGKILL)
            except ProcessLookupError:
                continue


def _title(process: psutil.Process) -> str:
    return " ".join(process.cmdline())


def _group(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
