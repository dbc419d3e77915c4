"""Shares, intervals and waiting times; and that no share is ever of mixed bases."""

import doctest
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as some

from reports import figures, periods
from reports.figures import quantile, rate, wilson


@pytest.mark.parametrize("module", [figures, periods])
def test_the_examples_in_the_docstrings_are_right(module: object) -> None:
    found = doctest.testmod(module)  # type: ignore[arg-type]
    assert found.attempted and not found.failed


def test_the_wilson_interval_of_a_textbook() -> None:
    """Newcombe 1998, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29."""
    for (part, whole), expected in {
        (81, 263): (0.2553, 0.3662),
        (15, 148): (0.0624, 0.1605),
        (0, 20): (0.0, 0.1611),
        (1, 29): (0.0061, 0.1718),
    }.items():
        assert wilson(part, whole) == pytest.approx(expected, abs=5e-5)


def test_a_share_of_mixed_bases_is_refused() -> None:
    with pytest.raises(ValueError, match="mixed bases"):
        rate(5, 4)


@given(some.lists(some.integers(0, 10_000), min_size=1, max_size=60))
def test_without_anybody_waiting_the_median_is_the_plain_one(times: list[int]) -> None:
    assert quantile(times, [], 0.5) == pytest.approx(statistics.median(times))


@given(
    some.lists(some.integers(0, 1000), max_size=40),
    some.lists(some.integers(0, 1000), max_size=40),
)
def test_whoever_waits_never_makes_the_wait_look_shorter(
    times: list[int], waiting: list[int]
) -> None:
    longest = max(times, default=0)
    if (among_all := quantile(times, waiting, 0.5)) is not None:
        assert 0 <= among_all <= longest
        never = quantile(times, [10_000] * len(waiting), 0.5)
        assert never is None or never >= (quantile(times, [], 0.5) or 0)
