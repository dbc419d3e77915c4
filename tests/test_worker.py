"""The worker's parts one by one; tests/faults kills whole workers."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import psutil
import pytest
import time_machine
from django.apps import apps
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.models.signals import post_migrate
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.models import OrmQ, Schedule, Task
from django_q.signals import post_execute_in_worker
from django_q.signing import SignedPackage

from config import processes, schedules, tasks
from config.leftovers import Note
from config.worker import TIME_TO_START, Signs, WallClock
from sla import health
from sla.models import Heartbeat

DATABASE = {"HOST": "", "PORT": "", "NAME": "desk"}


def until(true: Callable[[], object], seconds: float = 10) -> None:
    """Wait for something that another process does."""
    deadline = time.perf_counter() + seconds
    while not true():
        assert time.perf_counter() < deadline, "it did not happen"
        os.sched_yield()


# --- Schedules -----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_migration_leaves_exactly_our_schedules() -> None:
    assert sorted(Schedule.objects.values_list("name", "func", "minutes")) == sorted(schedules.JOBS)


@pytest.mark.django_db
@pytest.mark.parametrize("reached", [[], [("django_q", "0001_initial")]])
def test_a_migration_of_one_app_leaves_schedules_that_have_no_table_yet(
    reached: list[tuple[str, str]],
) -> None:
    state = MigrationLoader(connection).project_state(reached, at_end=True)
    Schedule.objects.all().delete()
    sender = apps.get_app_config("django_q")
    post_migrate.send(sender=sender, apps=state.apps, app_config=sender, using="default")
    assert not Schedule.objects.exists()
    post_migrate.send(sender=sender, apps=apps, app_config=sender, using="default")
    assert Schedule.objects.count() == len(schedules.JOBS)


@pytest.mark.django_db
def test_a_schedule_that_is_not_ours_or_malformed_is_put_right() -> None:
    Schedule.objects.create(name="Mine", func="os.system", args="'id'")
    Schedule.objects.create(name=schedules.HEARTBEAT.name, func="os.system")
    ours = Schedule.objects.filter(func=schedules.HEARTBEAT.task)
    ours.update(args="hello world", minutes=900, repeats=0, cron="nonsense")
    Schedule.objects.filter(func="sla.tasks.sweep").delete()
    schedules.sync()
    assert sorted(Schedule.objects.values_list("name", "func", "minutes")) == sorted(schedules.JOBS)
    assert list(ours.values_list("args", "repeats", "cron")) == [(None, -1, None)]


@pytest.mark.django_db
def test_after_a_clock_was_set_back_the_schedules_do_not_wait() -> None:
    now = timezone.now()
    Schedule.objects.update(next_run=now + timedelta(hours=30))
    schedules.sync()
    assert set(Schedule.objects.values_list("next_run", flat=True)) == {now}


@pytest.mark.django_db
def test_schedules_in_order_are_left_alone() -> None:
    schedules.sync()
    before = list(Schedule.objects.values_list("pk", "next_run"))
    schedules.sync()
    assert list(Schedule.objects.values_list("pk", "next_run")) == before


@pytest.mark.django_db
def test_pokes_do_not_pile_up_while_nobody_works() -> None:
    for _ in range(50):
        schedules.poke(schedules.HEARTBEAT)
    assert OrmQ.objects.count() == schedules.ENOUGH_WAITING


@pytest.mark.django_db
def test_every_job_names_a_function_that_takes_no_arguments() -> None:
    for job in schedules.JOBS:
        module, name = job.task.rsplit(".", 1)
        function = getattr(__import__(module, fromlist=[name]), name)
        assert function.__code__.co_argcount == 0, job.task


@pytest.mark.django_db
def test_tidying_up_drops_old_records_of_tasks() -> None:
    now = timezone.now()
    for days in (1, 8):
        stopped = now - timedelta(days=days)
        Task.objects.create(id=f"task{days}", name="x", func="x", started=stopped, stopped=stopped)
    tasks.tidy()
    assert list(Task.objects.values_list("id", flat=True)) == ["task1"]


# --- Signs of life -------------------------------------------------------------------------------


class Watch:
    """A clock that a test moves by hand."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def signs(watch: Watch, db: None) -> Signs:
    signs = Signs(watch)
    signs.expect(os.getpgid(0))
    return signs


def a_living_cluster(clock: time_machine.Traveller) -> None:
    clock.shift(60)
    health.beat(timezone.now())
    for row in Schedule.objects.all():
        row.next_run = timezone.now() + timedelta(minutes=row.minutes or 0)
        row.save()


def test_a_cluster_that_beats_is_not_silent(
    signs: Signs, watch: Watch, clock: time_machine.Traveller
) -> None:
    for _ in range(10):
        watch.now += 60
        a_living_cluster(clock)
        signs.read()
        assert signs.longest_silence()[1] == 0


def test_no_heartbeat_of_its_own_group_is_silence_though_another_worker_beats(
    signs: Signs, watch: Watch, clock: time_machine.Traveller
) -> None:
    signs.expect(group=1)
    for _ in range(4):
        watch.now += 60
        a_living_cluster(clock)
        signs.read()
    assert signs.longest_silence() == ("worker", 240 - TIME_TO_START)


def test_a_task_that_is_never_ticked_off_is_silence(
    signs: Signs, watch: Watch, clock: time_machine.Traveller
) -> None:
    OrmQ.objects.create(key="handoff-desk", payload="", lock=timezone.now())
    a_living_cluster(clock)
    signs.read()
    for _ in range(4):
        watch.now += 60
        a_living_cluster(clock)
        signs.read()
    assert signs.longest_silence() == ("queue", 240)


def test_a_scheduler_that_stands_still_is_silence(
    signs: Signs, watch: Watch, clock: time_machine.Traveller
) -> None:
    a_living_cluster(clock)
    signs.read()
    for _ in range(5):
        watch.now += 60
        clock.shift(60)
        health.beat(timezone.now())
        signs.read()
    assert signs.longest_silence() == ("scheduler", 210)


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(days=400), timedelta(days=-1)])
def test_a_clock_that_is_set_alarms_nobody(
    signs: Signs, watch: Watch, clock: time_machine.Traveller, jump: timedelta
) -> None:
    a_living_cluster(clock)
    signs.read()
    clock.shift(jump)
    watch.now += 60
    a_living_cluster(clock)
    signs.read()
    assert signs.longest_silence()[1] == 0


# --- Processes -----------------------------------------------------------------------------------

PARENT = """
import os, signal, subprocess, sys
from config import processes
child = processes.start([sys.executable, "-c", {child!r}])
print(child.pid, flush=True)
signal.pause()
"""
FAMILY = r"""
import os, signal
from config import processes
processes.keep_family_together()
if os.fork() == 0:
    os.fork()
os.write(1, b"%d\n" % os.getpid())
signal.pause()
"""


def a_parent_of(child: str) -> subprocess.Popen[str]:
    script = PARENT.format(child=child)
    return subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, start_new_session=True
    )


def read_pid(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help exists on Linux only")
def test_a_child_ends_when_its_parent_is_killed() -> None:
    parent = a_parent_of("import signal; signal.pause()")
    child = read_pid(parent)
    parent.kill()
    parent.wait()
    until(lambda: is_gone(child))


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help exists on Linux only")
def test_a_family_dies_with_whoever_forked_it() -> None:
    head = subprocess.Popen([sys.executable, "-c", FAMILY], stdout=subprocess.PIPE, text=True)
    pids = [read_pid(head) for _ in range(3)]
    head.kill()
    head.wait()
    until(lambda: all(map(is_gone, pids)))


def test_a_child_that_does_not_end_in_time_is_killed_with_its_group() -> None:
    deaf = "import os, signal; signal.signal(15, signal.SIG_IGN); os.fork(); signal.pause()"
    child = processes.start([sys.executable, "-c", deaf])
    until(lambda: len(processes.members(child.pid, 0)) == 2)
    assert not processes.end(child, patience=0.3)
    assert child.returncode == -signal.SIGKILL
    until(lambda: processes.members(child.pid, 0) == [])


def test_a_group_whose_supervisor_was_killed_is_ended_by_the_next(tmp_path: Path) -> None:
    left_over = processes.start([sys.executable, "-c", "import signal; signal.pause()"])
    note = Note(tmp_path, DATABASE)
    note.write(left_over.pid)
    written = json.loads(note.path.read_text())
    (tmp_path / f"{note.stem}-1.json").write_text(
        json.dumps({**written, "supervisor": [left_over.pid, 1.0]})
    )
    assert note.end_left_overs() == [left_over.pid]
    assert left_over.wait() == -signal.SIGKILL
    assert [path.name for path in tmp_path.iterdir()] == [note.path.name]


def test_the_group_of_a_living_supervisor_is_left_alone(tmp_path: Path) -> None:
    group = processes.start([sys.executable, "-c", "import signal; signal.pause()"])
    Note(tmp_path, DATABASE).write(group.pid)
    assert Note(tmp_path, DATABASE).end_left_overs() == []
    assert group.poll() is None
    processes.end(group, patience=5)


def test_a_half_written_note_is_thrown_away(tmp_path: Path) -> None:
    note = Note(tmp_path, DATABASE)
    note.path.write_text('{"supervisor"')
    assert note.end_left_overs() == []
    assert not note.path.exists()


@pytest.mark.django_db
def test_a_heartbeat_counts_for_the_worker_and_for_its_own_group() -> None:
    health.beat(timezone.now())
    names = set(Heartbeat.objects.values_list("name", flat=True))
    assert names == {health.WORKER, health.name_of(os.getpgid(0))}


# --- The queue, the time of day, and memory ------------------------------------------------------


class Gone:
    """Stands for a class of an older release: what was pickled with it cannot be read."""

    def __reduce__(self) -> tuple[Any, ...]:
        return import_module, ("handoffs.no_longer_there",)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ("nonsense", "cannot be read (BadSignature)"),
        (SignedPackage.dumps({"func": Gone()}), "cannot be read (ModuleNotFoundError)"),
        (SignedPackage.dumps({"func": "sla.tasks.removed"}), "sla.tasks.removed"),
        (SignedPackage.dumps({"func": os.system, "args": ("id",)}), "system"),
        (SignedPackage.dumps(["no task"]), "cannot be read (TypeError)"),
    ],
    # What is signed says when, so the payloads differ from process to process
    ids=["not signed", "a class that is gone", "a job that is gone", "any function", "no task"],
)
def test_a_queued_task_that_is_not_ours_is_said_once_and_dropped(
    payload: str, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    broker = get_broker()
    broker.enqueue(payload)
    OrmQ.objects.update(lock=timezone.now() - timedelta(seconds=1))
    assert broker.dequeue() == []
    assert not OrmQ.objects.exists()
    (line,) = [record.getMessage() for record in caplog.records]
    assert said in line


@pytest.mark.django_db
def test_our_own_jobs_come_through() -> None:
    schedules.poke(*schedules.JOBS)
    OrmQ.objects.update(lock=timezone.now() - timedelta(seconds=1))
    broker = get_broker()
    for _ in schedules.JOBS:
        ((pk, _payload),) = broker.dequeue()
        broker.acknowledge(pk)
    assert not OrmQ.objects.exists()


def test_the_time_of_day_is_noticed_when_it_is_set_and_not_when_it_drifts() -> None:
    wall, steady = Watch(), Watch()
    clock = WallClock(wall, steady)
    wall.now, steady.now = wall.now + 15.1, steady.now + 15
    assert clock.jump() == 0
    wall.now -= 3600
    assert round(clock.jump()) == -3600
    assert clock.jump() == 0
    wall.now += 400 * 86400
    assert round(clock.jump()) == 400 * 86400


@pytest.mark.django_db
def test_a_process_whose_task_ran_out_of_memory_ends(caplog: pytest.LogCaptureFixture) -> None:
    waiting = OrmQ.objects.create(key="handoff-desk", payload="", lock=timezone.now())
    result = " : Traceback (most recent call last):\n  File ...\nMemoryError\n"
    task = {"func": "sla.tasks.sweep", "ack_id": waiting.pk, "success": False, "result": result}
    with pytest.raises(SystemExit):
        post_execute_in_worker.send(sender="django_q", func=None, task=task)
    assert not OrmQ.objects.exists()
    assert "Out of memory in sla.tasks.sweep" in caplog.text
    for other in ({"success": True, "result": None}, {"success": False, "result": "KeyError: 1"}):
        post_execute_in_worker.send(sender="django_q", func=None, task=task | other)
