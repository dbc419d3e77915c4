"""A process of the worker that ran out of memory: it ends, and the cluster starts a fresh one.

Its memory may be limited (a container, `ulimit -v`) or in pieces; staying, it would fail at every
larger task for ever, while small ones such as the heartbeat say that all is well.
"""

import logging
from typing import Any

from django_q.brokers import get_broker

log = logging.getLogger("handoffdesk.worker")


def end_if_starved(task: dict[str, Any], **kwargs: Any) -> None:
    """After each task: end this process if the task failed for want of memory."""
    if task.get("success") or not _last_line(task.get("result")).startswith("MemoryError"):
        return
    log.error("Out of memory in %s: this process of the worker is replaced.", task.get("func"))
    if task.get("ack_id"):  # its result will not be recorded by the one that has ended
        get_broker().acknowledge(task["ack_id"])
    raise SystemExit(1)


def _last_line(result: object) -> str:
    """The last line of the traceback that django-q2 keeps as the result of a failed task."""
    return str(result).rstrip().rpartition("\n")[2]
