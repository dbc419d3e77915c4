"""Ten an hour for each person, of imports as of exports: when there is room for the next one."""

from datetime import datetime, timedelta
from math import ceil
from typing import Any

from django.db.models import QuerySet

MOST = 10
WINDOW = timedelta(hours=1)


def seconds_to_wait(theirs: QuerySet[Any], at: str, now: datetime) -> int:
    """Until somebody may do it again; 0 where they may now. `at`: when each of `theirs` was."""
    recent = theirs.filter(**{f"{at}__gt": now - WINDOW}).order_by(f"-{at}")
    times = list(recent.values_list(at, flat=True)[:MOST])
    if len(times) < MOST:
        return 0
    return max(1, ceil((times[-1] + WINDOW - now).total_seconds()))
