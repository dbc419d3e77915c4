"""Taking turns on SQLite, where one writes at a time and nobody stands in line.

Whoever waits looks again only every tenth of a second. Work that goes from one transaction straight
into the next would find the file free each time, and keep everybody else out of it for minutes.
"""

import time

from django.db import connection

A_MOMENT = 0.03  # seconds


def give_way() -> None:
    """After one transaction of many: let others write first. Elsewhere rows are locked, not all."""
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        time.sleep(A_MOMENT)
