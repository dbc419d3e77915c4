"""`manage.py serve` as a person uses it: it answers, refuses a taken port, and ends as a whole."""

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError, URLError

import psutil
import pytest

from tests.faults.harness import IN_THE_END, ROOT, Installation, free_port, until

pytestmark = pytest.mark.faults


class Served:
    """A running `serve` and its address."""

    def __init__(self, home: Installation) -> None:
        self.address = f"127.0.0.1:{free_port()}"
        self.log = home.folder / "serve.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "serve", self.address, "--workers=1"],
                cwd=ROOT, env=home.environment, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def says_ok(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{self.address}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (HTTPError, URLError, OSError):
            return False

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


@pytest.fixture
def served(on_sqlite: Installation) -> Iterator[Served]:
    served = Served(on_sqlite)
    try:
        until(served.says_ok, IN_THE_END, "the health check is green")
        yield served
    finally:
        if served.process.poll() is None:
            served.process.terminate()
            served.process.wait(IN_THE_END)


def test_one_signal_ends_the_web_part_and_the_worker(served: Served) -> None:
    family = served.family()
    assert len(family) >= 7, "gunicorn and its worker, the supervisor, the cluster"
    served.process.send_signal(signal.SIGINT)
    assert served.process.wait(IN_THE_END) == 0
    _, alive = psutil.wait_procs(family, timeout=30)
    assert alive == []
    assert "Traceback" not in served.log.read_text()


def test_a_taken_port_is_said_in_one_line(served: Served, on_sqlite: Installation) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "serve", served.address],
        cwd=ROOT, env=on_sqlite.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert served.address in line


def test_when_the_web_part_dies_all_of_it_ends_and_says_so(served: Served) -> None:
    family = served.family()
    (gunicorn,) = [
        process
        for process in psutil.Process(served.process.pid).children()
        if "gunicorn" in " ".join(process.cmdline())
    ]
    os.kill(gunicorn.pid, signal.SIGKILL)
    assert served.process.wait(IN_THE_END) == 1
    _, alive = psutil.wait_procs(family, timeout=30)
    assert alive == []


def test_a_wrong_address_is_refused_in_one_line(on_sqlite: Installation) -> None:
    for address in ("127.0.0.1", "127.0.0.1:99999", "127.0.0.1:http"):
        done = subprocess.run(
            [sys.executable, "manage.py", "serve", address],
            cwd=ROOT, env=on_sqlite.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 1
        assert len(done.stderr.splitlines()) == 1, done.stderr


def test_the_makefile_and_the_ci_script_name_no_package_registry() -> None:
    for name in ("Makefile", ".ci/run", "requirements/base.txt", "requirements/dev.txt"):
        text = Path(ROOT, name).read_text()
        assert "://" not in text.replace("https://desk.example", "").replace(
            "smtp://mail.example", ""
        )
