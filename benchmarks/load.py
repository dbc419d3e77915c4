"""How long people wait: locust at a served desk with a long history, on loopback.

gunicorn (two processes of eight threads) and a worker on PostgreSQL, sessions made beforehand; 10,
25, 50 and 100 people who click every one to five seconds. Where the machine was busy already,
waiting times are printed and not judged; what failed and what a request costs in CPU are.
Run: make load, or python benchmarks/load.py [handoffs] [seconds for each crowd] [crowds, as 10,25]
"""

import csv
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import psutil

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import stage
from tests.faults.harness import free_port

CROWDS = [10, 25, 50, 100]
# At 25 people, in ms: p95 by what is done. Overall: p95 and p99 by crowd.
P95_AT_25 = {"queue": 500, "search": 800, "detail": 400, "save": 500, "report": 2000}
P95, P99 = {25: 500, 50: 1000}, {25: 1500}
FAILED = {10: 0.0, 25: 0.0, 50: 0.001}  # share of requests
LATEST = 30  # seconds until it is as quick as ever after the largest crowd
BUSY = 1.0  # load average before the start from which on waiting times say nothing
MEMORY = 200  # MB for each web process

PREPARE = """
import json, sys
from django.test import Client
from handoffs import lifecycle
from handoffs.models import Handoff
from team.models import User
stage = {"sessions": {}, "drafts": []}
for role in ("sdr", "ae", "manager"):
    rows = stage["sessions"][role] = []
    for user in User.objects.active().filter(**{f"is_{role}": True}):
        client = Client(); client.force_login(user)
        seen = Handoff.objects.visible_to(user).exclude(status="draft").order_by("-pk")
        briefs = list(seen.values_list("pk", flat=True)[:50])
        rows.append({"key": client.session.session_key, "briefs": briefs})
sdrs = list(User.objects.active().filter(is_sdr=True))
old = Handoff.objects.exclude(account=None).order_by("-pk")
for number in range(120):
    user = sdrs[number % len(sdrs)]
    client = Client(); client.force_login(user)
    like = old.filter(sdr=user)[number % 20]
    draft = lifecycle.create_draft(sdr=user, by=user, account=like.account)
    stage["drafts"].append({"key": client.session.session_key, "draft": draft.pk})
print(json.dumps(stage))
"""


def main(handoffs: int, seconds: int, crowds: list[int]) -> int:
    load = os.getloadavg()[0]
    held: list[Held] = []
    with stage.histories("postgresql", [handoffs]) as urls, tempfile.TemporaryDirectory() as folder:
        home = Home(urls[handoffs], Path(folder))
        home.prepare()
        load = max(load, os.getloadavg()[0])
        print(f"\n{handoffs:,} handoffs on PostgreSQL, {seconds} s for each crowd; load average "
              f"before: {load:.1f}")  # fmt: skip
        heads = (("people", 6), ("done", 10), ("requests", 8), ("/s", 6), ("p50", 6), ("p95", 6))
        heads += (("p99", 6), ("failed", 6), ("CPU ms", 7), ("MB", 5))
        print(" ".join(f"{head:>{width}}" for head, width in heads), flush=True)
        with home.served() as web:
            for people in crowds:
                rows, cpu, memory = home.crowd(people, seconds, web)
                show(people, rows, cpu, memory)
                held += judged(people, rows, memory)
            held.append(home.afterwards(people))
    return summed_up(held, is_busy=load > BUSY)


class Held(NamedTuple):
    """One promise, what was measured of it, and whether it takes time on a clock to say so."""

    promise: str
    measured: str
    is_met: bool
    is_waiting: bool = True


def summed_up(held: list[Held], *, is_busy: bool) -> int:
    """Print each promise and how it stands; 1 if one that can be judged is not met."""
    width = max(len(one.promise) for one in held)
    print(f"\n{'promise':<{width}} {'measured':>14}")
    failed = 0
    for one in held:
        is_judged = not (is_busy and one.is_waiting)
        words = "met" if one.is_met else "NOT MET"
        print(f"{one.promise:<{width}} {one.measured:>14}  {words if is_judged else 'not judged'}")
        failed += is_judged and not one.is_met
    if is_busy:
        print("The machine was busy before it began: waiting times are not judged.")
    return 1 if failed else 0


class Home:
    """A served desk: gunicorn and a worker."""

    def __init__(self, url: str, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.environment = os.environ | {
            "DATABASE_URL": url,
            "VAR_DIR": str(folder),
            "SECRET_KEY": "k" * 60,
            "EMAIL_URL": "dummy://",
            "PORT": str(self.port),
            "WEB_CONCURRENCY": "2",
            "WEB_THREADS": "8",
            "LOG_LEVEL": "WARNING",
            "STAGE": str(folder / "stage.json"),
        }

    def prepare(self) -> None:
        self._run("manage.py", "collectstatic", "-v0", "--noinput")
        (self.folder / "stage.json").write_text(
            self._run("manage.py", "shell", "-v0", "-c", PREPARE).splitlines()[-1]
        )

    @contextmanager
    def served(self) -> Iterator[psutil.Process]:
        words = [
            ["-m", "gunicorn", "--config", "gunicorn.conf.py"],
            ["manage.py", "run_worker"],
        ]
        running = [self._start(*line) for line in words]
        try:
            self._wait()
            yield psutil.Process(running[0].pid)
        finally:
            for process in running:
                process.send_signal(signal.SIGTERM)
            for process in running:
                process.wait(60)

    def crowd(
        self, people: int, seconds: int, web: psutil.Process
    ) -> tuple[list[dict[str, str]], float, float]:
        """Locust’s rows, CPU ms of the web processes for each request, MB of the largest."""
        before = cpu_of(web)
        out = self.folder / f"crowd{people}"
        subprocess.run(
            [stage.HOME / ".tools/bin/locust", "-f", stage.HOME / "benchmarks/people_at_work.py",
             "--headless", "-u", str(people), "-r", "10", "-t", f"{seconds}s", "--only-summary",
             "--csv", out, "--host", f"http://127.0.0.1:{self.port}", "--exit-code-on-error", "0"],
            env=self.environment, check=True, capture_output=True, cwd=self.folder,
        )  # fmt: skip
        with Path(f"{out}_stats.csv").open() as file:
            rows = list(csv.DictReader(file))
        requests = int(rows[-1]["Request Count"]) or 1
        memory = max(child.memory_info().rss for child in web.children()) / 2**20
        return rows, 1000 * (cpu_of(web) - before) / requests, memory

    def afterwards(self, people: int) -> Held:
        """Whether a single person is served quickly again after the largest crowd."""
        began, took = time.monotonic(), 0.0
        while took < LATEST:
            asked = time.monotonic()
            answer = httpx.get(f"http://127.0.0.1:{self.port}/admin/login/", timeout=60)
            took = time.monotonic() - began
            if answer.status_code == 200 and time.monotonic() - asked < 0.5:
                break
        return Held(f"after {people} people: quick again within {LATEST} s", f"{took:.1f} s",
                    took < LATEST)  # fmt: skip

    def _wait(self) -> None:
        for _ in range(240):
            try:
                if httpx.get(f"http://127.0.0.1:{self.port}/readyz", timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.5)
        raise SystemExit("the web part does not answer")

    def _start(self, *words: str) -> "subprocess.Popen[bytes]":
        log = (self.folder / f"{words[1]}.log").open("wb")
        return subprocess.Popen(
            [sys.executable, *words], cwd=stage.HOME, env=self.environment, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip

    def _run(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, *words], cwd=stage.HOME, env=self.environment, check=False,
            capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(done.stderr[-2000:])
        return done.stdout


def cpu_of(web: psutil.Process) -> float:
    """Seconds of CPU that the web processes have used so far."""
    times = [child.cpu_times() for child in web.children()]
    return sum(time.user + time.system for time in times)


def show(people: int, rows: list[dict[str, str]], cpu: float, memory: float) -> None:
    for row in rows:
        name = name_of(row)
        p50, p95, p99 = (int(float(row[column] or 0)) for column in ("50%", "95%", "99%"))
        last = f" {cpu:7.1f} {memory:5.0f}" if name == "all" else ""
        print(
            f"{people:6} {name:>10} {row['Request Count']:>8} {float(row['Requests/s']):6.1f} "
            f"{p50:6} {p95:6} {p99:6} {row['Failure Count']:>6}{last}",
            flush=True,
        )


def judged(people: int, rows: list[dict[str, str]], memory: float) -> list[Held]:
    """What was promised of a crowd this large. No promise is made of waiting in the largest."""
    found = []
    for row in rows:
        name = name_of(row)
        p95, p99 = (int(float(row[column] or 0)) for column in ("95%", "99%"))
        limit = P95.get(people) if name == "all" else people == 25 and P95_AT_25.get(name)
        if limit:
            found.append(Held(f"{people} people, {name}: p95 ≤ {limit} ms", f"{p95} ms",
                              p95 <= limit))  # fmt: skip
        if name != "all":
            continue
        if people in P99:
            found.append(Held(f"{people} people: p99 ≤ {P99[people]} ms", f"{p99} ms",
                              p99 <= P99[people]))  # fmt: skip
        if people in FAILED:
            share = int(row["Failure Count"]) / max(1, int(row["Request Count"]))
            found.append(Held(f"{people} people: failed ≤ {FAILED[people]:.1%}", f"{share:.2%}",
                              share <= FAILED[people], is_waiting=False))  # fmt: skip
    found.append(Held(f"{people} people: a web process ≤ {MEMORY} MB", f"{memory:.0f} MB",
                      memory <= MEMORY, is_waiting=False))  # fmt: skip
    return found


def name_of(row: dict[str, str]) -> str:
    return "all" if row["Name"] == "Aggregated" else row["Name"]


def _arguments(given: list[str]) -> tuple[Any, ...]:
    handoffs = int(given[0]) if given else 20_000
    seconds = int(given[1]) if len(given) > 1 else 40
    crowds = [int(n) for n in given[2].split(",")] if len(given) > 2 else CROWDS
    return handoffs, seconds, crowds


if __name__ == "__main__":
    sys.exit(main(*_arguments(sys.argv[1:])))
