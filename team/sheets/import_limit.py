"""Ten imports an hour for each person: the next one is kept until there is room for it."""

from datetime import datetime

from team import hourly
from team.models import Import, User


def seconds_to_wait(user: User, now: datetime) -> int:
    """Until `user` may begin the next import; 0 where they may now."""
    return hourly.seconds_to_wait(Import.objects.filter(by=user), "created_at", now)
