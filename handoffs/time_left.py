"""How long a handoff's next deadline is away, in words; the deadlines themselves are `sla`'s.

Computed when read, so the answer is right even while no worker runs.
"""

from datetime import datetime, timedelta
from typing import NamedTuple


class TimeLeft(NamedTuple):
    """`state` is the chip's colour class, `word` what it means, `words` how much is left."""

    state: str
    word: str
    words: str
    due: datetime | None


NO_DEADLINE = TimeLeft("", "No deadline", "no deadline", None)


def time_left(due: datetime | None, warn: datetime | None, now: datetime) -> TimeLeft:
    """Where `now` stands before or after `due`; at risk from `warn` on. A deadline is `<= now`.

    >>> from datetime import UTC
    >>> ten = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
    >>> time_left(ten + timedelta(hours=2, minutes=10), None, ten).words
    '2 h 10 min left'
    """
    if due is None:
        return NO_DEADLINE
    if due <= now:
        return TimeLeft("is-bad", "Overdue", f"overdue by {span(now - due)}", due)
    if warn is not None and warn <= now:
        return TimeLeft("is-warn", "At risk", f"{span(due - now)} left", due)
    return TimeLeft("is-good", "On time", f"{span(due - now)} left", due)


def span(length: timedelta) -> str:
    """A length of time as somebody would say it, by its two largest parts.

    >>> span(timedelta(minutes=35)), span(timedelta(hours=30)), span(timedelta(seconds=20))
    ('35 min', '1 d 6 h', 'less than a minute')
    """
    minutes = int(length.total_seconds()) // 60
    if minutes < 1:
        return "less than a minute"
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min"
