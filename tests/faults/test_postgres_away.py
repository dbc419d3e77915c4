"""PostgreSQL stops, halts or takes nobody more: the pages say so, and all goes on afterwards."""

import time
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import psycopg
import pytest

from tests.faults.harness import IN_THE_END, Installation, free_port, until
from tests.faults.test_several_machines import KEY, TOKEN, address, ask, ready, web
from tests.postgres import Breakable, dump, restore, start_breakable

pytestmark = pytest.mark.faults

HANDOFFS = 10
CONNECTIONS = 40
CROWD = "crowd"  # the name under which it connects
NOTE = "They asked whether the price list holds until June."


class Desk:
    """A web part on a server that is broken, somebody’s session, and the handoffs to accept."""

    def __init__(self, home: Installation, session: str, handoffs: list[int]) -> None:
        self.home = home
        self.session = session
        self.handoffs = handoffs

    def accept(self) -> httpx.Response:
        """Accept the next handoff, with a note."""
        return httpx.post(
            address(self.home, f"/handoffs/{self.handoffs[-1]}/accept/"),
            data={"csrfmiddlewaretoken": TOKEN, "note": NOTE},
            cookies={"sessionid": self.session, "csrftoken": TOKEN},
            timeout=60,
        )

    def works(self) -> bool:
        """Whether the next handoff can be accepted now."""
        answer = self.accept()
        assert answer.status_code in {302, 503}, answer.text
        return answer.status_code == 302 and bool(self.handoffs.pop())


@pytest.fixture(scope="module")
def server() -> Iterator[Breakable]:
    with start_breakable(free_port(), max_connections=str(CONNECTIONS)) as server:
        yield server


@pytest.fixture(scope="module")
def desk(
    server: Breakable,
    migrated_postgres: str,
    collected: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Desk]:
    home = Installation(server.url, tmp_path_factory.mktemp("away"))
    home.environment |= {
        "SECRET_KEY": KEY, "PRIVACY_KEY": KEY, "PORT": str(free_port()),
        "WEB_CONCURRENCY": "1", "WEB_THREADS": "1", "STATIC_ROOT": collected,
    }  # fmt: skip
    dump(migrated_postgres, home.folder / "migrated.sql")
    restore(home.folder / "migrated.sql", server.url)
    home.scene("fill", HANDOFFS, 6)
    session, *_ = home.scene("sessions")
    rows = home.rows(
        "SELECT id FROM handoffs_handoff WHERE owner_id = "
        "(SELECT min(owner_id) FROM handoffs_handoff) ORDER BY id"
    )
    with web(home):
        yield Desk(home, session, [pk for (pk,) in rows])


def test_14_a_server_that_stopped_is_said_and_all_goes_on_when_it_is_back(
    desk: Desk, server: Breakable
) -> None:
    home = desk.home
    with home.worker() as worker:
        beat = home.last_beat()
        until(lambda: home.last_beat() != beat, IN_THE_END, "the worker works")
        assert desk.works()
        server.stop()
        try:
            for _ in range(3):
                began = time.monotonic()
                said(desk.accept())
                print(f"while it was away an answer took {time.monotonic() - began:.1f} s")
            assert not ready(home)
            assert httpx.get(address(home, "/healthz"), timeout=60).status_code == 503
        finally:
            server.start()
        took = until(desk.works, IN_THE_END, "a handoff can be accepted again")
        print(f"accepted {took:.1f} s after it was back")
        beat = home.last_beat()
        took = until(lambda: home.last_beat() != beat, IN_THE_END, "the worker works again")
        print(f"the worker worked {took:.1f} s after that")
        assert worker.supervisor.poll() is None


def test_15_a_server_that_hangs_holds_no_page_for_long(desk: Desk, server: Breakable) -> None:
    assert ask(desk.home, desk.session, "/queue/") == 200
    with server.halted():
        for _ in range(2):  # on a connection that was there, and on a new one
            began = time.monotonic()
            said(desk.accept())
            print(f"while it hung an answer took {time.monotonic() - began:.1f} s")
    until(desk.works, IN_THE_END, "a handoff can be accepted again")


def test_16_a_server_that_takes_nobody_more_is_said(desk: Desk, server: Breakable) -> None:
    with ExitStack() as crowd:
        one = crowd.enter_context(
            psycopg.connect(server.url, autocommit=True, application_name=CROWD)
        )

        def fill() -> bool:
            """Take every connection that is free; whether none is left."""
            try:
                while True:
                    crowd.enter_context(psycopg.connect(server.url, application_name=CROWD))
            except psycopg.OperationalError as error:
                return "too many clients" in str(error)

        assert fill()
        one.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE backend_type = 'client backend' AND application_name <> %s",
            [CROWD],
        )
        until(fill, IN_THE_END, "every connection is taken")
        said(desk.accept())
    until(desk.works, IN_THE_END, "a handoff can be accepted again")


def said(answer: httpx.Response) -> None:
    """The page for a database that is away, with what was typed."""
    assert answer.status_code == 503
    assert "The database does not answer" in answer.text and NOTE in answer.text
