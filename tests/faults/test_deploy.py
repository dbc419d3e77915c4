"""Every step of the image and the systemd units, run here with production settings."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.faults.harness import IN_THE_END, ROOT, Installation, free_port, until
from tests.faults.test_backups import elsewhere, run
from tests.postgres import binary, start_breakable

pytestmark = pytest.mark.faults

KEY = "k" * 30 + "0123456789" * 4
DEPLOYED = {
    "SECRET_KEY": KEY,
    "PRIVACY_KEY": KEY[::-1],
    "BASE_URL": "https://desk.example",
    "ALLOWED_HOSTS": "desk.example,127.0.0.1",
    "TRUST_PROXY": "1",
    "EMAIL_URL": "smtp://mail.example:25",
    "LOG_FORMAT": "json",
    "METRICS_TOKEN": "figures-" * 4,
    "WEB_CONCURRENCY": "2",
}
PROXIED = {"Host": "desk.example", "X-Forwarded-Proto": "https"}


@pytest.fixture
def production(installation: Installation, tmp_path: Path) -> Iterator[Installation]:
    """An empty database, and the environment of compose.yaml."""
    with elsewhere(installation, tmp_path / "production") as home:
        home.environment |= DEPLOYED | {"PORT": str(free_port())}
        yield home


def step(home: Installation, verb: str) -> int:
    return subprocess.run(
        [ROOT / "deploy" / "run", verb], env=home.environment, check=False, capture_output=True
    ).returncode


@pytest.fixture
def two_accounts(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The addresses of a database that deploy/database.sh made: its owner’s, and who works’."""
    port = free_port()
    with start_breakable(port) as server:
        psql = Path(binary("psql"))
        passwords = {"POSTGRES_PASSWORD": "o'wner", "DESK_PASSWORD": "w:ork"}
        where = {"PGHOST": "127.0.0.1", "PGPORT": str(port), "POSTGRES_USER": "desk"}
        subprocess.run(
            [ROOT / "deploy" / "database.sh"], check=True, cwd=tmp_path,
            env={"PATH": f"{psql.parent}:{os.environ['PATH']}", **where, **passwords},
        )  # fmt: skip
        at = server.url.partition("@")[2].replace("/postgres", "/desk")
        yield {"owner": f"postgres://desk_owner@{at}", "work": f"postgres://desk_work@{at}"}


@contextmanager
def running(home: Installation, verb: str) -> Iterator[Path]:
    """A step that stays; ended by SIGTERM to its main process alone, as systemd does."""
    log = home.folder / f"{verb}.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [ROOT / "deploy" / "run", verb],
            env=home.environment, stdout=stream, stderr=stream, start_new_session=True,
        )  # fmt: skip
    try:
        yield log
        process.send_signal(signal.SIGTERM)
        assert process.wait(IN_THE_END) == 0
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def get(home: Installation, path: str, **headers: str) -> tuple[int, str]:
    answer = httpx.get(
        f"http://127.0.0.1:{home.environment['PORT']}{path}", headers=headers, timeout=20
    )
    return answer.status_code, answer.text


def test_a_new_installation_comes_up_by_the_steps_of_the_image(production: Installation) -> None:
    assert step(production, "build") == 0
    assert step(production, "ready") != 0, "nothing runs yet"
    assert step(production, "release") == step(production, "release") == 0
    with running(production, "web"), running(production, "worker"):
        until(lambda: step(production, "ready") == 0, IN_THE_END, "the web part is ready")
        until(lambda: get(production, "/healthz")[0] == 200, IN_THE_END, "the worker works")
        status, page = get(production, "/admin/login/", **PROXIED)
        assert status == 200
        (sheet, *_) = re.findall(r'href="(/static/desk/[^"]+\.css)"', page)
        assert get(production, sheet, **PROXIED)[0] == 200
        for _ in range(10):
            get(production, "/robots.txt")
        token = production.environment["METRICS_TOKEN"]
        _, figures = get(production, "/metrics", Authorization=f"Bearer {token}")
        assert 'status="200",view="robots"} 10.0' in figures, "counts of both processes"
        assert get(production, "/readyz", Host="elsewhere.example")[0] == 400


def test_web_and_worker_change_rows_and_nothing_else(
    two_accounts: dict[str, str], tmp_path: Path
) -> None:
    (folder := tmp_path / "owner").mkdir()
    owner = Installation(two_accounts["owner"], folder)
    owner.environment |= DEPLOYED | {"PORT": str(free_port())}
    home = Installation(two_accounts["work"], tmp_path)
    home.environment |= DEPLOYED | {"PORT": owner.environment["PORT"]}
    assert step(home, "build") == step(owner, "release") == 0
    home.manage("first_admin", "--no-input", "--username=rita", "--email=rita@desk.example")
    with running(home, "web") as web, running(home, "worker") as worker:
        until(lambda: step(home, "ready") == 0, IN_THE_END, "the web part is ready")
        until(lambda: get(home, "/healthz")[0] == 200, IN_THE_END, "the worker works")
        assert get(home, "/admin/login/", **PROXIED)[0] == 200
        home.manage("backup", str(file := tmp_path / "desk.backup"))
        beside = run(owner, "restore", str(file), "--yes")
        assert beside.returncode == 1 and "programs are connected" in beside.stderr
        logs = web.read_text() + worker.read_text()
    assert "permission denied" not in logs and "Traceback" not in logs
    for statement in (
        "CREATE TABLE mine (id int)",
        "ALTER TABLE team_user ADD mine int",
        "TRUNCATE team_auditentry",
        "DROP TABLE django_session",
        "CREATE ROLE mine",
    ):
        with (
            psycopg.connect(two_accounts["work"]) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(statement)
    owner.manage("restore", str(file), "--yes")
    with running(home, "web"):
        until(lambda: step(home, "ready") == 0, IN_THE_END, "the web part is ready")


def test_whatever_the_files_of_a_deployment_run_is_a_step_that_is_tried() -> None:
    script = Path(ROOT, "deploy", "run").read_text()
    verbs = set(re.findall(r"^  (\w+)\)", script, re.MULTILINE))
    assert verbs == {"build", "release", "web", "worker", "ready"}
    used = set()
    for name in ("Dockerfile", "compose.yaml", *map(str, Path(ROOT, "deploy").glob("*.service"))):
        used |= set(re.findall(r'deploy/run(?:", "| )(\w+)', Path(ROOT, name).read_text()))
    assert used == verbs


def test_the_units_signal_the_main_process_and_always_come_back(tmp_path: Path) -> None:
    for path in Path(ROOT, "deploy").glob("*.service"):
        unit = path.read_text()
        assert "KillMode=mixed" in unit and "Restart=always" in unit
        if verify := shutil.which("systemd-analyze"):
            copy = tmp_path / path.name
            copy.write_text(unit.replace("/srv/handoff-desk/deploy/run", "/bin/true"))
            done = subprocess.run([verify, "verify", copy], capture_output=True, text=True)
            assert not [line for line in done.stderr.splitlines() if path.name in line]
