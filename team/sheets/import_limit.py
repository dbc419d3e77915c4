"""Ten imports an hour for each person: the next one is kept until there is room for it."""

from datetime import datetime, timedelta
from math import ceil

from team.models import Import, User

MOST = 10
WINDOW = timedelta(hours=1)


def seconds_to_wait(user: User, now: datetime) -> int:
    """Until `user` may begin the next import; 0 where they may now."""
    recent = Import.objects.filter(by=user, created_at__gt=now - WINDOW)
    times = list(recent.order_by("-created_at").values_list("created_at", flat=True)[:MOST])
    if len(times) < MOST:
        return 0
    return max(1, ceil((times[-1] + WINDOW - now).total_seconds()))
