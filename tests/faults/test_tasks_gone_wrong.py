"""Tasks that the worker cannot run: for want of memory, or since their code is gone."""

import resource

import psutil
import pytest

from tests.faults.harness import IN_THE_END, UNHURRIED, Installation, Worker, until

pytestmark = pytest.mark.faults

HANDOFFS = 20
REMINDERS = "SELECT count(*) FROM sla_escalation WHERE action = 'remind'"


def dropped(worker: Worker) -> int:
    return worker.log.read_text().count("A queued task was dropped")


def every_step_has_fired(installation: Installation) -> bool:
    return installation.rows(REMINDERS) == [(HANDOFFS,)]


def workers_of(worker: Worker) -> set[int]:
    return set(worker.cluster().get("worker", []))


def test_a_process_without_memory_is_replaced_and_its_work_done(
    installation: Installation,
) -> None:
    """By `ulimit -v` or a container; the kernel’s own way is a SIGKILL (test_worker_killed)."""
    with installation.worker(replace=UNHURRIED) as worker:
        starved = workers_of(worker)
        for pid in starved:
            process = psutil.Process(pid)
            no_more = process.memory_info().vms
            process.rlimit(resource.RLIMIT_AS, (no_more, no_more))
        installation.scene("fill", HANDOFFS, 1)
        until(lambda: every_step_has_fired(installation), IN_THE_END, "every step has fired")
        until(lambda: workers_of(worker) - starved, IN_THE_END, "a starved process is replaced")


def test_a_queued_task_whose_function_is_gone_is_said_once_and_dropped(
    installation: Installation,
) -> None:
    """As after an update, when the queue still holds what the release before had put there."""
    with installation.worker(replace=UNHURRIED) as worker:
        assert installation.scene("queue_what_is_gone") == 2
        installation.scene("fill", HANDOFFS, 1)
        until(lambda: every_step_has_fired(installation), IN_THE_END, "every step has fired")
        until(lambda: dropped(worker) >= 2, IN_THE_END, "both are dropped")
        before = installation.last_beat()
        until(lambda: installation.last_beat() != before, IN_THE_END, "a task runs again")
        said = worker.log.read_text()
        assert dropped(worker) == 2
    assert said.count("sla.tasks.wake_everybody") == 1
    assert said.count("it cannot be read (ModuleNotFoundError)") == 1
    assert "is started again" not in said
