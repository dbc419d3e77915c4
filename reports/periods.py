"""Periods of time, half-open [start, end), cut at local midnights of one zone; counts nothing."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Period:
    """[start, end), both aware instants; `name` is how a person would call it."""

    start: datetime
    end: datetime
    name: str = ""

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("A period needs instants with a time zone.")
        if self.end <= self.start:
            raise ValueError("A period ends after it starts.")

    def __contains__(self, at: datetime) -> bool:
        return self.start <= at < self.end

    @property
    def key(self) -> str:
        """A month as it stands in an address: “2026-03”."""
        return f"{self.start:%Y-%m}"

    def before(self) -> "Period":
        """The period of the same kind just before: the month before a month."""
        if self._is_month():
            return month((self.start - timedelta(days=1)).strftime("%Y-%m"), self.start.tzinfo)
        return Period(self.start - (self.end - self.start), self.start, "the time before")

    def after(self) -> "Period":
        """The period just after, of the same kind."""
        if self._is_month():
            return month(self.end.strftime("%Y-%m"), self.start.tzinfo)
        return Period(self.end, self.end + (self.end - self.start), "the time after")

    def _is_month(self) -> bool:
        begins = month(self.start.strftime("%Y-%m"), self.start.tzinfo)
        return (begins.start, begins.end) == (self.start, self.end)


def month(text: str, zone: tzinfo | None = UTC) -> Period:
    """The month “2026-03” in `zone`. ValueError in words if it is none.

    >>> from zoneinfo import ZoneInfo
    >>> march = month("2026-03", ZoneInfo("Europe/Berlin"))
    >>> march.start.astimezone(UTC).isoformat(), march.end.astimezone(UTC).isoformat()
    ('2026-02-28T23:00:00+00:00', '2026-03-31T22:00:00+00:00')
    """
    found = _MONTH.fullmatch(text)
    if not found or not 2000 <= int(found[1]) <= 2200:
        raise ValueError(f"“{text[:20]}” is not a month, such as 2026-03.")
    year, number = int(found[1]), int(found[2])
    zone = zone or UTC
    start = datetime(year, number, 1, tzinfo=zone)
    end = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=zone)
    return Period(start, end, f"{start:%B %Y}")


def month_of(at: datetime, zone: tzinfo) -> Period:
    """The month that the instant `at` is in."""
    return month(at.astimezone(zone).strftime("%Y-%m"), zone)


def last_months(last: Period, count: int) -> list[Period]:
    """`count` months up to and with `last`, oldest first."""
    found = [last]
    while len(found) < count:
        found.insert(0, found[0].before())
    return found
