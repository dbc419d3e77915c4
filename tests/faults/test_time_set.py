"""The time of day as it may be: three hours without a worker; a clock set while it runs.

Forward, what is due fires once; back, nothing fires twice and nothing is negative.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.faults.fake_clock import FakeClock
from tests.faults.harness import IN_THE_END, LONG, UNHURRIED, Installation, Worker, until
from tests.faults.post_office import PostOffice, open_post_office

pytestmark = pytest.mark.faults

HANDOFFS = 200 if LONG else 25
# Each from the true time; what was set before is undone by the next
JUMPS = ["+1h", "+0", "-1d", "+400d", "+0"]
if LONG:
    JUMPS += ["+35m", "-35m", "+9d", "+8d", "-400d", "+1h", "+0"]
SPANS = {"h": timedelta(hours=1), "d": timedelta(days=1), "m": timedelta(minutes=1)}


@pytest.fixture
def clock(installation: Installation) -> FakeClock:
    clock = FakeClock(installation.folder)
    installation.environment |= clock.environment
    return clock


@pytest.fixture
def office(installation: Installation) -> Iterator[PostOffice]:
    with open_post_office() as (office, url):
        installation.environment["EMAIL_URL"] = url
        yield office


def test_after_three_hours_without_a_worker_each_step_fires_once(
    installation: Installation, clock: FakeClock, office: PostOffice
) -> None:
    """And whoever hears of more than twenty hears of them in one mail."""
    installation.scene("fill", HANDOFFS, 1, HANDOFFS)
    clock.set("+3h")
    shown = installation.scene("queue_of", 0)
    assert shown["rows"] == shown["overdue"] > 20, "right without any worker"
    due = due_steps(installation, "+3h")
    assert len(due) >= 3 * HANDOFFS
    with installation.worker():
        until(lambda: fired_steps(installation) == due, IN_THE_END, "each that is due has fired")
        until(lambda: waiting(installation) == 0, IN_THE_END, "every message has left")
    assert fired_steps(installation) == due
    told = dict(
        installation.rows(
            "SELECT recipient, count(*) FROM messaging_message WHERE kind LIKE 'sla%' "
            "GROUP BY recipient"
        )
    )
    for person in ("manager@desk.example", "ae0@desk.example"):
        assert told[person] > 20
        got = [message for message, recipient in office.arrived if recipient == person]
        assert all(message.startswith("<digest-") for message in got)
        assert len(got) <= 2, "one for what was submitted, if that left before the sweep"
    assert office.repeats() == 0


def test_a_clock_that_is_set_while_it_runs_fires_nothing_twice(
    installation: Installation, clock: FakeClock, office: PostOffice
) -> None:
    installation.scene("fill", 6, 1)
    offset = "+0"
    with installation.worker(replace=UNHURRIED) as worker:
        settled(installation, offset)
        for jump in JUMPS:
            told = fired_steps(installation)
            clock.set(jump)
            went = "forward" if span(jump) > span(offset) else "back"
            words = f"Time went {went} by {abs(span(jump) - span(offset))}."
            until(says(worker, words), IN_THE_END, words)
            settled(installation, jump)
            assert fired_steps(installation) >= told
            if went == "back":
                assert fired_steps(installation) == told
            offset = jump
        assert "is started again" not in worker.log.read_text(), "no reason to replace it"
    rows = installation.rows
    assert rows("SELECT count(*) FROM sla_clock WHERE elapsed_seconds < 0 OR wall_seconds < 0") == [
        (0,)
    ]
    assert rows(
        "SELECT count(*) FROM sla_breach JOIN sla_clock ON sla_clock.id = sla_breach.clock_id "
        "WHERE fell_due_at < started_at"
    ) == [(0,)]
    assert office.repeats() == 0


def says(worker: Worker, words: str) -> Callable[[], bool]:
    return lambda: words in worker.log.read_text()


def settled(installation: Installation, offset: str) -> None:
    """Wait until a task has run since, nothing is due and nothing waits to be sent."""
    before = installation.last_beat()
    until(lambda: installation.last_beat() != before, IN_THE_END, f"a task runs at {offset}")
    now = (datetime.now(UTC) + span(offset)).strftime("%Y-%m-%d %H:%M:%S+00:00")
    due = f"SELECT count(*) FROM sla_clock WHERE state = 'running' AND next_at <= '{now}'"
    until(lambda: installation.rows(due) == [(0,)], IN_THE_END, f"nothing is due at {offset}")
    until(lambda: waiting(installation) == 0, IN_THE_END, f"every message has left at {offset}")


def waiting(installation: Installation) -> int:
    """How many messages are still to be sent; a digest takes them all at once."""
    states = "('pending', 'retry', 'sending')"
    ((count,),) = installation.rows(
        f"SELECT count(*) FROM messaging_message WHERE state IN {states} AND audience <> 'prospect'"
    )
    return int(count)


def fired_steps(installation: Installation) -> set[tuple[int, int]]:
    """Each step that fired, with its clock; the database itself refuses one twice."""
    return set(installation.rows("SELECT clock_id, step_id FROM sla_escalation"))


def due_steps(installation: Installation, offset: str) -> set[tuple[int, int]]:
    """Each step that the plans of the clocks name for `offset` from now or before."""
    plans = installation.scene("plans")
    now = datetime.now(UTC) + span(offset)
    return {
        (clock, step)
        for clock, plan in plans
        for step, at in plan
        if datetime.fromisoformat(at) <= now
    }


def span(offset: str) -> timedelta:
    """What an offset such as -1d comes to."""
    if offset == "+0":
        return timedelta()
    return int(offset[:-1]) * SPANS[offset[-1]]
