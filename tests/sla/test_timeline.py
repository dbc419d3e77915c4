"""The clock of one handoff: what counts, when it is due, what pausing and reopening do."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sla.timeline import Measure, measure
from team.business_time import BusinessHours

OFFICE = BusinessHours(
    "UTC", {day: [("09:00", "17:00")] for day in ("mon", "tue", "wed", "thu", "fri")}
)
HOUR, ZERO = timedelta(hours=1), timedelta(0)


def on(day: int, hour: int, minute: int = 0) -> datetime:
    """A day of March 2026; the 2nd is a Monday."""
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


START = (on(2, 10), "start")


def test_a_clock_that_never_started_is_idle() -> None:
    events = [(on(2, 9), "pause"), (on(2, 10), "resume"), (on(2, 11), "stop")]
    assert measure(OFFICE, events, HOUR, on(2, 12)) == Measure(ZERO, None, "idle", True)
    assert measure(OFFICE, [], HOUR, on(2, 12)) == Measure(ZERO, None, "idle", True)


def test_a_running_clock_counts_open_time_and_knows_its_deadline() -> None:
    assert measure(OFFICE, [START], 8 * HOUR, on(3, 9, 30)) == Measure(
        7.5 * HOUR, on(3, 10), "running", True
    )


def test_a_clock_exactly_at_its_target_is_met_and_a_moment_later_is_not() -> None:
    assert measure(OFFICE, [START], HOUR, on(2, 11)).met
    assert not measure(OFFICE, [START], HOUR, on(2, 11) + timedelta(microseconds=1)).met


def test_an_answer_after_hours_to_a_deadline_at_closing_time_is_met() -> None:
    events = [(on(2, 16), "start"), (on(2, 22), "stop")]
    assert measure(OFFICE, events, HOUR, on(2, 23)) == Measure(HOUR, on(2, 17), "stopped", True)


def test_events_after_as_of_are_ignored() -> None:
    events = [START, (on(2, 11), "stop"), (on(2, 12), "nonsense")]
    assert measure(OFFICE, events, HOUR, on(2, 10, 59)).state == "running"
    assert measure(OFFICE, events, HOUR, on(2, 11)).state == "stopped"


def test_events_may_come_in_any_order() -> None:
    events = [(on(2, 12), "stop"), (on(2, 11), "pause"), START]
    assert measure(OFFICE, events, 2 * HOUR, on(2, 15)).elapsed == HOUR


def test_events_of_one_instant_count_in_the_order_given() -> None:
    events = [START, (on(2, 11), "pause"), (on(2, 11), "resume")]
    assert measure(OFFICE, events, 2 * HOUR, on(2, 11)) == Measure(HOUR, on(2, 12), "running", True)


def test_a_pause_stops_the_count_and_hides_the_deadline() -> None:
    events = [START, (on(2, 10, 30), "pause")]
    assert measure(OFFICE, events, HOUR, on(4, 12)) == Measure(HOUR / 2, None, "paused", True)


def test_a_pause_after_the_deadline_keeps_it() -> None:
    events = [START, (on(2, 12), "pause")]
    assert measure(OFFICE, events, HOUR, on(4, 12)) == Measure(2 * HOUR, on(2, 11), "paused", False)


def test_a_pause_at_the_deadline_has_reached_it() -> None:
    events = [START, (on(2, 11), "pause")]
    assert measure(OFFICE, events, HOUR, on(4, 12)) == Measure(HOUR, on(2, 11), "paused", True)


def test_resuming_moves_the_deadline_by_what_was_left() -> None:
    events = [START, (on(2, 10, 30), "pause"), (on(3, 16, 45), "resume")]
    assert measure(OFFICE, events, HOUR, on(3, 17)) == Measure(
        0.75 * HOUR, on(4, 9, 15), "running", True
    )


def test_resuming_does_not_move_a_deadline_that_was_reached() -> None:
    events = [START, (on(2, 12), "pause"), (on(3, 10), "resume")]
    assert measure(OFFICE, events, HOUR, on(3, 11)) == Measure(
        3 * HOUR, on(2, 11), "running", False
    )


def test_pausing_twice_and_resuming_what_runs_do_nothing() -> None:
    once = [START, (on(2, 10, 30), "pause"), (on(2, 12), "resume")]
    twice = [
        START,
        (on(2, 10, 15), "resume"),
        (on(2, 10, 30), "pause"),
        (on(2, 11), "pause"),
        (on(2, 12), "resume"),
        (on(2, 12, 15), "resume"),
    ]
    assert measure(OFFICE, twice, HOUR, on(2, 13)) == measure(OFFICE, once, HOUR, on(2, 13))


def test_a_stopped_clock_keeps_the_deadline_that_was_in_force() -> None:
    events = [START, (on(2, 11), "stop"), (on(2, 12), "pause"), (on(2, 13), "stop")]
    assert measure(OFFICE, events, 2 * HOUR, on(5, 9)) == Measure(HOUR, on(2, 12), "stopped", True)


def test_a_clock_stopped_while_paused_had_no_deadline() -> None:
    events = [START, (on(2, 10, 30), "pause"), (on(2, 12), "stop")]
    assert measure(OFFICE, events, HOUR, on(5, 9)) == Measure(HOUR / 2, None, "stopped", True)


def test_resuming_a_stopped_clock_reopens_it_with_what_was_used() -> None:
    events = [START, (on(2, 10, 30), "stop"), (on(3, 9), "resume")]
    assert measure(OFFICE, events, HOUR, on(3, 9, 10)) == Measure(
        timedelta(minutes=40), on(3, 9, 30), "running", True
    )


def test_starting_again_begins_anew() -> None:
    events = [START, (on(2, 15), "stop"), (on(3, 9), "start")]
    assert measure(OFFICE, events, HOUR, on(3, 9, 30)) == Measure(
        HOUR / 2, on(3, 10), "running", True
    )


def test_a_target_of_nothing_is_due_at_the_next_opening() -> None:
    events = [(on(2, 18), "start")]
    assert measure(OFFICE, events, ZERO, on(2, 20)) == Measure(ZERO, on(3, 9), "running", True)
    events += [(on(2, 19), "pause")]
    assert measure(OFFICE, events, ZERO, on(2, 20)).due is None
    events += [(on(3, 10), "resume")]
    assert measure(OFFICE, events, ZERO, on(3, 10)).due == on(3, 10)


def test_a_deadline_that_never_comes_is_none() -> None:
    events = [START, (on(2, 11), "pause"), (on(2, 12), "resume")]
    measured = measure(OFFICE, events, timedelta.max, on(2, 13))
    assert measured == Measure(2 * HOUR, None, "running", True)


def test_naive_instants_unknown_events_and_negative_targets_are_refused() -> None:
    naive = datetime(2026, 3, 2, 10)  # noqa: DTZ001
    with pytest.raises(ValueError, match="no time zone"):
        measure(OFFICE, [START], HOUR, naive)
    with pytest.raises(ValueError, match="no time zone"):
        measure(OFFICE, [(naive, "start")], HOUR, on(2, 12))
    with pytest.raises(ValueError, match="not snooze"):
        measure(OFFICE, [START, (on(2, 11), "snooze")], HOUR, on(2, 12))
    with pytest.raises(ValueError, match="negative"):
        measure(OFFICE, [START], -HOUR, on(2, 12))


minutes = st.integers(0, 5 * 1440).map(lambda n: on(2, 0) + timedelta(minutes=n))
events = st.lists(st.tuples(minutes, st.sampled_from(("start", "pause", "resume", "stop"))))


@settings(deadline=None, database=None, derandomize=True)
@given(events, st.integers(1, 2000).map(lambda n: timedelta(minutes=n)), minutes)
def test_a_deadline_is_met_until_it_passes(
    events: list[tuple[datetime, str]], target: timedelta, as_of: datetime
) -> None:
    """Time used is the open time of the runs, and the deadline agrees with it on both sides."""
    measured = measure(OFFICE, events, target, as_of)
    used, since = None, None
    for at, what in sorted(events, key=lambda event: event[0]):
        if at > as_of:
            break
        if since is not None and used is not None and what in ("start", "pause", "stop"):
            used, since = used + OFFICE.elapsed(since, at), None
        if what == "start":
            used, since = ZERO, at
        elif what == "resume" and used is not None:
            since = since or at
    if since is not None and used is not None:
        used += OFFICE.elapsed(since, as_of)
    assert measured.elapsed == (used or ZERO)
    assert measured.met == (measured.elapsed <= target)
    if measured.state == "running":
        assert measured.due is not None
        assert (measured.elapsed >= target) == (measured.due <= as_of)
    if measured.state == "paused":
        assert (measured.due is not None) == (measured.elapsed >= target)
