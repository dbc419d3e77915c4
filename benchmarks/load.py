"""How long people wait: locust at a served desk with a long history, on loopback.

gunicorn (two processes of eight threads) and a worker, sessions made beforehand; 10, 25, 50 and 100
people who come within ten seconds and click every one to five; then log-ins, deliveries of a data
source, an import, an export, a thousand due clocks, and what is wrong afterwards. Where the machine
was busy already, waiting times are printed and not judged; what failed and what was lost are.
Run: make load, or python benchmarks/load.py [postgresql|sqlite] [handoffs] [seconds for each crowd]
[crowds, as 10,25]; with SOAK=minutes 25 people for so long instead, which judges memory and how
soon the word of a due step has left.
"""

import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple, NoReturn

import httpx

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import load_parts, stage
from benchmarks.held import Held, summed_up
from benchmarks.served import Crowd, Home

# At 25 people, in ms: p95 by what is done. Overall: p95 and p99 by crowd.
P95_AT_25 = {"queue": 500, "search": 800, "detail": 400, "save": 500, "report": 2000}
P95, P99 = {25: 500, 50: 1000}, {25: 1500}
FAILED = {10: 0.0, 25: 0.0, 50: 0.001}  # share of requests
LATEST = 30  # seconds until it is as quick as ever after the largest crowd
BUSY = 1.0  # load average before the start from which on waiting times say nothing
MEMORY, GROWTH = 200, 0.05  # MB for each web process; how much more after a soak
WARM = 300  # seconds before the memory of a soak is read: by then each thread has its own
PLAYED = 120  # handoffs that are played, the rest of the history is copied
SPARE = 1800  # seconds for everything but the soak and the crowds, after which it is given up


class Run(NamedTuple):
    """What the command line asks for."""

    vendor: str
    handoffs: int
    seconds: int
    crowds: list[int]
    soak: int  # minutes; 0: the short run


def main(run: Run) -> int:
    load = os.getloadavg()[0]  # our own set-up raises it, so only what was there before counts
    _give_up_after(SPARE + 60 * run.soak + run.seconds * len(run.crowds))
    with (
        stage.histories(run.vendor, [run.handoffs], min(PLAYED, run.handoffs)) as urls,
        tempfile.TemporaryDirectory(prefix="desk-load-", ignore_cleanup_errors=True) as folder,
    ):
        home = Home(urls[run.handoffs], Path(folder))
        with home.served():
            print(f"\n{run.handoffs:,} handoffs on {run.vendor}; load average before: {load:.1f}")
            _heads()
            began = time.monotonic()
            held = _soaked(home, run.soak) if run.soak else _short(home, run)
            _say("what is wrong afterwards")
            held += load_parts.afterwards(home)
            print(f"{time.monotonic() - began:.0f} s after set-up", flush=True)
    return summed_up(held, is_busy=load > BUSY)


def _short(home: Home, run: Run) -> list[Held]:
    held: list[Held] = []
    for people in run.crowds:
        held += judged(_show(home.crowd(people, run.seconds)))
    held.append(_afterwards(home, run.crowds[-1]))
    part = min(60, run.seconds * 3 // 2)
    _say(f"log-ins for {part} s")
    held += load_parts.sign_ins(home, part)
    _say("deliveries")
    held += load_parts.deliveries(home, max(2, run.seconds // 4))
    rows = load_parts.ROWS if run.handoffs >= load_parts.ROWS else run.handoffs
    _say(f"an import of {rows:,} rows, beside people")
    found, crowd = load_parts.an_import(home, 10, rows, run.seconds)
    _show(crowd)
    _say("their export, then due clocks")
    held += found + load_parts.an_export(home, rows)
    found, crowd = load_parts.sweeps(home, 25, max(10, run.seconds * 3 // 4))
    _show(crowd)
    return held + found


def _soaked(home: Home, minutes: int) -> list[Held]:
    """25 people for so long, and steps that fall due all the while; whether word of those left in
    time, and whether the web processes have grown since they were warm."""
    people = 25
    warm = _show(home.crowd(people, WARM))
    with home.at_work(people, 60 * minutes) as met:
        held = load_parts.escalations(home, 60 * minutes)
    soaked = _show(met[0])
    growth = soaked.memory / warm.memory - 1
    words = f"after {minutes} min: a web process has grown ≤ {GROWTH:.0%}"
    held.append(Held(words, f"{growth:+.1%}", growth <= GROWTH, is_waiting=False))
    return [*judged(soaked), *held]


def judged(crowd: Crowd) -> list[Held]:
    """What was promised of a crowd this large. No promise is made of waiting in the largest."""
    people, found = crowd.people, []
    for row in crowd.rows:
        name = name_of(row)
        p95, p99 = (int(float(row[column] or 0)) for column in ("95%", "99%"))
        limit = P95.get(people) if name == "all" else people == 25 and P95_AT_25.get(name)
        if limit:
            found.append(Held(f"{people} people, {name}: p95 ≤ {limit} ms", f"{p95} ms",
                              p95 <= limit))  # fmt: skip
        if name == "all" and people in P99:
            found.append(Held(f"{people} people: p99 ≤ {P99[people]} ms", f"{p99} ms",
                              p99 <= P99[people]))  # fmt: skip
    if people in FAILED:
        found.append(Held(f"{people} people: failed ≤ {FAILED[people]:.1%}", f"{crowd.failed:.2%}",
                          crowd.failed <= FAILED[people], is_waiting=False))  # fmt: skip
    found.append(Held(f"{people} people: a web process ≤ {MEMORY} MB", f"{crowd.memory:.0f} MB",
                      crowd.memory <= MEMORY, is_waiting=False))  # fmt: skip
    return found


def _afterwards(home: Home, people: int) -> Held:
    """Whether a single person is served quickly again after the largest crowd."""
    began, took = time.monotonic(), 0.0
    while took < LATEST:
        asked = time.monotonic()
        answer = httpx.get(f"{home.at}/admin/login/", timeout=LATEST)
        took = time.monotonic() - began
        if answer.status_code == 200 and time.monotonic() - asked < 0.5:
            break
    return Held(f"after {people} people: quick again within {LATEST} s", f"{took:.1f} s",
                took < LATEST)  # fmt: skip


def _heads() -> None:
    heads = (("people", 6), ("done", 10), ("requests", 8), ("/s", 6), ("p50", 6), ("p95", 6))
    heads += (("p99", 6), ("failed", 6), ("CPU ms", 7), ("MB", 5))
    print(" ".join(f"{head:>{width}}" for head, width in heads), flush=True)


def _show(crowd: Crowd) -> Crowd:
    for row in crowd.rows:
        name = name_of(row)
        p50, p95, p99 = (int(float(row[column] or 0)) for column in ("50%", "95%", "99%"))
        last = f" {crowd.cpu:7.1f} {crowd.memory:5.0f}" if name == "all" else ""
        print(
            f"{crowd.people:6} {name:>10} {row['Request Count']:>8} "
            f"{float(row['Requests/s']):6.1f} {p50:6} {p95:6} {p99:6} "
            f"{row['Failure Count']:>6}{last}",
            flush=True,
        )
    return crowd


def _say(words: str) -> None:
    print(f"{words}…", flush=True)


def name_of(row: dict[str, str]) -> str:
    return "all" if row["Name"] == "Aggregated" else row["Name"]


def _give_up_after(seconds: int) -> None:
    """End with everything that was started, also when asked to, or when anything hangs."""

    def give_up(number: int, frame: object) -> NoReturn:
        raise SystemExit(f"Given up: {signal.Signals(number).name}.")

    signal.signal(signal.SIGTERM, give_up)
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)


def _arguments(given: list[str]) -> Run:
    vendor = given.pop(0) if given and not given[0].isdigit() else "postgresql"
    if vendor not in ("postgresql", "sqlite"):
        raise SystemExit(__doc__)
    handoffs = int(given[0]) if given else 20_000
    seconds = int(given[1]) if len(given) > 1 else 60
    crowds = [int(n) for n in given[2].split(",")] if len(given) > 2 else [10, 25, 50, 100]
    return Run(vendor, handoffs, seconds, crowds, int(os.environ.get("SOAK") or 0))


if __name__ == "__main__":
    sys.exit(main(_arguments(sys.argv[1:])))
