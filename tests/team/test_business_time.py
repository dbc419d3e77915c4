"""Business time: worked cases, refusals, and properties against a clock read minute by minute."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from team.business_time import DAYS, BusinessHours, weekly_problems

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")
OFFICE = {day: [("09:00", "17:00")] for day in WEEKDAYS}
LUNCH = {day: [("09:00", "12:00"), ("13:00", "17:30")] for day in WEEKDAYS}
NIGHTS = {day: [("22:00", "06:00")] for day in WEEKDAYS}
ALL_DAY = {day: [("00:00", "24:00")] for day in DAYS}
ALL_DAY_BUT_LUNCH = {day: [("00:00", "12:00"), ("13:00", "24:00")] for day in DAYS}
BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"

MINUTE = timedelta(minutes=1)
ZERO = timedelta(0)
BEYOND = r"1900 to 2199|beyond the calendar"

# The clocks that break engines: half an hour, midnight, Ramadan, a day that never was.
NASTY = (
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/Havana",
    "America/New_York",
    "America/Santiago",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Asia/Tehran",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Europe/Dublin",
    "Pacific/Apia",
    "Pacific/Chatham",
    "UTC",
)

properties = settings(deadline=None, database=None, derandomize=True)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


# Worked cases


@pytest.mark.parametrize(
    ("zone", "week", "start", "minutes", "due"),
    [
        # Monday 2 March 2026, an ordinary week
        ("UTC", OFFICE, "2026-03-02T10:00+00:00", 60, "2026-03-02T11:00+00:00"),
        ("UTC", OFFICE, "2026-03-02T16:00+00:00", 60, "2026-03-02T17:00+00:00"),  # at closing
        ("UTC", OFFICE, "2026-03-02T16:00+00:00", 61, "2026-03-03T09:01+00:00"),
        ("UTC", OFFICE, "2026-03-06T16:00+00:00", 120, "2026-03-09T10:00+00:00"),  # the weekend
        ("UTC", OFFICE, "2026-03-07T16:00+00:00", 480, "2026-03-09T17:00+00:00"),
        ("UTC", OFFICE, "2026-03-02T16:59+00:00", 0, "2026-03-02T16:59+00:00"),
        ("UTC", OFFICE, "2026-03-02T17:00+00:00", 0, "2026-03-03T09:00+00:00"),
        ("UTC", LUNCH, "2026-03-02T11:30+00:00", 30, "2026-03-02T12:00+00:00"),
        ("UTC", LUNCH, "2026-03-02T11:30+00:00", 31, "2026-03-02T13:01+00:00"),
        ("UTC", LUNCH, "2026-03-02T12:15+00:00", 0, "2026-03-02T13:00+00:00"),
        ("Asia/Kolkata", OFFICE, "2026-03-02T16:30+05:30", 60, "2026-03-03T09:30+05:30"),
        # a Friday night ends on Saturday morning
        (BERLIN, NIGHTS, "2026-03-06T23:00+01:00", 420, "2026-03-07T06:00+01:00"),
        (BERLIN, NIGHTS, "2026-03-06T23:00+01:00", 421, "2026-03-09T22:01+01:00"),
        (BERLIN, NIGHTS, "2026-03-08T23:00+01:00", 0, "2026-03-09T22:00+01:00"),
        # the deadline of the weekend the clocks change on
        (BERLIN, OFFICE, "2026-03-27T16:00+01:00", 120, "2026-03-30T10:00+02:00"),
        (BERLIN, OFFICE, "2026-10-23T16:00+02:00", 120, "2026-10-26T10:00+01:00"),
        (BERLIN, ALL_DAY, "2026-03-29T01:30+01:00", 60, "2026-03-29T03:30+02:00"),
        (NEW_YORK, ALL_DAY, "2026-11-01T01:30-04:00", 60, "2026-11-01T01:30-05:00"),
        # the leap day of 2028 is a Tuesday; the last second of a year
        ("UTC", OFFICE, "2028-02-28T16:30+00:00", 60, "2028-02-29T09:30+00:00"),
        ("UTC", OFFICE, "2028-02-29T16:30+00:00", 60, "2028-03-01T09:30+00:00"),
        ("UTC", ALL_DAY, "2028-12-31T23:59:59+00:00", 1, "2029-01-01T00:00:59+00:00"),
        ("UTC", OFFICE, "2027-12-31T23:59:59+00:00", 60, "2028-01-03T10:00+00:00"),
    ],
)
def test_add(zone: str, week: dict, start: str, minutes: int, due: str) -> None:
    assert BusinessHours(zone, week).add(at(start), minutes * MINUTE) == at(due)


@pytest.mark.parametrize(
    ("zone", "week", "start", "end", "minutes"),
    [
        ("UTC", OFFICE, "2026-03-02T00:00+00:00", "2026-03-09T00:00+00:00", 5 * 480),
        ("UTC", OFFICE, "2026-03-02T17:00+00:00", "2026-03-03T09:00+00:00", 0),
        ("UTC", OFFICE, "2026-03-02T16:59+00:00", "2026-03-03T09:01+00:00", 2),
        ("UTC", OFFICE, "2026-03-02T12:00+00:00", "2026-03-02T12:00+00:00", 0),
        ("UTC", OFFICE, "2026-03-03T12:00+00:00", "2026-03-02T12:00+00:00", 0),
        ("UTC", LUNCH, "2026-03-02T00:00+00:00", "2026-03-03T00:00+00:00", 450),
        # a Sunday of 23 hours, of 25, of 23 and a half
        (BERLIN, ALL_DAY, "2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00", 1380),
        (BERLIN, ALL_DAY, "2026-10-25T00:00+02:00", "2026-10-26T00:00+01:00", 1500),
        ("Australia/Lord_Howe", ALL_DAY, "2026-10-04T00:00+10:30", "2026-10-05T00:00+11:00", 1410),
        # the night shift of that Saturday: an hour less, an hour more
        (BERLIN, {"sat": [("22:00", "06:00")]}, "2026-03-28T12:00Z", "2026-03-30T12:00Z", 420),
        (BERLIN, {"sat": [("22:00", "06:00")]}, "2026-10-24T12:00Z", "2026-10-26T12:00Z", 540),
        # hours that lie in the skipped hour, and in the repeated one
        (BERLIN, {"sun": [("02:00", "03:00")]}, "2026-03-28T12:00Z", "2026-03-30T12:00Z", 0),
        (BERLIN, {"sun": [("01:00", "02:30")]}, "2026-03-28T12:00Z", "2026-03-30T12:00Z", 60),
        (BERLIN, {"sun": [("02:00", "03:00")]}, "2026-10-24T12:00Z", "2026-10-26T12:00Z", 120),
        # midnight does not exist in Santiago on 6 September, nor did 30 December 2011 in Samoa
        (
            "America/Santiago",
            {"sun": [("00:00", "24:00")]},
            "2026-09-05T00:00Z",
            "2026-09-08T00:00Z",
            1380,
        ),
        (
            "Pacific/Apia",
            {"fri": [("00:00", "24:00")]},
            "2011-12-26T00:00Z",
            "2012-01-02T00:00Z",
            0,
        ),
    ],
)
def test_elapsed(zone: str, week: dict, start: str, end: str, minutes: int) -> None:
    assert BusinessHours(zone, week).elapsed(at(start), at(end)) == minutes * MINUTE


@pytest.mark.parametrize(
    "week",
    [
        {"mon": [("09:00", "13:00"), ("12:00", "17:00")]},
        {"mon": [("09:00", "12:00"), ("12:00", "17:00")]},
        {"mon": [("12:00", "17:00"), ("09:00", "17:00"), ("9:00", "10:00")]},
        {"mon": [("09:00", "17:00")], "tue": []},
    ],
)
def test_overlaps_count_once_and_order_does_not_matter(week: dict) -> None:
    hours = BusinessHours("UTC", week)
    assert hours.elapsed(utc(2026, 3, 2), utc(2026, 3, 3)) == timedelta(hours=8)


def test_a_night_that_overlaps_the_next_morning_counts_once() -> None:
    hours = BusinessHours("UTC", {"mon": [("22:00", "06:00")], "tue": [("05:00", "08:00")]})
    assert hours.elapsed(utc(2026, 3, 2), utc(2026, 3, 9)) == timedelta(hours=10)


def test_a_shift_of_a_whole_day_may_start_at_noon() -> None:
    hours = BusinessHours("UTC", {"sat": [("12:00", "12:00")]})
    assert hours.segments(utc(2026, 3, 2), utc(2026, 3, 9)) == [
        (utc(2026, 3, 7, 12), utc(2026, 3, 8, 12))
    ]


def test_a_holiday_is_a_date_of_the_calendars_zone() -> None:
    hours = BusinessHours("Pacific/Auckland", OFFICE, [date(2026, 3, 3)])
    assert hours.elapsed(at("2026-03-03T00:00+13:00"), at("2026-03-04T00:00+13:00")) == ZERO
    assert hours.add(at("2026-03-02T16:00+13:00"), timedelta(hours=2)) == at(
        "2026-03-04T10:00+13:00"
    )


def test_a_leap_day_may_be_a_holiday() -> None:
    hours = BusinessHours("UTC", OFFICE, [date(2028, 2, 29)])
    assert hours.add(at("2028-02-28T16:30Z"), 60 * MINUTE) == at("2028-03-01T09:30Z")
    assert hours.elapsed(at("2028-02-28T12:00Z"), at("2028-03-01T12:00Z")) == 8 * 60 * MINUTE


def test_a_holiday_closes_the_night_that_starts_on_it_and_not_the_one_that_ends_on_it() -> None:
    hours = BusinessHours("UTC", NIGHTS, [date(2026, 3, 4)])
    assert hours.segments(utc(2026, 3, 3, 12), utc(2026, 3, 6, 12)) == [
        (utc(2026, 3, 3, 22), utc(2026, 3, 4, 6)),
        (utc(2026, 3, 5, 22), utc(2026, 3, 6, 6)),
    ]


def test_a_night_over_new_year_is_one_stretch() -> None:
    hours = BusinessHours("UTC", ALL_DAY)
    assert hours.segments(utc(2025, 12, 31, 20), utc(2026, 1, 1, 4)) == [
        (utc(2025, 12, 31, 20), utc(2026, 1, 1, 4))
    ]
    assert hours.add(utc(2026, 1, 1), ZERO) == utc(2026, 1, 1)


def test_microseconds_are_kept() -> None:
    hours = BusinessHours("UTC", OFFICE)
    start = utc(2026, 3, 2, 16, 59, 59, 999_999)
    assert hours.add(start, timedelta(microseconds=2)) == utc(2026, 3, 3, 9, 0, 0, 1)
    assert hours.elapsed(start, utc(2026, 3, 3, 9, 0, 0, 1)) == timedelta(microseconds=2)


def test_the_answer_is_in_utc() -> None:
    due = BusinessHours(BERLIN, OFFICE).add(at("2026-03-02T10:00+01:00"), MINUTE)
    assert due is not None
    assert due.tzinfo is UTC


def test_around_the_clock_is_real_time() -> None:
    hours = BusinessHours.around_the_clock()
    start = at("2026-03-28T22:10+01:00")
    assert hours.add(start, timedelta(days=400)) == start + timedelta(days=400)
    assert hours.elapsed(start, start + timedelta(days=400)) == timedelta(days=400)


def test_open_now_and_opening_next() -> None:
    hours = BusinessHours("UTC", LUNCH)
    assert hours.is_open(utc(2026, 3, 2, 9))
    assert not hours.is_open(utc(2026, 3, 2, 12))
    assert hours.add(utc(2026, 3, 2, 12), ZERO) == utc(2026, 3, 2, 13)
    assert hours.add(utc(2026, 3, 2, 14), ZERO) == utc(2026, 3, 2, 14)


def test_the_segments_of_a_span_are_cut_to_it() -> None:
    hours = BusinessHours("UTC", LUNCH)
    assert hours.segments(utc(2026, 3, 2, 11), utc(2026, 3, 3, 9)) == [
        (utc(2026, 3, 2, 11), utc(2026, 3, 2, 12)),
        (utc(2026, 3, 2, 13), utc(2026, 3, 2, 17, 30)),
    ]
    assert hours.segments(utc(2026, 3, 2, 12), utc(2026, 3, 2, 13)) == []
    assert hours.segments(utc(2026, 3, 3), utc(2026, 3, 2)) == []


def test_equal_calendars_share_their_table() -> None:
    one = BusinessHours(BERLIN, OFFICE, [date(2026, 12, 25), date(2026, 1, 1)])
    two = BusinessHours(BERLIN, dict(OFFICE), (date(2026, 1, 1), date(2026, 12, 25)))
    other = BusinessHours(BERLIN, OFFICE)
    assert one._openings is two._openings
    assert one._openings is not other._openings


# Where it ends


def test_a_calendar_that_is_all_holidays_is_never_due() -> None:
    forever = [date(2026, 1, 1) + timedelta(days=n) for n in range(366 * 40)]
    hours = BusinessHours(BERLIN, OFFICE, forever)
    before, within = utc(2025, 12, 31, 15), utc(2026, 6, 1)
    assert hours.add(before, timedelta(hours=1)) == utc(2025, 12, 31, 16)
    assert hours.add(before, timedelta(hours=2)) is None
    assert hours.add(within, ZERO) is None
    assert hours.elapsed(within, utc(2030, 1, 1)) == ZERO
    # and the answer does not depend on what was asked before
    assert hours.elapsed(within, utc(2080, 1, 1)) > ZERO
    assert hours.add(before, timedelta(hours=2)) is None
    assert hours.add(utc(2065, 6, 1), timedelta(hours=2)) is not None


def test_a_closure_of_some_years_does_end() -> None:
    closed = [date(2026, 1, 1) + timedelta(days=n) for n in range(3 * 365)]
    hours = BusinessHours("UTC", OFFICE, closed)
    assert hours.add(utc(2026, 1, 1), ZERO) == utc(2029, 1, 1, 9)


@pytest.mark.parametrize("duration", [timedelta(days=365 * 180), timedelta.max])
def test_a_duration_of_centuries_is_never_due(duration: timedelta) -> None:
    assert BusinessHours("UTC", OFFICE).add(utc(2026, 3, 2), duration) is None
    assert BusinessHours.around_the_clock().add(utc(2026, 3, 2), duration) is None


def test_a_long_duration_on_scant_hours_is_found() -> None:
    hours = BusinessHours("UTC", {"sun": [("23:59", "24:00")]})
    due = hours.add(utc(2026, 3, 2), timedelta(minutes=520))
    assert due == utc(2026, 3, 9) + timedelta(weeks=519)


@pytest.mark.parametrize(
    "far",
    [
        datetime.min.replace(tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
        datetime.min.replace(tzinfo=ZoneInfo("Asia/Tokyo")),
        datetime.max.replace(tzinfo=ZoneInfo("America/New_York")),
    ],
)
def test_an_instant_beyond_the_calendar_is_refused(far: datetime) -> None:
    hours, now = BusinessHours("UTC", OFFICE), utc(2026, 3, 2)
    with pytest.raises(ValueError, match=BEYOND):
        hours.add(far, MINUTE)
    with pytest.raises(ValueError, match=BEYOND):
        hours.elapsed(min(far, now), max(far, now))


def test_the_first_and_the_last_instant_are_counted() -> None:
    hours = BusinessHours.around_the_clock()
    first, last = utc(1900, 1, 1), utc(2199, 12, 31, 23, 59)
    assert hours.elapsed(first, last) == last - first
    assert hours.add(last, 2 * MINUTE) is None


def test_a_naive_instant_is_refused() -> None:
    hours, naive, aware = BusinessHours("UTC", OFFICE), datetime(2026, 3, 2), utc(2026, 3, 2)  # noqa: DTZ001
    calls: list[Callable[[], object]] = [
        lambda: hours.add(naive, MINUTE),
        lambda: hours.elapsed(naive, aware),
        lambda: hours.elapsed(aware, naive),
        lambda: hours.segments(aware, naive),
        lambda: hours.is_open(naive),
        lambda: hours.add(naive, ZERO),
    ]
    for call in calls:
        with pytest.raises(ValueError, match="no time zone"):
            call()


def test_a_negative_duration_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        BusinessHours("UTC", OFFICE).add(utc(2026, 3, 2), -MINUTE)
    with pytest.raises(ValueError, match="negative"):
        BusinessHours("UTC", OFFICE).add_many([0], [-1])


# What cannot be read


@pytest.mark.parametrize(
    ("week", "sentence"),
    [
        ({}, "There are no opening hours on any day."),
        ({"mon": [], "tue": []}, "There are no opening hours on any day."),
        ({"monday": [("09:00", "17:00")]}, "“monday” is not a weekday"),
        ({"mon": [("nine", "17:00")]}, "Monday: “nine” is not a time"),
        ({"mon": [("09:00", "25:00")]}, "Monday: “25:00” is not a time"),
        ({"mon": [("09:00", "24:01")]}, "Monday: “24:01” is not a time"),
        ({"mon": [("09:00", "17:00:00")]}, "Monday: “17:00:00” is not a time"),
        ({"mon": [("09:00", None)]}, "Monday: “None” is not a time"),
        ({"mon": [("24:00", "06:00")]}, "Monday: 24:00 can close a day, not open it."),
        ({"mon": [("09:00",)]}, "is not an opening and a closing time"),
        ({"mon": ["09:00-17:00"]}, "is not an opening and a closing time"),
        ({"mon": "09:00-17:00"}, "Monday: the hours are not a list"),
        ({"mon": 9}, "Monday: the hours are not a list"),
        ({"mon": [None]}, "is not an opening and a closing time"),
        ([("09:00", "17:00")], "The hours are not given by weekday."),
    ],
)
def test_hours_that_cannot_be_read_are_refused_in_a_sentence(week: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        BusinessHours("UTC", week)
    assert any(sentence in problem for problem in weekly_problems(week))


@pytest.mark.parametrize(
    "zone", ["Mars/Phobos", "", "Europe", "../etc/passwd", "/etc/passwd", None]
)
def test_an_unknown_zone_is_refused_in_a_sentence(zone: str) -> None:
    with pytest.raises(ValueError, match="is not a time zone"):
        BusinessHours(zone, OFFICE)


@pytest.mark.parametrize("holiday", ["2026-12-25", utc(2026, 12, 25), None])
def test_a_holiday_that_is_not_a_date_is_refused(holiday: date) -> None:
    with pytest.raises(ValueError, match="A holiday is a date"):
        BusinessHours("UTC", OFFICE, [holiday])


@pytest.mark.parametrize("week", [OFFICE, LUNCH, NIGHTS, ALL_DAY, {"sun": [("22:00", "00:00")]}])
def test_good_hours_have_no_problems(week: dict) -> None:
    assert weekly_problems(week) == []


@pytest.mark.parametrize(
    ("week", "sentence"),
    [
        (
            {"mon": [("09:00", "13:00"), ("12:00", "17:00")]},
            "Monday 09:00–13:00 and Monday 12:00–17:00 overlap.",
        ),
        (
            {"mon": [("22:00", "06:00")], "tue": [("05:00", "09:00")]},
            "Monday 22:00–06:00 and Tuesday 05:00–09:00 overlap.",
        ),
        (
            {"sun": [("22:00", "06:00")], "mon": [("05:00", "09:00")]},
            "Sunday 22:00–06:00 and Monday 05:00–09:00 overlap.",
        ),
        ({"mon": [("17:00", "16:00")]}, "Monday 17:00–16:00 closes before it opens."),
        ({"mon": [("17:00", "12:30")]}, "Monday 17:00–12:30 closes before it opens."),
        (
            {"mon": [("09:00", "09:00")]},
            "Monday 09:00–09:00 closes as it opens; the whole day is 00:00–24:00.",
        ),
    ],
)
def test_the_form_also_refuses_what_is_probably_a_slip(week: dict, sentence: str) -> None:
    assert weekly_problems(week) == [sentence]
    BusinessHours("UTC", week)


# Many at once


@settings(properties, max_examples=50)
@given(
    st.lists(
        st.tuples(
            st.integers(1_760_000_000, 1_800_000_000),
            st.integers(-500_000, 2_000_000),
            st.integers(0, 500_000),
        ),
        max_size=20,
    )
)
def test_many_at_once_equal_one_at_a_time(rows: list[tuple[int, int, int]]) -> None:
    hours = BusinessHours(BERLIN, LUNCH, [date(2026, 1, 1)])
    starts = [start for start, _, _ in rows]
    ends = [start + span for start, span, _ in rows]
    durations = [duration for _, _, duration in rows]

    def instant(second: int) -> datetime:
        return datetime.fromtimestamp(second, UTC)

    assert hours.elapsed_many(starts, ends) == [
        hours.elapsed(instant(start), instant(end)).total_seconds()
        for start, end in zip(starts, ends, strict=True)
    ]
    dues = [hours.add(instant(s), timedelta(seconds=d)) for s, _, d in rows]
    assert hours.add_many(starts, durations) == [due and due.timestamp() for due in dues]


def test_many_at_once_knows_what_is_never_due() -> None:
    closed = [date(2026, 3, 3) + timedelta(days=n) for n in range(366 * 8)]
    hours = BusinessHours("UTC", OFFICE, closed)
    monday = utc(2026, 3, 2, 16).timestamp()
    assert hours.add_many([monday, monday], [3600, 3601]) == [monday + 3600, None]
    assert hours.add_many([monday], [1e12]) == [None]


def test_many_at_once_wants_lists_of_one_length() -> None:
    hours = BusinessHours("UTC", OFFICE)
    with pytest.raises(ValueError):
        hours.elapsed_many([0, 1], [1])
    with pytest.raises(ValueError):
        hours.add_many([], [1])
    with pytest.raises(ValueError, match="beyond the calendar"):
        hours.elapsed_many([0], [1e15])


# Properties, against a person who looks at the wall clock every minute


class Watcher:
    """Has the hours as they are written and reads the local clock: slow, and hard to get wrong."""

    def __init__(self, zone: str, week: dict, holidays: list[date]) -> None:
        self.zone, self.week, self.holidays = ZoneInfo(zone), week, holidays

    def sees_open(self, instant: datetime) -> bool:
        local = instant.astimezone(self.zone)
        today, reading = local.date(), f"{local:%H:%M}"
        yesterday = today - timedelta(days=1)
        return any(
            opening <= reading and (reading < closing or closing <= opening)
            for opening, closing in self.hours_of(today)
        ) or any(
            closing <= opening and reading < closing
            for opening, closing in self.hours_of(yesterday)
        )

    def hours_of(self, day: date) -> list[tuple[str, str]]:
        return [] if day in self.holidays else self.week.get(tuple(DAYS)[day.weekday()], [])

    def count(self, start: datetime, end: datetime, step: timedelta = MINUTE) -> timedelta:
        steps = range((end - start) // step)
        return sum((step for n in steps if self.sees_open(start + n * step)), ZERO)


@cache
def changes(zone: str, first: int, last: int) -> list[datetime]:
    """The hours in which the zone's offset changes, from the start of one year to another's."""
    info = ZoneInfo(zone)

    def offset(hour: int) -> timedelta | None:
        return (utc(first, 1, 1) + timedelta(hours=hour)).astimezone(info).utcoffset()

    hours = range(0, (date(last, 1, 1) - date(first, 1, 1)).days * 24, 5 * 24)
    found = []
    for since, until in pairwise(hours):  # no zone changes its clock twice in five days
        if (before := offset(since)) != offset(until):
            hour = next(hour for hour in range(since, until + 1) if offset(hour) != before)
            found.append(utc(first, 1, 1) + timedelta(hours=hour))
    return found


def clock_time(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


quarters = st.integers(0, 95).map(lambda n: n * 15)
interval = st.tuples(
    (quarters | st.integers(0, 1439)).map(clock_time),
    (quarters | st.integers(0, 1440)).map(clock_time),
)
weeks = st.dictionaries(st.sampled_from(tuple(DAYS)), st.lists(interval, max_size=3))


@st.composite
def situations(draw: st.DrawFn) -> tuple[BusinessHours, Watcher, datetime]:
    """Any hours, a few holidays, and an instant near a change of some nasty clock."""
    zone = draw(st.sampled_from(NASTY))
    year = draw(st.sampled_from((2010, 2011, 2018, 2026)))
    change = draw(st.sampled_from(changes(zone, year, year + 2) or [utc(year, 3, 1)]))
    week = draw(weeks)
    assume(any(week.values()))
    days = st.integers(-3, 4).map(lambda n: change.date() + timedelta(days=n))
    holidays = draw(st.lists(days, max_size=2))
    start = change + draw(st.integers(-3 * 1440, 1440)) * MINUTE
    return BusinessHours(zone, week, holidays), Watcher(zone, week, holidays), start


@settings(properties, max_examples=100)
@given(situations(), st.integers(0, 2 * 1440))
def test_elapsed_is_what_a_watcher_counts(
    situation: tuple[BusinessHours, Watcher, datetime], span: int
) -> None:
    hours, watcher, start = situation
    end = start + span * MINUTE
    counted = watcher.count(start, end)
    assert hours.elapsed(start, end) == counted
    segments = hours.segments(start, end)
    assert sum((closing - opening for opening, closing in segments), ZERO) == counted
    assert all(b < c for (_, b), (c, _) in pairwise(segments))
    assert hours.is_open(start) == watcher.sees_open(start)


@settings(properties, max_examples=150)
@given(situations(), st.integers(0, 10 * 1440))
def test_add_is_the_earliest_instant_with_that_much_elapsed(
    situation: tuple[BusinessHours, Watcher, datetime], minutes: int
) -> None:
    hours, watcher, start = situation
    due = hours.add(start, minutes * MINUTE)
    assert due is not None
    assert hours.elapsed(start, due) == minutes * MINUTE
    if minutes:
        a_moment_before = due - timedelta(microseconds=1)
        assert hours.elapsed(start, a_moment_before) < minutes * MINUTE
        assert watcher.sees_open(due - MINUTE)
    else:
        assert watcher.sees_open(due)


@settings(properties, max_examples=150)
@given(situations(), st.tuples(*[st.integers(0, 10**12)] * 2).map(sorted))
def test_elapsed_is_additive(
    situation: tuple[BusinessHours, Watcher, datetime], microseconds: list[int]
) -> None:
    hours, _, a = situation
    b, c = (a + timedelta(microseconds=n) for n in microseconds)
    assert hours.elapsed(a, c) == hours.elapsed(a, b) + hours.elapsed(b, c)


def test_every_zone_keeps_its_hours_when_its_clock_changes() -> None:
    """Eight hours on each day around each change of 2026 and 2027, used up when the day closes."""
    week = {day: [("09:00", "12:00"), ("13:00", "18:00")] for day in DAYS}
    kinds: dict[object, str] = {}
    for zone in sorted(available_timezones()):
        hours, info = BusinessHours(zone, week), ZoneInfo(zone)
        moments = changes(zone, 2026, 2028)
        kinds.setdefault((*moments, utc(2026, 1, 1).astimezone(info).utcoffset()), zone)
        for moment in moments:
            for n in range(-1, 2):
                day = moment.astimezone(info).date() + timedelta(days=n)
                morning = datetime(day.year, day.month, day.day, 6, tzinfo=info)
                due = hours.add(morning, timedelta(hours=8))
                assert due == morning.replace(hour=18), (zone, day)
                assert hours.elapsed(morning, morning + timedelta(days=1)) == timedelta(hours=8)
    for zone in kinds.values():  # one zone of each kind, read quarter by quarter
        hours, watcher = (
            BusinessHours(zone, ALL_DAY_BUT_LUNCH),
            Watcher(zone, ALL_DAY_BUT_LUNCH, []),
        )
        for moment in changes(zone, 2026, 2028):
            start, end = moment - timedelta(days=1), moment + timedelta(days=1)
            counted = watcher.count(start, end, timedelta(minutes=15))
            assert hours.elapsed(start, end) == counted, (zone, moment)
