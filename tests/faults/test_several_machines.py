"""Two machines on one PostgreSQL: each a web part of its own and a worker of its own.

What one of them does the other knows at once; what both try is done once; when one is gone the
other goes on. With the worker’s queue in the database, and in Redis.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from tests.faults.harness import IN_THE_END, LONG, ROOT, Installation, free_port, until
from tests.postgres import missing

pytestmark = pytest.mark.faults

HANDOFFS, FOUGHT_FOR = (400, 100) if LONG else (40, 10)
KEY = "k" * 30 + "0123456789" * 4
TOKEN = "t" * 32  # of a form: what the page’s cookie and the form have to agree on


class RedisServer(NamedTuple):
    url: str
    process: "subprocess.Popen[bytes]"


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis that keeps nothing."""
    if not shutil.which("redis-server"):
        missing("redis-server")
    port = free_port()
    server = subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""], cwd=tmp_path,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield RedisServer(f"redis://127.0.0.1:{port}/0", server)
    finally:
        server.kill()
        server.wait()


@pytest.fixture(params=["orm", "redis"])
def machines(
    request: pytest.FixtureRequest, on_postgres: Installation, collected: str
) -> list[Installation]:
    """Two installations that share a database and their keys, and nothing on disk."""
    found = []
    for name in ("one", "other"):
        folder = on_postgres.folder / name
        folder.mkdir()
        machine = Installation(on_postgres.environment["DATABASE_URL"], folder)
        machine.environment |= {
            "SECRET_KEY": KEY,
            "PRIVACY_KEY": KEY[::-1],
            "PORT": str(free_port()),
            "WEB_CONCURRENCY": "2",
            "WEB_THREADS": "4",
            "STATIC_ROOT": collected,
        }
        if request.param == "redis":
            machine.environment["REDIS_URL"] = request.getfixturevalue("redis").url
        found.append(machine)
    return found


@contextmanager
def web(machine: Installation) -> Iterator["subprocess.Popen[bytes]"]:
    """A gunicorn with two processes; killed with both of them afterwards."""
    with (machine.folder / "web.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py"],
            cwd=ROOT, env=machine.environment, stdout=machine.log_to or log,
            stderr=machine.log_to or log, start_new_session=True,
        )  # fmt: skip
    try:
        until(lambda: ready(machine), IN_THE_END, "the web part answers")
        yield process
    finally:
        vanish(process)


def vanish(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def address(machine: Installation, path: str) -> str:
    return f"http://127.0.0.1:{machine.environment['PORT']}{path}"


def ready(machine: Installation) -> bool:
    try:
        return httpx.get(address(machine, "/readyz"), timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def ask(machine: Installation, session: str, path: str, *, post: bool = False) -> int:
    """The status that somebody with this session gets."""
    cookies = {"sessionid": session, "csrftoken": TOKEN}
    send = httpx.post if post else httpx.get
    answer = send(
        address(machine, path), cookies=cookies, headers={"X-CSRFToken": TOKEN}, timeout=60
    )
    return answer.status_code


def test_what_both_try_is_done_once_and_one_alone_goes_on(machines: list[Installation]) -> None:
    one, other = machines
    one.scene("fill", HANDOFFS, 10)
    sessions: list[str] = one.scene("sessions")
    with ExitStack() as stack:
        webs = [stack.enter_context(web(machine)) for machine in machines]
        workers = [stack.enter_context(machine.worker()) for machine in machines]

        assert [ask(machine, sessions[0], "/queue/") for machine in machines] == [200, 200]
        fought_for = one.rows(
            f"SELECT id FROM handoffs_handoff WHERE status = 'submitted' ORDER BY id DESC "
            f"LIMIT {FOUGHT_FOR}"
        )
        answers: Counter[int] = Counter()
        began = time.monotonic()
        with ThreadPoolExecutor(len(sessions)) as crowd:
            for (handoff,) in fought_for:
                tries = [
                    crowd.submit(
                        ask, machines[n % 2], session, f"/handoffs/{handoff}/accept/", post=True
                    )
                    for n, session in enumerate(sessions)
                ]
                answers.update(one_try.result() for one_try in tries)
        took = time.monotonic() - began
        assert answers == {302: FOUGHT_FOR, 409: FOUGHT_FOR * (len(sessions) - 1)}
        assert one.rows(
            "SELECT count(*), count(DISTINCT handoff_id) FROM handoffs_handoffevent "
            "WHERE kind = 'accepted'"
        ) == [(FOUGHT_FOR, FOUGHT_FOR)]

        until(lambda: waiting_unreminded(one) == 0, IN_THE_END, "every due step has fired")
        until(lambda: groups(one) >= 2, IN_THE_END, "both workers have shown signs of life")

        vanish(webs[0])
        workers[0].destroy()
        beat = other.last_beat()
        until(lambda: other.last_beat() != beat, IN_THE_END, "the other worker goes on")
        assert ask(other, sessions[0], "/queue/") == 200
    twice = "SELECT 1 FROM sla_escalation GROUP BY clock_id, step_id, cycle HAVING count(*) > 1"
    assert one.rows(twice) == []
    (steps,), (messages,) = (
        one.rows(f"SELECT count(*) FROM {rows}")[0]
        for rows in (
            "sla_escalation WHERE action = 'remind'",
            "messaging_message WHERE kind = 'sla_remind'",
        )
    )
    assert steps == messages >= HANDOFFS - FOUGHT_FOR
    print(f"{sum(answers.values())} accepts at two web parts in {took:.1f} s; {steps} reminders")


def test_when_redis_is_gone_the_work_is_done_all_the_same(
    on_postgres: Installation, redis: RedisServer
) -> None:
    """Faults 23 and 24: what waits in it may be lost, what is to be done is in the database."""
    on_postgres.environment["REDIS_URL"] = redis.url
    with on_postgres.worker() as worker:
        beat = on_postgres.last_beat()
        until(lambda: on_postgres.last_beat() != beat, IN_THE_END, "the worker works")
        redis.process.kill()
        on_postgres.scene("mail_prospects", 3)
        took = until(lambda: unsent(on_postgres) == 0, IN_THE_END, "the mails have left")
        assert worker.supervisor.poll() is None
    assert "Redis does not answer" in worker.log.read_text()
    print(f"without Redis the outbox was empty after {took:.0f} s")


def unsent(machine: Installation) -> int:
    return int(machine.rows("SELECT count(*) FROM messaging_message WHERE state <> 'sent'")[0][0])


def waiting_unreminded(machine: Installation) -> int:
    """Handoffs in a queue whose first step has not fired, though all of them are due by now."""
    return int(
        machine.rows(
            "SELECT count(*) FROM handoffs_handoff h WHERE status = 'submitted' AND NOT EXISTS ("
            "SELECT 1 FROM sla_escalation e JOIN sla_clock c ON c.id = e.clock_id "
            "WHERE c.handoff_id = h.id)"
        )[0][0]
    )


def groups(machine: Installation) -> int:
    return int(machine.rows("SELECT count(*) FROM sla_heartbeat WHERE name LIKE 'group %'")[0][0])
