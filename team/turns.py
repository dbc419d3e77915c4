"""Taking turns on SQLite, where one writes at a time and nobody stands in line.

Whoever waits looks again only every tenth of a second. Work that goes from one transaction straight
into the next would find the file free each time, and keep everybody else out of it for minutes.
"""

import time

from django.db import connection

TURN = 0.5  # seconds of writing
A_MOMENT = 0.12  # seconds: whoever waits looks in the meantime


class _Mine:
    """When this process began its turn."""

    since = float("-inf")


def give_way() -> None:
    """After one transaction of many: let others write, once each turn. PostgreSQL locks rows."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return
    if time.monotonic() - _Mine.since >= TURN:
        time.sleep(A_MOMENT)
        _Mine.since = time.monotonic()
