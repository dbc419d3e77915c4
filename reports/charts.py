"""Charts as coordinates: a template draws them as SVG; no colours, no words about the figures."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from reports.figures import Rate

WIDTH, HEIGHT = 320, 112
LEFT, RIGHT, TOP, BOTTOM = 36, 8, 8, 20


@dataclass(frozen=True)
class Point:
    """One month: `x`, `y` in the drawing, `low` and `high` the ends of its interval."""

    x: float
    y: float
    low: float
    high: float
    label: str
    words: str
    is_open: bool  # not all of it can be judged yet
    is_small: bool


@dataclass(frozen=True)
class Chart:
    """A line of shares over months; months without anything leave a gap."""

    title: str
    points: tuple[Point, ...]
    lines: tuple[str, ...]  # the coordinates of each unbroken stretch
    ticks: tuple[tuple[float, str], ...]
    months: tuple[tuple[float, str], ...]
    benchmark: float | None = None
    benchmark_words: str = ""
    expected: str = ""  # the coordinates of what it is held against, where that is no level
    expected_words: str = ""
    along: str = "months"  # what the points are
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def left(self) -> int:
        return LEFT

    @property
    def right(self) -> int:
        return WIDTH - RIGHT

    @property
    def foot(self) -> int:
        return HEIGHT - 5


def shares(
    title: str,
    names: Sequence[str],
    rates: Sequence[Rate],
    open_months: Sequence[bool],
    benchmark: float | None = None,
) -> Chart:
    """The rates of successive months; `open_months` are those not all judged yet."""
    top = 1.0 if max((r.high or 0 for r in rates), default=1) > 0.5 else 0.5
    step = (WIDTH - LEFT - RIGHT) / max(len(rates) - 1, 1)
    points: list[Point] = []
    lines: list[list[str]] = []
    stretch: list[str] = []
    for n, (name, found) in enumerate(zip(names, rates, strict=True)):
        if found.value is None or found.low is None or found.high is None:
            lines.append(stretch)
            stretch = []
            continue
        x = round(LEFT + n * step, 1)
        y = _y(found.value, top)
        stretch.append(f"{x},{y}")
        words = f"{name}: {found.value:.0%}, {found.numerator} of {found.denominator}"
        points.append(
            Point(
                x,
                y,
                _y(found.low, top),
                _y(found.high, top),
                name,
                words + (", not complete yet" if open_months[n] else ""),
                open_months[n],
                not found.is_enough,
            )
        )
    lines.append(stretch)
    every = 1 if len(names) <= 6 else 3
    return Chart(
        title,
        tuple(points),
        tuple(" ".join(part) for part in lines if len(part) > 1),
        tuple((_y(top * part, top), f"{top * part:.0%}") for part in (0, 0.5, 1)),
        tuple(
            (round(LEFT + n * step, 1), name[:3])
            for n, name in enumerate(names)
            if (len(names) - 1 - n) % every == 0
        ),
        None if benchmark is None else _y(benchmark, top),
        "" if benchmark is None else f"Benchmark {benchmark:.0%}",
    )


def steps(
    title: str,
    along: str,
    names: Sequence[str],
    rates: Sequence[Rate],
    expected: Sequence[float | None],
    expected_words: str,
) -> Chart:
    """The rates of successive steps, such as longer and longer waits, beside what was expected."""
    drawn = shares(title, names, rates, [False] * len(rates))
    top = 1.0 if max((r.high or 0 for r in rates), default=1) > 0.5 else 0.5
    xs = _across(len(rates))
    marks = tuple((x, name) for x, name in zip(xs, names, strict=True))
    beside = [
        f"{x},{_y(value, top)}" for x, value in zip(xs, expected, strict=True) if value is not None
    ]
    return replace(
        drawn,
        months=marks,
        along=along,
        expected=" ".join(beside) if len(beside) > 1 else "",
        expected_words=expected_words,
    )


def _across(count: int) -> list[float]:
    step = (WIDTH - LEFT - RIGHT) / max(count - 1, 1)
    return [round(LEFT + n * step, 1) for n in range(count)]


def _y(share: float, top: float) -> float:
    return round(TOP + (1 - min(share / top, 1)) * (HEIGHT - TOP - BOTTOM), 1)
