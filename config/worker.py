"""The supervisor of the worker: keeps one django-q2 cluster at work, whatever happens to it.

A process that exists is no proof of life: a cluster hangs for good when the wrong one of its
processes is killed, and one whose monitor was killed repeats every task. So the supervisor watches
what the cluster leaves in the database, and ends and replaces the whole group when that stops.
Nothing is lost by it: tasks are pokes, the truth is in rows (docs/decisions/0003).
"""

import logging
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from types import FrameType

from django.conf import settings
from django.db import Error, connection
from django.db.models import Min
from django_q.brokers import get_broker
from django_q.models import OrmQ, Schedule
from redis.exceptions import RedisError

from config import processes, schedules
from config.leftovers import Note
from sla import health
from sla.models import Heartbeat

log = logging.getLogger("handoffdesk.worker")

# Seconds between two changes when all is well: a schedule comes up each minute, and django-q2
# looks for it every thirty seconds.
USUAL_GAP = {"worker": 0, "queue": 0, "scheduler": 90}
TIME_TO_START = 60  # seconds that a new cluster has until its first heartbeat
AGREED = 30.0  # seconds by which the wall clock may stray from the steady one between two looks
WHAT_SILENCE_MEANS = {
    "worker": "no task has run",
    "queue": "no task was ticked off",
    "scheduler": "no schedule came up",
}


@dataclass(frozen=True)
class Limits:
    """All in seconds."""

    look: float = 15  # how often the signs of life are read
    poke: float = 30  # how often a heartbeat is asked for
    help_out: float = 60  # silent for so long: do its work ourselves, this often
    replace: float = 180  # silent for so long: kill the group and start a new one
    patience: float = 30  # for a cluster that was asked to end
    longest_pause: float = 60  # between two starts; the first pause is one second


class Supervisor:
    """Runs until SIGTERM or SIGINT."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.stopping = False
        self.cluster: subprocess.Popen[bytes] | None = None
        self.helpers: list[subprocess.Popen[bytes]] = []
        self.signs = Signs()
        self.wall = WallClock()
        self.note = Note(settings.VAR_DIR, settings.DATABASES["default"])

    def run(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._asked_to_stop)
        pause = 1.0
        while not self.stopping:
            began = time.monotonic()
            self._begin()
            reason = self._watch()
            self._end()
            if not self.stopping:
                if time.monotonic() - began > 2 * self.limits.replace:
                    pause = 1.0
                log.error("The worker is started again in %.0f s: %s.", pause, reason)
                # Where each one ends at once, as without Redis, none is silent for long enough
                self._help_out(reason)
                self._sleep(pause)
                pause = min(2 * pause, self.limits.longest_pause)
        log.info("The worker has ended.")

    def _asked_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True

    def _begin(self) -> None:
        """Start the cluster, after whatever a supervisor that was killed has left running."""
        self.note.end_left_overs()
        self.cluster = processes.start(command("run_worker", "--cluster"), if_we_die=signal.SIGKILL)
        self.note.write(self.cluster.pid)
        self.signs.expect(self.cluster.pid)
        self._from_database(self._start_afresh)

    def _watch(self) -> str:
        """Return why the cluster has to be replaced, or "" when we are asked to stop."""
        assert self.cluster is not None  # noqa: S101
        next_look, next_poke = time.monotonic(), time.monotonic() + self.limits.poke
        next_help = 0.0
        while not self.stopping:
            if (status := self.cluster.poll()) is not None:
                return f"it ended by itself with status {status}"
            self._reap()
            if jump := self.wall.jump():
                self._time_was_set(jump)
            now = time.monotonic()
            if now >= next_poke:
                next_poke = now + self.limits.poke
                self._from_database(lambda: schedules.poke(schedules.HEARTBEAT))
            if now >= next_look:
                next_look = now + self.limits.look
                self._from_database(self._look)
                sign, silence = self.signs.longest_silence()
                if silence > self.limits.replace:
                    return f"{WHAT_SILENCE_MEANS[sign]} for {silence:.0f} s"
                if silence > self.limits.help_out:
                    # Beside another worker, that one may have taken all of our pokes
                    self._from_database(lambda: schedules.poke(schedules.HEARTBEAT))
                    if now >= next_help:
                        next_help = now + self.limits.help_out
                        self._help_out(WHAT_SILENCE_MEANS[sign])
            time.sleep(0.2)
        return ""

    def _end(self) -> None:
        assert self.cluster is not None  # noqa: S101
        if self.stopping and self.cluster.poll() is None:
            log.info("Waiting for the running tasks to end.")
            if not processes.end(self.cluster, self.limits.patience):
                log.warning("They did not end in %.0f s and were killed.", self.limits.patience)
        else:
            processes.kill_group(self.cluster.pid)
            self.cluster.wait()
        for helper in self.helpers:
            processes.end(helper, self.limits.patience)
        self.note.remove()

    def _look(self) -> None:
        schedules.sync()
        self.signs.read()

    def _start_afresh(self) -> None:
        """Empty the queue of what may have killed or stalled a cluster; poke every urgent job."""
        schedules.sync()
        get_broker().purge_queue()
        schedules.poke(*(job for job in schedules.JOBS if job.minutes == 1))

    def _time_was_set(self, seconds: float) -> None:
        """Have the cluster look at once: tasks queued by the old time may wait in the future."""
        way = "back" if seconds < 0 else "forward"
        log.warning("Time went %s by %s.", way, timedelta(seconds=round(abs(seconds))))
        self._from_database(self._start_afresh)

    def _from_database(self, ask: Callable[[], None]) -> None:
        """Do `ask`; a database that does not answer is not held against the cluster."""
        try:
            ask()
        except Error as error:
            log.warning("The database does not answer: %s", type(error).__name__)
            connection.close()
            self.signs.forget()
        except RedisError as error:
            # Without it the cluster hears of no task: its silence counts, and we do its work
            log.warning("Redis does not answer: %s", type(error).__name__)

    def _help_out(self, why: str) -> None:
        """Do the urgent work in processes of our own until the cluster answers; safe to repeat."""
        self._reap()
        if self.helpers:
            return
        log.warning("The worker does not work (%s): doing its work.", why)
        self.helpers = [processes.start(command(name)) for name in ("sweep", "deliver")]

    def _reap(self) -> None:
        """Let go of the helpers that have ended."""
        self.helpers = [helper for helper in self.helpers if helper.poll() is None]

    def _sleep(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self.stopping and time.monotonic() < until:
            time.sleep(0.1)


def command(*words: str) -> list[str]:
    """The line that runs one of our own management commands with this Python.

    Without the system checks: whoever starts us has run them.
    """
    name, *rest = words
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), name, "--skip-checks", *rest]


class WallClock:
    """Notices when the time of day is set, which the steady clock knows nothing of."""

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self.wall, self.steady = wall, steady
        self.gap = wall() - steady()

    def jump(self) -> float:
        """By how many seconds the time of day was set since the last look; 0 if it was not."""
        gap = self.wall() - self.steady()
        jump, self.gap = gap - self.gap, gap
        return jump if abs(jump) > AGREED else 0.0


class Signs:
    """What a living cluster changes all the time, and for how long each has stood still.

    By change and not by age, so that a clock that is set forward or back alarms nobody.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.group = 0
        self.has_begun = False
        self.seen: dict[str, tuple[object, float]] = {}

    def expect(self, group: int) -> None:
        """Read the signs of the cluster in process group `group` from now on."""
        self.group = group
        self.has_begun = False
        self.forget()

    def forget(self) -> None:
        """Count from now."""
        now = self.clock()
        self.seen = {name: (object(), now) for name in WHAT_SILENCE_MEANS}

    def read(self) -> None:
        """Raises the database's errors."""
        beats = Heartbeat.objects.filter(name=health.name_of(self.group))
        beat_at = beats.values_list("beat_at", flat=True).first()
        if beat_at is not None:
            self.has_begun = True
            self._note("worker", beat_at)
        oldest = OrmQ.objects.aggregate(oldest=Min("pk"))["oldest"]
        self._note("queue", object() if oldest is None else oldest)
        self._note("scheduler", Schedule.objects.aggregate(next=Min("next_run"))["next"])

    def longest_silence(self) -> tuple[str, float]:
        """The sign that stands still for longest, and for how many seconds beyond the usual."""
        grace = 0 if self.has_begun else TIME_TO_START
        ends = {name: since + USUAL_GAP[name] + grace for name, (_, since) in self.seen.items()}
        name = min(ends, key=lambda name: ends[name])
        return name, max(0.0, self.clock() - ends[name])

    def _note(self, name: str, value: object) -> None:
        if self.seen[name][0] != value:
            self.seen[name] = (value, self.clock())
