"""The log cannot be written: its disk is full, or whoever read it is gone. All goes on."""

import os
from collections.abc import Iterator

import pytest

from tests.faults.harness import IN_THE_END, Installation, free_port, until
from tests.faults.test_several_machines import KEY, ask, web

pytestmark = pytest.mark.faults

NOBODY = ""  # the session of whoever has not signed in


@pytest.fixture(params=["full", "nobody reads"])
def unwritable(request: pytest.FixtureRequest) -> Iterator[int]:
    """Where a log goes to, and no byte can be written."""
    if request.param == "full":
        end = os.open("/dev/full", os.O_WRONLY)
    else:
        reader, end = os.pipe()
        os.close(reader)
    yield end
    os.close(end)


def test_64_without_a_log_pages_and_worker_go_on(
    on_sqlite: Installation, unwritable: int, collected: str
) -> None:
    home = on_sqlite
    home.log_to = unwritable
    home.environment |= {
        "SECRET_KEY": KEY, "PRIVACY_KEY": KEY, "PORT": str(free_port()), "LOG_FORMAT": "json",
        "STATIC_ROOT": collected,
    }  # fmt: skip
    with web(home), home.worker() as worker:
        for _ in range(20):  # each of them with a line in the log
            assert ask(home, NOBODY, "/no/such/page/") == 404
            assert ask(home, NOBODY, "/admin/login/") == 200
        beat = home.last_beat()
        until(lambda: home.last_beat() != beat, IN_THE_END, "the worker works")
        worker.kill("main")  # which its supervisor has a word to say about
        beat = home.last_beat()
        until(lambda: home.last_beat() != beat, IN_THE_END, "it works again")
        assert worker.supervisor.poll() is None
