"""The queue of django-q2 that hands its worker our own jobs and nothing else.

What an older release left in it would otherwise end the process that reads the queue, again each
time it comes back, or be repeated as a failure: it is said once and dropped. Nothing is lost by
that, because every task only says “go and look”. Nobody gets a function of theirs run either.
"""

import logging
from typing import Any

from django_q.brokers.orm import ORM
from django_q.brokers.redis_broker import Redis
from django_q.signing import SignedPackage

from config.schedules import JOBS

log = logging.getLogger("handoffdesk.queue")

OURS = frozenset(job.task for job in JOBS)


class OnlyOurJobs:
    """In front of a broker: its `dequeue`, without what is not for us."""

    def dequeue(self) -> list[tuple[Any, Any]]:
        waiting: list[tuple[Any, Any]] = super().dequeue() or []  # type: ignore[misc]
        return [(pk, payload) for pk, payload in waiting if self._is_ours(pk, payload)]

    def _is_ours(self, pk: Any, payload: Any) -> bool:
        try:
            task = SignedPackage.loads(payload)
            asked = task["func"]
        except Exception as error:  # noqa: BLE001  unpickling may raise anything at all
            reason = f"it cannot be read ({type(error).__name__})"
        else:
            if isinstance(asked, str) and asked in OURS:
                return True
            reason = f"“{str(asked)[:100]!r}” is no job of this release"
        log.error("A queued task was dropped: %s.", reason)
        self.delete(pk)
        return False

    def delete(self, task_id: Any) -> None:
        super().delete(task_id)  # type: ignore[misc]


class DatabaseQueue(OnlyOurJobs, ORM):
    """In the database, where it needs nothing else."""


class RedisQueue(OnlyOurJobs, Redis):
    """On a Redis server: faster, and whatever it loses the next minute makes up for."""
