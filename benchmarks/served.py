"""A desk that is served for a load run: gunicorn, a worker, and crowds of locust’s people.

Each wait has an end, and whatever was started is ended with it. Nothing here judges.
"""

import csv
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import psutil

from benchmarks import stage
from tests.faults.harness import free_port

Process = subprocess.Popen[Any]
TO_START = 120  # seconds
TO_END = 45
COME_WITHIN = 10  # seconds: all of a crowd clicking in the same instant would measure its arrival
DESK = stage.HOME / "benchmarks/load_desk.py"


class Crowd(NamedTuple):
    """What a crowd met: locust’s rows by name, CPU ms for each request, MB of the largest part."""

    people: int
    rows: list[dict[str, str]]
    cpu: float
    memory: float

    @property
    def all(self) -> dict[str, str]:
        return self.rows[-1]

    @property
    def p95(self) -> int:
        return int(float(self.all["95%"] or 0))

    @property
    def failed(self) -> float:
        """The share of requests that failed; all of them where there were none."""
        requests = int(self.all["Request Count"])
        return int(self.all["Failure Count"]) / requests if requests else 1.0


class Home:
    """The desk and its processes; `inside` is one more, with Django, that is asked by line."""

    def __init__(self, url: str, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.at = f"http://127.0.0.1:{self.port}"
        self.environment = os.environ | {
            "DATABASE_URL": url,
            "VAR_DIR": str(folder),
            "SECRET_KEY": "k" * 60,
            "DEBUG": "false",
            "BASE_URL": self.at,
            "ALLOWED_HOSTS": "127.0.0.1",
            "EMAIL_URL": "dummy://",
            "PORT": str(self.port),
            "WEB_CONCURRENCY": "2",
            "WEB_THREADS": "8",
            "LOG_LEVEL": "WARNING",
            "STAGE": str(folder / "stage.json"),
        }

    @contextmanager
    def served(self) -> Iterator[None]:
        """Sessions and drafts are made, web part and worker run."""
        subprocess.run(
            [sys.executable, "manage.py", "collectstatic", "-v0", "--noinput"],
            cwd=stage.HOME, env=self.environment, check=True, timeout=TO_START,
        )  # fmt: skip
        self.inside = subprocess.Popen(
            [sys.executable, DESK], cwd=stage.HOME, env=self.environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        running: list[Process] = [self.inside]
        try:
            self.stage = self.ask("prepare", within=300)
            Path(self.environment["STAGE"]).write_text(json.dumps(self.stage))
            running.append(self._start("web", "-m", "gunicorn", "--config", "gunicorn.conf.py"))
            self.web = psutil.Process(running[-1].pid)
            running.append(self._start("worker", "manage.py", "run_worker"))
            self._wait()
            yield
        finally:
            for process in reversed(running):
                end(process)

    def ask(self, what: str, within: float) -> Any:
        """What `load_desk.py` answers; it is killed where that takes longer than `within` s."""
        assert self.inside.stdin and self.inside.stdout
        guard = threading.Timer(within, self.inside.kill)
        guard.start()
        try:
            self.inside.stdin.write(f"{what}\n")
            self.inside.stdin.flush()
            answer = self.inside.stdout.readline()
        finally:
            guard.cancel()
        if not answer:
            raise SystemExit(f"“{what}” had no answer within {within:.0f} s; its words are above")
        return json.loads(answer)

    def crowd(self, people: int, seconds: int) -> Crowd:
        """So many people at work for so long."""
        with self.at_work(people, seconds) as met:
            pass
        return met[0]

    @contextmanager
    def at_work(self, people: int, seconds: int) -> Iterator[list[Crowd]]:
        """A crowd beside whatever the caller does; the list holds what it met, afterwards."""
        met: list[Crowd] = []
        before = self._cpu()
        out = self.folder / f"crowd{people}"
        locust = subprocess.Popen(
            [stage.HOME / ".tools/bin/locust", "-f", stage.HOME / "benchmarks/people_at_work.py",
             "--headless", "-u", str(people), "-r", str(people / COME_WITHIN), "-t", f"{seconds}s",
             "--only-summary", "--csv", out, "--host", self.at, "--exit-code-on-error", "0",
             "--stop-timeout", "20"],
            env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            cwd=self.folder, start_new_session=True, text=True,
        )  # fmt: skip
        try:
            yield met
            _, words = locust.communicate(timeout=seconds + 120)
        finally:
            end(locust)
        if locust.returncode:
            raise SystemExit(f"locust has ended with an error:\n{words[-2000:]}")
        with Path(f"{out}_stats.csv").open() as file:
            rows = list(csv.DictReader(file))
        requests = int(rows[-1]["Request Count"]) or 1
        met.append(Crowd(people, rows, 1000 * (self._cpu() - before) / requests, self.memory()))

    def memory(self) -> float:
        """MB of the largest web process."""
        return max(child.memory_info().rss for child in self.web.children()) / 2**20

    def troubles(self) -> list[str]:
        """What web part and worker wrote of errors."""
        words = ("Traceback", "database is locked", "CRITICAL", "WORKER TIMEOUT")
        return [
            line
            for name in ("web", "worker")
            for line in (self.folder / f"{name}.log").read_text(errors="replace").splitlines()
            if any(word in line for word in words)
        ]

    def _cpu(self) -> float:
        """Seconds of CPU that the web processes have used so far."""
        times = [child.cpu_times() for child in self.web.children()]
        return sum(time.user + time.system for time in times)

    def _wait(self) -> None:
        until = time.monotonic() + TO_START
        while time.monotonic() < until:
            with suppress(httpx.TransportError):
                if httpx.get(f"{self.at}/readyz", timeout=5).status_code == 200:
                    return
            time.sleep(0.5)
        log = (self.folder / "web.log").read_text(errors="replace")
        raise SystemExit(f"the web part does not answer:\n{log[-2000:]}")

    def _start(self, name: str, *words: str) -> Process:
        with (self.folder / f"{name}.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, *words], cwd=stage.HOME, env=self.environment, stdout=log,
                stderr=log, start_new_session=True,
            )  # fmt: skip


def end(process: Process) -> None:
    """Ask a process to end, and kill all of its session where it does not."""
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(TO_END)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
