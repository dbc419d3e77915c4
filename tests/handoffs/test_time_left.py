"""Time left in the hours of the promise, in words."""

from datetime import UTC, datetime, timedelta

import pytest

from handoffs.time_left import time_left
from team.business_time import BusinessHours

OFFICE = BusinessHours(
    "UTC", {day: [("09:00", "17:00")] for day in ("mon", "tue", "wed", "thu", "fri")}
)
FRIDAY_AT_FOUR = datetime(2026, 2, 27, 16, 0, tzinfo=UTC)
MONDAY_AT_ELEVEN = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)


def test_a_weekend_does_not_count() -> None:
    left = time_left(MONDAY_AT_ELEVEN, None, FRIDAY_AT_FOUR, OFFICE)
    assert (left.word, left.words) == ("On time", "3 h left")


def test_without_hours_every_hour_counts() -> None:
    assert time_left(MONDAY_AT_ELEVEN, None, FRIDAY_AT_FOUR).words == "2 d 19 h left"


def test_overdue_counts_working_time_as_well() -> None:
    left = time_left(FRIDAY_AT_FOUR, None, MONDAY_AT_ELEVEN, OFFICE)
    assert (left.word, left.words) == ("Overdue", "overdue by 3 h")


def test_a_deadline_at_closing_time_is_not_missed_over_night() -> None:
    closing = FRIDAY_AT_FOUR + timedelta(hours=1)
    left = time_left(closing, None, closing + timedelta(hours=20), OFFICE)
    assert (left.word, left.words) == ("At risk", "no time left")


def test_long_working_time_is_said_in_hours() -> None:
    due = OFFICE.add(MONDAY_AT_ELEVEN, timedelta(hours=40))
    assert time_left(due, None, MONDAY_AT_ELEVEN, OFFICE).words == "40 h left"


@pytest.mark.parametrize("warn_before", [0, 5])
def test_at_risk_from_the_warning_on(warn_before: int) -> None:
    warn = FRIDAY_AT_FOUR - timedelta(minutes=warn_before)
    assert time_left(MONDAY_AT_ELEVEN, warn, FRIDAY_AT_FOUR, OFFICE).word == "At risk"
