"""The two kinds of figures and their statistics: shares with an interval, waiting times with those
who still wait. Plain numbers in, no rows."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Z = 1.959963984540054  # 95%, two-sided
ENOUGH = 20  # below so many decisions nothing is coloured


@dataclass(frozen=True)
class Rate:
    """A share with its Wilson interval at 95%; `value`, `low` and `high` are None over nothing.

    `also` holds what is left out or shown apart, by name.
    """

    numerator: int
    denominator: int
    value: float | None
    low: float | None
    high: float | None
    also: tuple[tuple[str, int], ...] = ()

    @property
    def is_enough(self) -> bool:
        """Whether there is enough of it for a colour."""
        return self.denominator >= ENOUGH


@dataclass(frozen=True)
class Span:
    """How long something took, in business minutes, the calendar's beside it.

    `count` holds everybody, `uncontacted` those of them that still wait: they are censored, not
    dropped. `within_sla` is a share of all with a promise (`promised`), so waiting ones lower it.
    """

    median: float | None
    p90: float | None
    count: int
    within_sla: float | None
    uncontacted: int = 0
    calendar_median: float | None = None
    calendar_p90: float | None = None
    in_time: int = 0
    promised: int = 0
    low: float | None = None
    high: float | None = None
    mean: float | None = None

    @property
    def is_enough(self) -> bool:
        return self.count >= ENOUGH


def rate(numerator: int, denominator: int, also: Iterable[tuple[str, int]] = ()) -> Rate:
    """A share; ValueError where the numerator is no part of the denominator.

    >>> found = rate(8, 20)
    >>> found.value, round(found.low, 3), round(found.high, 3)
    (0.4, 0.219, 0.613)
    """
    if not 0 <= numerator <= denominator:
        raise ValueError(f"{numerator} of {denominator} is no share: these are mixed bases.")
    if not denominator:
        return Rate(0, 0, None, None, None, tuple(also))
    low, high = wilson(numerator, denominator)
    return Rate(numerator, denominator, numerator / denominator, low, high, tuple(also))


def wilson(numerator: int, denominator: int) -> tuple[float, float]:
    """The Wilson score interval at 95% (Wilson 1927)."""
    share, square = numerator / denominator, Z * Z / denominator
    middle = (share + square / 2) / (1 + square)
    half = (
        Z / (1 + square) * math.sqrt(share * (1 - share) / denominator + square / 4 / denominator)
    )
    low = 0.0 if numerator == 0 else max(middle - half, 0.0)
    high = 1.0 if numerator == denominator else min(middle + half, 1.0)
    return low, high


Times = Mapping[int, int] | Sequence[float]  # how many took so long, or each


def quantile(times: Times, waiting: Times, share: float) -> float | None:
    """After how long `share` of all were reached, if those of `waiting` have waited so long and
    still wait (Kaplan and Meier); None where that has not been seen yet.

    Without anybody waiting it is the plain median and percentile, halfway where the share falls
    between two.

    >>> quantile([10, 20, 30, 40], [], 0.5), quantile([10, 20, 30], [500, 500], 0.5)
    (25.0, 30.0)
    >>> quantile([10, 20], [500, 500, 500], 0.5) is None
    True
    """
    reached_at: Counter[Any] = Counter(times)
    left_at: Counter[Any] = Counter(waiting)
    at_risk, left, halfway = reached_at.total() + left_at.total(), 1.0, None
    for time in sorted(reached_at | left_at):
        if reached_at[time]:
            if halfway is not None:
                return (halfway + time) / 2
            left *= 1 - reached_at[time] / at_risk
            if math.isclose(left, 1 - share, abs_tol=1e-12):
                halfway = time
            elif left < 1 - share:
                return float(time)
        at_risk -= reached_at[time] + left_at[time]
    return None if halfway is None else float(halfway)
