"""The one table of a load run: what was promised, what was measured, and how it stands."""

from typing import NamedTuple


class Held(NamedTuple):
    """One promise, what was measured of it, and whether it takes time on a clock to say so."""

    promise: str
    measured: str
    is_met: bool
    is_waiting: bool = True


def summed_up(held: list[Held], *, is_busy: bool) -> int:
    """Print each promise and how it stands; 1 if one that can be judged is not met."""
    width = max(len(one.promise) for one in held)
    print(f"\n{'promise':<{width}} {'measured':>14}")
    failed = 0
    for one in held:
        is_judged = not (is_busy and one.is_waiting)
        words = "met" if one.is_met else "NOT MET"
        print(f"{one.promise:<{width}} {one.measured:>14}  {words if is_judged else 'not judged'}")
        failed += is_judged and not one.is_met
    if is_busy:
        print("The machine was busy before it began: waiting times are not judged.")
    return 1 if failed else 0


def p95(times: list[float]) -> float:
    """The time that 95 of 100 did not exceed; 0 of none.

    >>> p95([float(n) for n in range(1, 101)])
    95.0
    """
    return sorted(times)[max(0, -(-95 * len(times) // 100) - 1)] if times else 0.0
