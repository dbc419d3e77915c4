"""Spans and instants in words for messages; what they mean is decided elsewhere."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo


def span(length: timedelta) -> str:
    """Such as 25 min, 1 h 20 min or 30 h; seconds are left out unless there is nothing else.

    Never in days: a working day has no fixed length.
    """
    minutes = int(length.total_seconds()) // 60
    if minutes == 0:
        return f"{int(length.total_seconds())} s"
    hours, rest = divmod(minutes, 60)
    return " ".join(f"{n} {unit}" for n, unit in ((hours, "h"), (rest, "min")) if n)


def instant(at: datetime, zone: ZoneInfo) -> str:
    """Such as 2 Mar 2026 11:00 UTC, as read in `zone`."""
    local = at.astimezone(zone)
    return f"{local.day} {local:%b %Y %H:%M %Z}"
