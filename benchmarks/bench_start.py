"""How long it takes to start, beside a bare Django project on the same Python, in turns.

The bare one is what `startproject` makes. Work: `manage.py check`, a command that does nothing but
start; a server with one worker until it has answered the sign-in page; and for ours alone what
`make run` does the second time, with migrations, static files, web server and worker, until the
first answer. Seconds of the wall and, of commands, of CPU. Prints, asserts no time.
Run: python benchmarks/bench_start.py [rounds]
"""

import os
import resource
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter, sleep

HOME = Path(__file__).resolve().parent.parent
PATIENCE = 120  # seconds
Turn = tuple[float, float]  # seconds of the wall, of CPU


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="desk-bench-") as name:
        folder = Path(name)
        bare = folder / "bare"
        bare.mkdir()
        run(bare, {}, "-m", "django", "startproject", "bare", ".")
        here = {
            "DATABASE_URL": f"sqlite:///{folder}/desk.sqlite3",
            "VAR_DIR": str(folder / "var"),
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        there = {"DJANGO_SETTINGS_MODULE": "bare.settings"}
        run(bare, there, "manage.py", "migrate", "-v0")
        run(HOME, here, "manage.py", "migrate", "-v0")
        run(HOME, here, "manage.py", "demo", "--handoffs", "40")
        first_answer(HOME, here, "/admin/login/", "manage.py", "serve", "--prepare")

        def served(home: Path, environment: dict[str, str], page: str, app: str) -> Turn:
            gunicorn = ("-m", "gunicorn", "--config", os.devnull, "--workers", "1")
            return first_answer(home, environment, page, *gunicorn, f"{app}.wsgi", "--bind")

        works: dict[tuple[str, str], Callable[[], Turn]] = {
            ("manage.py check", "bare"): lambda: run(bare, there, "manage.py", "check"),
            ("manage.py check", "ours"): lambda: run(HOME, here, "manage.py", "check"),
            ("first answer, one worker", "bare"): lambda: served(
                bare, there, "/admin/login/", "bare"
            ),
            ("first answer, one worker", "ours"): lambda: served(
                HOME, here, "/admin/login/", "config"
            ),
            ("make run, second time", "ours"): lambda: first_answer(
                HOME, here, "/admin/login/", "manage.py", "serve", "--prepare"
            ),
        }
        turns: dict[tuple[str, str], list[Turn]] = {key: [] for key in works}
        for _ in range(rounds):
            for key, work in works.items():
                turns[key].append(work())
    print(f"seconds, median (least to most) of {rounds} turns")
    for (work, whose), taken in turns.items():
        walls, cpu = [wall for wall, _ in taken], median(used for _, used in taken)
        beside = turns.get((work, "bare"), [])
        ratio = (
            f"{median(walls) / median(wall for wall, _ in beside):6.2f} times the bare one"
            if beside and whose == "ours"
            else ""
        )
        print(
            f"{work:26}{whose:6}{median(walls):7.2f} ({min(walls):.2f} to {max(walls):.2f})"
            f"{cpu:8.2f} CPU {ratio}"
        )


def run(home: Path, environment: dict[str, str], *command: str) -> Turn:
    """A Python command from its start to its end."""
    began, used = perf_counter(), children()
    subprocess.run(
        [sys.executable, *command],
        cwd=home,
        env={**os.environ, **environment},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return perf_counter() - began, children() - used


def first_answer(home: Path, environment: dict[str, str], page: str, *command: str) -> Turn:
    """A server from its start to its first answer; its address is put behind `command`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    began, used = perf_counter(), children()
    process = subprocess.Popen(
        [sys.executable, *command, address],
        cwd=home,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not answers(f"http://{address}{page}"):
            if process.poll() is not None or perf_counter() - began > PATIENCE:
                raise SystemExit(f"No answer from {' '.join(command)}.")
            sleep(0.02)
        took = perf_counter() - began
    finally:
        process.terminate()
        process.wait(PATIENCE)
    return took, children() - used


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except urllib.error.HTTPError as refused:
        raise SystemExit(f"{url} answers {refused.code}.") from None
    except OSError:
        return False


def children() -> float:
    """Seconds of CPU that children which have ended have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
