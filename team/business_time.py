"""Opening hours as arithmetic: add open time to an instant, count it between two; no Django here.

A calendar says what its own wall clock reads while it is open. So an instant counts exactly when
its local reading lies inside the hours: an hour the clock skips is never worked, one it repeats is
worked twice.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import accumulate, pairwise, repeat
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

WeeklyHours = Mapping[str, Sequence[tuple[str, str]]]
Week = tuple[tuple[tuple[int, int], ...], ...]  # Monday first; (opening, closing) from midnight
Moment = TypeVar("Moment", int, datetime)

DAYS = {
    "mon": "Monday",
    "tue": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
}
FIRST_YEAR, LAST_YEAR = 1900, 2199  # instants outside are refused, deadlines beyond are None
LONGEST_CLOSURE = timedelta(days=5 * 366)  # a calendar closed for longer never reopens

DAY = 86_400  # seconds, as are all plain numbers below
NOON, WEEK = DAY // 2, DAY * 7
TIME = re.compile(r"([01]?[0-9]|2[0-3]):[0-5][0-9]|24:00")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ZERO = timedelta(0)


class BusinessHours:
    """Weekly opening hours in one zone, less holidays.

    Intervals are half-open; "24:00" closes at the end of the day. One that closes at or before
    its opening runs into the next day; a holiday on the day it starts on closes it. Overlaps count
    once. What cannot be read is a ValueError with a sentence for the person who wrote it.
    """

    __slots__ = ("_openings", "time_zone")

    def __init__(
        self, time_zone: str, weekly_hours: WeeklyHours, holidays: Iterable[date] = ()
    ) -> None:
        week, problems = _read_week(weekly_hours)
        days = frozenset(holidays)
        for day in days:
            if isinstance(day, datetime) or not isinstance(day, date):
                problems.append(f"A holiday is a date, which {day!r} is not.")
        if problems:
            raise ValueError(" ".join(problems))
        self.time_zone = time_zone
        self._openings = _openings(time_zone, week, days)  # equal calendars share one

    @classmethod
    def around_the_clock(cls) -> BusinessHours:
        """Never closed: business time is real time."""
        return cls("UTC", {day: [("00:00", "24:00")] for day in DAYS})

    def add(self, start: datetime, duration: timedelta) -> datetime | None:
        """The earliest instant (UTC) by which `duration` of open time has passed since `start`.

        Using up a shift exactly ends at its closing; a zero duration ends at the first open
        instant from `start` on. None if that never comes: not before the year 2200, or only
        beyond five closed years on end. ValueError if `start` is naive or outside 1900–2199, or
        `duration` is negative.
        """
        if start.tzinfo is not UTC:
            start = to_utc(start)
        if duration < ZERO:
            raise ValueError("A duration cannot be negative.")
        opens, closes, shifts, worked, last, closures = self._openings.table
        i = bisect_right(opens, start) - 1
        if i < 0 or i >= last:
            self._openings.cover(start, start)
            return self.add(start, duration)
        try:
            used = (start - shifts[i] if start < closes[i] else worked[i + 1]) + duration
        except OverflowError:
            return None
        j = (bisect_left if duration else bisect_right)(worked, used) - 1
        if j >= last:
            return self.add(start, duration) if self._openings.grow(start, duration) else None
        due = shifts[j] + used
        for closed, reopened in closures:  # nearly always none
            if reopened <= due and reopened - max(start, closed) > LONGEST_CLOSURE:
                return None
        return due

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """Open time in [start, end), in real seconds; zero if `end` is not after `start`.

        ValueError if either is naive or outside 1900–2199.
        """
        if start.tzinfo is not UTC:
            start = to_utc(start)
        if end.tzinfo is not UTC:
            end = to_utc(end)
        if end <= start:
            return ZERO
        opens, closes, shifts, _, last, _ = self._openings.table
        i = bisect_right(opens, start) - 1
        j = bisect_right(opens, end) - 1
        if i < 0 or j >= last:
            self._openings.cover(start, end)
            return self.elapsed(start, end)
        before = (start if start < closes[i] else closes[i]) - shifts[i]
        return (end if end < closes[j] else closes[j]) - shifts[j] - before

    def segments(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """The open stretches (UTC) that `elapsed(start, end)` adds up, in order; same errors."""
        start, end = to_utc(start), to_utc(end)
        if end <= start:
            return []
        opens, closes, *_ = self._openings.cover(start, end)
        part = slice(bisect_right(opens, start) - 1, bisect_left(opens, end))
        counted = zip(opens[part], closes[part], strict=True)
        return _merged((max(o, start), min(c, end)) for o, c in counted if c > start)

    def is_open(self, at: datetime) -> bool:
        """Whether business time passes at this instant; errors as for `elapsed`."""
        at = to_utc(at)
        opens, closes, *_ = self._openings.cover(at, at)
        return at < closes[bisect_right(opens, at) - 1]

    def elapsed_many(self, starts: Sequence[float], ends: Sequence[float]) -> list[float]:
        """`elapsed` for many: epoch seconds in, seconds out; lengths must agree."""
        if not starts and not ends:
            return []
        first, last = min(min(starts), min(ends)), max(max(starts), max(ends))
        table = self._openings.cover(_instant(first), _instant(last))
        opens, closes, shifts, _ = table.in_seconds()

        def worked_until(instants: Sequence[float]) -> list[float]:
            found = zip(instants, map(bisect_right, repeat(opens), instants), strict=False)
            return [(t if t < closes[i - 1] else closes[i - 1]) - shifts[i - 1] for t, i in found]

        pairs = zip(worked_until(starts), worked_until(ends), strict=True)
        return [after - before if after > before else 0 for before, after in pairs]

    def add_many(self, starts: Sequence[float], durations: Sequence[float]) -> list[float | None]:
        """`add` for many: epoch seconds and seconds in, epoch seconds or None out; same errors."""
        if not starts and not durations:
            return []
        if min(durations) < 0:
            raise ValueError("A duration cannot be negative.")
        self._openings.cover(_instant(min(starts)), _instant(max(starts)))
        self.add(_instant(max(starts)), timedelta(seconds=max(durations)))  # looks far enough ahead
        table = self._openings.table
        opens, closes, shifts, worked = table.in_seconds()
        dues: list[float | None] = []
        for t, duration in zip(starts, durations, strict=True):
            i = bisect_right(opens, t) - 1
            used = (t - shifts[i] if t < closes[i] else worked[i + 1]) + duration
            j = (bisect_left if duration else bisect_right)(worked, used) - 1
            if j < table.last and not table.closures:
                dues.append(shifts[j] + used)
            else:
                due = self.add(_instant(t), timedelta(seconds=duration))
                dues.append(None if due is None else due.timestamp())
        return dues


def weekly_problems(weekly_hours: WeeklyHours) -> list[str]:
    """What a person should put right before saving these hours, a sentence each.

    Stricter than BusinessHours: overlaps are refused, and so are hours that close before they
    open unless they read as a night shift, which closes by noon.
    """
    week, problems = _read_week(weekly_hours)
    spans: list[tuple[int, int, str]] = []
    for midnight, name, day in zip(range(0, WEEK, DAY), DAYS.values(), week, strict=True):
        for opening, closing in day:
            label = f"{name} {_clock(opening)}–{_clock(closing)}"
            if opening == closing:
                problems.append(f"{label} closes as it opens; the whole day is 00:00–24:00.")
            elif closing < opening and closing > NOON:
                problems.append(f"{label} closes before it opens.")
            else:
                spans.append((midnight + opening, midnight + _end(opening, closing), label))
    spans.sort()
    a_week_on = [(opening + WEEK, closing, label) for opening, closing, label in spans[:1]]
    for (_, closing, label), (opening, _, other) in pairwise(spans + a_week_on):
        if opening < closing:
            problems.append(f"{label} and {other} overlap.")
    return problems


def to_utc(instant: datetime) -> datetime:
    """The same instant in UTC; ValueError if it is naive."""
    try:
        return EPOCH + (instant - EPOCH)  # refuses what is naive, where astimezone() would guess
    except TypeError:
        raise ValueError(f"{instant} has no time zone.") from None
    except OverflowError:
        raise ValueError(f"{instant} is beyond the calendar.") from None


class _Table(NamedTuple):
    """Openings over whole years, with an empty one at either end; lists run in parallel."""

    opens: list[datetime]
    closes: list[datetime]
    shifts: list[datetime]  # opening - worked: an open instant - shift = worked so far
    worked: list[timedelta]  # open time before the opening
    last: int  # the index of the empty opening at the end
    closures: list[tuple[datetime, datetime]]  # (closed, open again), longer than LONGEST_CLOSURE

    def in_seconds(self) -> tuple[list[int], list[int], list[int], list[int]]:
        """The first four lists in whole epoch seconds and seconds."""
        opens, closes, shifts = (
            [round(instant.timestamp()) for instant in instants]
            for instants in (self.opens, self.closes, self.shifts)
        )
        return opens, closes, shifts, [round(time.total_seconds()) for time in self.worked]


class _Openings:
    """One calendar's table of openings, widened by whole UTC years as they are asked for."""

    def __init__(self, zone: ZoneInfo, week: Week, holidays: frozenset[int]) -> None:
        self._zone, self._week, self._holidays = zone, week, holidays
        self._found: dict[int, list[tuple[int, int]]] = {}  # by year, in epoch seconds
        self.table = _Table([], [], [], [], -1, [])

    def cover(self, start: datetime, end: datetime) -> _Table:
        """The table, made to hold the years of both instants and a year around them."""
        opens = self.table.opens
        if not opens or start < opens[0] or end >= opens[-1]:
            for instant in (start, end):
                if not FIRST_YEAR <= instant.year <= LAST_YEAR:
                    raise ValueError(f"{instant} is not in the years {FIRST_YEAR} to {LAST_YEAR}.")
            self._widen(start.year - 1, end.year + 1)
        return self.table

    def grow(self, start: datetime, duration: timedelta) -> bool:
        """Look further ahead; False if `duration` from `start` cannot end where we may look."""
        opens, closes = self.table.opens, self.table.closes
        too_late = duration >= _new_year(LAST_YEAR + 1) - start
        if too_late or opens[-1] - max(start, closes[-2]) > LONGEST_CLOSURE:
            return False
        year = max(self._found)
        self._widen(year, year + len(self._found))
        return year < LAST_YEAR

    def _widen(self, first: int, last: int) -> None:
        first, last = max(FIRST_YEAR, first), min(LAST_YEAR, last)
        years = range(min([first, *self._found]), max([last, *self._found]) + 1)
        for year in years:
            if year not in self._found:
                self._found[year] = self._year(year)
        pairs = [pair for year in years for pair in self._found[year]]
        begin, end = _new_year(years[0]), _new_year(years[-1] + 1)
        opens = [begin, *(EPOCH + timedelta(seconds=o) for o, _ in pairs), end]
        closes = [begin, *(EPOCH + timedelta(seconds=c) for _, c in pairs), end]
        lengths = (c - o for o, c in zip(opens, closes, strict=True))
        worked = list(accumulate(lengths, initial=ZERO))[:-1]
        shifts = [o - before for o, before in zip(opens, worked, strict=True)]
        gaps = zip(closes, opens[1:], strict=False)
        closures = [(c, o) for c, o in gaps if o - c > LONGEST_CLOSURE]
        self.table = _Table(opens, closes, shifts, worked, len(opens) - 1, closures)

    def _year(self, year: int) -> list[tuple[int, int]]:
        """The openings within one UTC year: local readings, shifted run by run of equal offset."""
        begin, end = (round(_new_year(edge).timestamp()) for edge in (year, year + 1))
        local = _merged(
            (day * DAY + opening, day * DAY + _end(opening, closing))
            for day in range(begin // DAY - 2, end // DAY + 2)
            if day not in self._holidays
            for opening, closing in self._week[(day + EPOCH.weekday()) % 7]
        )
        return _merged(
            (max(opening - offset, since), min(closing - offset, until))
            for since, until, offset in _runs(self._zone, begin, end)
            for opening, closing in local
            if opening - offset < until and closing - offset > since
        )


@lru_cache(maxsize=64)
def _openings(time_zone: str, week: Week, holidays: frozenset[date]) -> _Openings:
    try:
        zone = ZoneInfo(time_zone)
    except (KeyError, ValueError, OSError, TypeError):
        raise ValueError(f"“{time_zone}” is not a time zone; Europe/Berlin is one.") from None
    days = frozenset(day.toordinal() - EPOCH.toordinal() for day in holidays)
    return _Openings(zone, week, days)


def _runs(zone: ZoneInfo, begin: int, end: int) -> Iterator[tuple[int, int, int]]:
    """[begin, end) cut where the offset changes (at most once a day): (since, until, offset)."""

    def offset(second: int) -> int:
        reading = datetime.fromtimestamp(second, zone).replace(tzinfo=UTC)
        return round(reading.timestamp()) - second

    since, current = begin, offset(begin)
    for known in range(begin, end, DAY):
        if offset(known + DAY) != current:
            change = bisect_left(
                range(known, known + DAY), True, key=lambda second: offset(second) != current
            )
            yield since, known + change, current
            since, current = known + change, offset(known + DAY)
    yield since, end, current


def _merged(spans: Iterable[tuple[Moment, Moment]]) -> list[tuple[Moment, Moment]]:
    """Spans ordered by their begin, those that touch or overlap joined."""
    joined: list[tuple[Moment, Moment]] = []
    for begin, end in spans:
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((begin, end))
    return joined


def _read_week(weekly_hours: WeeklyHours) -> tuple[Week, list[str]]:
    """The hours in seconds as they were written, and a sentence for each that cannot be read."""
    if not isinstance(weekly_hours, Mapping):
        return ((),) * 7, ["The hours are not given by weekday."]
    known = ", ".join(DAYS)
    problems = [f"“{k}” is not a weekday; write {known}." for k in weekly_hours if k not in DAYS]
    week = []
    for key, name in DAYS.items():
        day = []
        intervals = weekly_hours.get(key) or ()
        if isinstance(intervals, str) or not isinstance(intervals, Sequence):
            problems.append(f"{name}: the hours are not a list.")
            intervals = ()
        for interval in intervals:
            try:
                day.append(_read_interval(interval))
            except ValueError as problem:
                problems.append(f"{name}: {problem}")
        week.append(tuple(sorted(day)))
    if not problems and not any(week):
        problems.append("There are no opening hours on any day.")
    return tuple(week), problems


def _read_interval(interval: Sequence[str]) -> tuple[int, int]:
    if isinstance(interval, str) or not isinstance(interval, Sequence) or len(interval) != 2:
        raise ValueError(f"“{interval}” is not an opening and a closing time.")
    for text in interval:
        if not isinstance(text, str) or not TIME.fullmatch(text):
            raise ValueError(f"“{text}” is not a time; write it like 09:00.")
    opening, closing = (int(text[:-3]) * 3600 + int(text[-2:]) * 60 for text in interval)
    if opening == DAY:
        raise ValueError("24:00 can close a day, not open it.")
    return opening, closing


def _end(opening: int, closing: int) -> int:
    return closing if closing > opening else closing + DAY


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}"


def _new_year(year: int) -> datetime:
    return datetime(year, 1, 1, tzinfo=UTC)


def _instant(seconds: float) -> datetime:
    try:
        return EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        raise ValueError(f"{seconds} seconds is beyond the calendar.") from None
