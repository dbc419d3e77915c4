"""A process of the web part is killed while it answers: what it was asked is done, or it is not."""

import os
import random
import signal
from concurrent.futures import ThreadPoolExecutor

import httpx
import psutil
import pytest

from tests.faults.harness import IN_THE_END, LONG, Installation, free_port, until
from tests.faults.test_several_machines import KEY, ask, web

pytestmark = pytest.mark.faults

HANDOFFS = 200 if LONG else 30
ACCEPTED = "SELECT count(*) FROM handoffs_handoffevent WHERE kind = 'accepted'"


def test_65_each_post_is_done_as_a_whole_or_not_at_all(
    on_postgres: Installation, collected: str
) -> None:
    home = on_postgres
    home.environment |= {
        "SECRET_KEY": KEY, "PRIVACY_KEY": KEY, "PORT": str(free_port()), "WEB_CONCURRENCY": "2",
        "STATIC_ROOT": collected,
    }  # fmt: skip
    home.scene("fill", HANDOFFS, 4)
    sessions: list[str] = home.scene("sessions")
    rows = home.rows("SELECT id FROM handoffs_handoff WHERE status = 'submitted' ORDER BY id")
    wanted = [pk for (pk,) in rows]
    with web(home) as gunicorn:

        def accept(number: int) -> int:
            """The answer; 0 where the process that was to give it is gone."""
            path = f"/handoffs/{wanted[number]}/accept/"
            try:
                return ask(home, sessions[number % len(sessions)], path, post=True)
            except httpx.TransportError:
                return 0

        with ThreadPoolExecutor(8) as crowd:
            answers = crowd.map(accept, range(len(wanted)))
            until(lambda: home.rows(ACCEPTED)[0][0] > 2, IN_THE_END, "some are accepted")
            victim = random.choice(psutil.Process(gunicorn.pid).children())
            os.kill(victim.pid, signal.SIGKILL)
            first = list(answers)
        assert set(first) <= {302, 0}
        # What an answer promised is there, and nothing is half there
        assert halves(home) == []
        done = {
            pk for (pk,) in home.rows("SELECT id FROM handoffs_handoff WHERE accepted_by_id > 0")
        }
        assert {wanted[n] for n, status in enumerate(first) if status == 302} <= done
        # Whoever got no answer asks again: whatever became of the first time, it is done once
        again = [accept(n) for n, status in enumerate(first) if status == 0]
        assert set(again) <= {302, 409}
        assert home.rows(ACCEPTED) == [(len(wanted),)]
        assert halves(home) == []
    print(f"{first.count(0)} of {len(first)} got no answer; all are accepted once")


def halves(home: Installation) -> list[tuple[object, ...]]:
    """Handoffs whose state is not what their log says, or whose log says it twice."""
    return home.rows(
        "SELECT h.id FROM handoffs_handoff h LEFT JOIN handoffs_handoffevent e "
        "ON e.handoff_id = h.id AND e.kind = 'accepted' "
        "GROUP BY h.id, h.status "
        "HAVING count(e.id) <> CASE h.status WHEN 'accepted' THEN 1 ELSE 0 END"
    )
