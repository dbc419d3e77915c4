"""How long a handoff's next deadline is away, in words; the deadlines themselves are `sla`'s.

Computed when read, so the answer is right even while no worker runs.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from handoffs.models import Handoff
from team.business_time import BusinessHours
from team.models import CalendarVersion


class TimeLeft(NamedTuple):
    """`state` is the chip's colour class, `word` what it means, `words` how much is left."""

    state: str
    word: str
    words: str
    due: datetime | None


NO_DEADLINE = TimeLeft("", "No deadline", "no deadline", None)


def time_left(
    due: datetime | None,
    warn: datetime | None,
    now: datetime,
    hours: BusinessHours | None = None,
) -> TimeLeft:
    """Where `now` stands before or after `due`; at risk from `warn` on. A deadline is `<= now`.

    With `hours` the length is working time, as the promise counts it; without, calendar time. A
    deadline that was reached at closing time is not missed before the next opening.

    >>> from datetime import UTC
    >>> ten = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
    >>> time_left(ten + timedelta(hours=2, minutes=10), None, ten).words
    '2 h 10 min left'
    """
    if due is None:
        return NO_DEADLINE
    if due <= now:
        late = hours.elapsed(due, now) if hours else now - due
        if hours and not late:
            return TimeLeft("is-warn", "At risk", "no time left", due)
        return TimeLeft("is-bad", "Overdue", f"overdue by {_length(late, hours)}", due)
    left = f"{_length(hours.elapsed(now, due) if hours else due - now, hours)} left"
    if warn is not None and warn <= now:
        return TimeLeft("is-warn", "At risk", left, due)
    return TimeLeft("is-good", "On time", left, due)


def left_of(handoff: Handoff, now: datetime) -> TimeLeft:
    """The time left of one handoff's next deadline; lists ask `time_left` with `hours_of` all."""
    calendar = handoff.next_due_calendar
    hours = calendar.hours() if calendar else None
    return time_left(handoff.next_due_at, handoff.next_warn_at, now, hours)


def hours_of(versions: Iterable[int | None]) -> dict[int | None, BusinessHours]:
    """The working hours of these calendar versions, in one query; an unknown one has none."""
    wanted = {version for version in versions if version is not None}
    found = CalendarVersion.objects.in_bulk(wanted) if wanted else {}
    return {pk: version.hours() for pk, version in found.items()}


def _length(length: timedelta, hours: BusinessHours | None) -> str:
    """Working time in hours and minutes: a working day has no fixed length."""
    if hours is None or length < timedelta(hours=24):
        return span(length)
    return f"{int(length.total_seconds()) // 3600} h"


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
