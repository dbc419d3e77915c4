"""Promises that fall due while the workers’ processes are killed at random.

Nothing may be lost and no step may fire twice. On the wire an internal message may come once more
for each kill, a prospect’s never.
"""

import json
import random
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest

from tests.faults.harness import IN_THE_END, LONG, Installation, Worker, until
from tests.faults.post_office import PostOffice, open_post_office

pytestmark = pytest.mark.faults

HANDOFFS, KILLS = (1000, 100) if LONG else (100, 10)
ROLES = ["worker", "worker", "worker", "monitor", "pusher", "sentinel", "main"]
REMINDERS = "FROM sla_escalation WHERE action = 'remind'"


@pytest.fixture
def office(installation: Installation) -> Iterator[PostOffice]:
    with open_post_office() as (office, url):
        installation.environment["EMAIL_URL"] = url
        yield office


def test_every_step_fires_once_though_workers_are_killed(
    installation: Installation, office: PostOffice
) -> None:
    workers, kills = (1, KILLS // 2) if on_sqlite(installation) else (2, KILLS)
    filled = installation.scene("fill", HANDOFFS, kills)
    assert filled == {"clocks": HANDOFFS, "reminders": 1}
    with ExitStack() as stack:
        team = [stack.enter_context(installation.worker()) for _ in range(workers)]
        done = kill_at_random(team, kills)
        took = until(lambda: fired(installation) == HANDOFFS, IN_THE_END, "every step has fired")
        print(f"Every step had fired {took:.0f} s after the last kill.")
        end(team)
    settle(installation)
    check(installation, office, done + killed_by_supervisors(team))


def test_two_workers_at_once_fire_each_step_once(on_postgres: Installation) -> None:
    with open_post_office() as (office, url):
        on_postgres.environment["EMAIL_URL"] = url
        on_postgres.scene("fill", HANDOFFS, 1)
        # As long as in production: a pass of deliveries takes up to 15 s, and nobody is killed here
        with on_postgres.worker(patience=30) as one, on_postgres.worker(patience=30) as other:
            until(lambda: fired(on_postgres) == HANDOFFS, IN_THE_END, "every step has fired")
            end([one, other])
        settle(on_postgres)
        check(on_postgres, office, killed_by_supervisors([one, other]))


def on_sqlite(installation: Installation) -> bool:
    return installation.environment["DATABASE_URL"].startswith("sqlite")


def kill_at_random(team: list[Worker], kills: int) -> int:
    """SIGKILL to so many processes, one each 0.5 to 2 s; how many found one to kill."""
    dice = random.Random(kills)
    done = 0
    while done < kills:
        time.sleep(dice.uniform(0.5, 2))
        worker, role = dice.choice(team), dice.choice(ROLES)
        with suppress(KeyError, ProcessLookupError):  # none just now: it is being replaced
            worker.kill(role)
            done += 1
    return done


def end(team: list[Worker]) -> None:
    """Ask all to end, and see that nothing is left of them."""
    for worker in team:
        worker.supervisor.send_signal(signal.SIGTERM)
    for worker in team:
        assert worker.supervisor.wait(IN_THE_END) == 0
        assert worker.left_over() == []


def killed_by_supervisors(team: list[Worker]) -> int:
    """How often a supervisor itself killed a cluster: silent for long, or too slow to end."""
    logs = [worker.log.read_text() for worker in team]
    return sum(log.count("is started again") + log.count("and were killed") for log in logs)


def fired(installation: Installation) -> int:
    return int(installation.rows(f"SELECT count(*) {REMINDERS}")[0][0])


def settle(installation: Installation) -> None:
    """Nobody works any more: let the leases of the dead run out, and do what is left."""
    installation.execute(
        "UPDATE messaging_message SET lease_until = created_at WHERE state = 'sending'"
    )
    installation.execute(
        "UPDATE messaging_message SET next_try_at = created_at WHERE state = 'retry'"
    )
    installation.manage("sweep")
    while json.loads(installation.manage("deliver"))["sent"]:  # a pass ends after 15 s
        pass


def check(installation: Installation, office: PostOffice, kills: int) -> None:
    rows = installation.rows
    assert fired(installation) == HANDOFFS
    assert (
        rows(f"SELECT count(*) {REMINDERS} GROUP BY clock_id, step_id, cycle HAVING count(*) > 1")
        == []
    )
    assert rows("SELECT count(*) FROM messaging_message WHERE kind = 'sla_remind'") == [
        (HANDOFFS,)
    ], "one message for each step"
    states = dict(rows("SELECT state, count(*) FROM messaging_message GROUP BY state"))
    assert set(states) <= {"sent", "unknown"}, states
    assert rows(
        "SELECT count(*) FROM messaging_message WHERE state = 'unknown' AND audience <> 'prospect'"
    ) == [(0,)]
    assert office.repeats("prospect") == 0
    assert office.repeats() <= kills
    print(
        f"{HANDOFFS} steps, {kills} kills: {office.repeats()} internal mails came twice; "
        f"{states.get('unknown', 0)} to prospects wait for a person"
    )
