"""A supervised worker whose processes are killed, asked to end, or doubled."""

import os
import signal

import pytest

from tests.faults.harness import IN_THE_END, LONG, UNHURRIED, Installation, Worker, until

pytestmark = pytest.mark.faults

# F1 to F4: what django-q2 does not survive by itself
ROLES = ["worker", "monitor", "main"] + (["sentinel", "pusher"] if LONG else [])


def beats_again(home: Installation, worker: Worker) -> None:
    """Wait for a heartbeat that is newer than now, with a whole cluster."""
    before = home.last_beat()
    until(lambda: home.last_beat() != before, IN_THE_END, "a task runs again")
    worker.wait_until_it_works()


def only_its_cluster_is_left(worker: Worker) -> bool:
    present = {pid for pids in worker.cluster().values() for pid in pids}
    return bool(present) and set(worker.left_over()) == present


def test_the_worker_works_again_whichever_of_its_processes_is_killed(
    installation: Installation,
) -> None:
    with installation.worker() as worker:
        beats_again(installation, worker)
        for role in ROLES:
            worker.kill(role)
            beats_again(installation, worker)
        until(lambda: only_its_cluster_is_left(worker), IN_THE_END, "no other cluster is alive")


def test_asked_to_end_it_ends_by_itself_and_leaves_nothing(on_sqlite: Installation) -> None:
    with on_sqlite.worker(patience=UNHURRIED) as worker:
        os.kill(worker.supervisor.pid, signal.SIGTERM)
        assert worker.supervisor.wait(IN_THE_END) == 0
        assert worker.left_over() == []
    assert "were killed" not in worker.log.read_text()
    assert list(on_sqlite.folder.glob("worker-*.json")) == []


def test_a_signal_to_the_whole_cluster_does_not_hang_it(on_sqlite: Installation) -> None:
    with on_sqlite.worker() as worker:
        (main,) = worker.cluster()["main"]
        os.killpg(main, signal.SIGTERM)
        until(
            lambda: worker.cluster().get("main", [main]) != [main],
            IN_THE_END,
            "a new cluster starts",
        )
        beats_again(on_sqlite, worker)


def test_killing_the_supervisor_takes_the_cluster_with_it(on_sqlite: Installation) -> None:
    with on_sqlite.worker() as worker:
        worker.supervisor.kill()
        worker.supervisor.wait()
        until(lambda: worker.left_over() == [], IN_THE_END, "every process of the cluster is gone")


def test_two_workers_side_by_side_leave_each_other_alone(on_sqlite: Installation) -> None:
    limits = {"replace": UNHURRIED}
    with on_sqlite.worker(**limits) as one, on_sqlite.worker(**limits) as other:
        (main,) = other.cluster()["main"]
        one.kill("main")
        until(
            lambda: "is started again" in one.log.read_text(), IN_THE_END, "the first is replaced"
        )
        beats_again(on_sqlite, one)
        assert other.cluster()["main"] == [main]
