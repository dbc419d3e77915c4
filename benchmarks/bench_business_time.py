"""Business time beside its limit and its peers, interleaved in one run; prints, asserts no time.

The limit is the least that can answer: a ready table of openings with prefix sums and bisect on
whole seconds, datetimes in and out. Peers (`peers.in`) are measured where they can be imported.
Ratios are speeds: 2.00x is twice as fast as the peer.
Run: python benchmarks/bench_business_time.py [rounds]
"""

import random
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from team import business_time
from team.business_time import BusinessHours

ZONE = "Europe/Berlin"
DAYS = ("mon", "tue", "wed", "thu", "fri")
WEEK = {day: [("09:00", "12:00"), ("13:00", "17:30")] for day in DAYS}
HOLIDAYS = [date(y, m, d) for y in (2023, 2024, 2025, 2026) for m, d in ((1, 1), (5, 1), (12, 25))]
CALLS = 1_000

Work = Callable[[], object]


class Table:
    """The limit: openings of 2023 to 2026 by wall clock, no checks, no growth, no exactness."""

    def __init__(self) -> None:
        zone = ZoneInfo(ZONE)
        self.opens: list[int] = []
        self.closes: list[int] = []
        for number in range(date(2023, 1, 1).toordinal(), date(2027, 1, 1).toordinal()):
            day = date.fromordinal(number)
            if day.weekday() < 5 and day not in HOLIDAYS:
                for opening, closing in ((time(9), time(12)), (time(13), time(17, 30))):
                    self.opens.append(int(datetime.combine(day, opening, zone).timestamp()))
                    self.closes.append(int(datetime.combine(day, closing, zone).timestamp()))
        lengths = [c - o for o, c in zip(self.opens, self.closes, strict=True)]
        self.worked = [0, *accumulate(lengths)]

    def until(self, second: int) -> int:
        i = bisect_right(self.opens, second) - 1
        return self.worked[i] + min(second, self.closes[i]) - self.opens[i]

    def due(self, second: int, duration: int) -> int:
        used = self.until(second) + duration
        j = bisect_left(self.worked, used) - 1
        return self.opens[j] + used - self.worked[j]

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        worked = self.until(int(end.timestamp())) - self.until(int(start.timestamp()))
        return timedelta(seconds=max(0, worked))

    def add(self, start: datetime, duration: timedelta) -> datetime:
        second = self.due(int(start.timestamp()), int(duration.total_seconds()))
        return datetime.fromtimestamp(second, UTC)


def main(rounds: int) -> None:
    chance = random.Random(20260302)
    first = datetime(2024, 1, 2, 10, tzinfo=UTC)
    starts = [first + timedelta(seconds=chance.randrange(2 * 365 * 86_400)) for _ in range(CALLS)]
    durations = [timedelta(seconds=chance.randrange(60, 5 * 27_000)) for _ in starts]
    ends = [start + timedelta(seconds=chance.randrange(7 * 86_400)) for start in starts]
    berlin = ZoneInfo(ZONE)
    local = [(start.astimezone(berlin), end.astimezone(berlin)) for start, end in zip(starts, ends)]  # noqa: B905
    adds, spans = list(zip(starts, durations, strict=True)), list(zip(starts, ends, strict=True))
    start_s, end_s, duration_s = (
        [round(start.timestamp()) for start in starts],
        [round(end.timestamp()) for end in ends],
        [round(duration.total_seconds()) for duration in durations],
    )
    local_adds = [(start, duration) for (start, _), duration in zip(local, durations, strict=True)]

    ours, table = BusinessHours(ZONE, WEEK, HOLIDAYS), Table()
    assert [ours.add(*pair) for pair in adds] == [table.add(*pair) for pair in adds]
    assert [ours.elapsed(*pair) for pair in spans] == [table.elapsed(*pair) for pair in spans]

    def each(function: Callable, pairs: list) -> Work:
        return lambda: [function(a, b) for a, b in pairs]

    def rebuilt() -> None:
        business_time._openings.cache_clear()
        BusinessHours(ZONE, WEEK, HOLIDAYS).elapsed(first, first + timedelta(days=800))

    rows: list[tuple[str, int, Work, str, int, Work]] = []  # work, calls and run of ours, of theirs

    def row(work: str, our_run: Work, peer: str, run: Work, calls: int = CALLS) -> None:
        rows.append((work, CALLS, our_run, peer, calls, run))

    our_add, our_elapsed = each(ours.add, adds), each(ours.elapsed, spans)
    row("add", our_add, "table", each(table.add, adds))
    row("elapsed", our_elapsed, "table", each(table.elapsed, spans))
    row("add, local", each(ours.add, local_adds), "table", each(table.add, local_adds))
    row("elapsed, local", each(ours.elapsed, local), "table", each(table.elapsed, local))
    many = list(zip(start_s, duration_s, strict=True))
    row(
        "add_many",
        lambda: ours.add_many(start_s * 20, duration_s * 20),
        "table, integers x20",
        lambda: [table.due(start, duration) for start, duration in many * 20],
    )
    ranges = list(zip(start_s, end_s, strict=True))
    row(
        "elapsed_many",
        lambda: ours.elapsed_many(start_s * 20, end_s * 20),
        "table, integers x20",
        lambda: [table.until(end) - table.until(start) for start, end in ranges * 20],
    )
    rows.append(("build 5 years", 1, rebuilt, "table, 4 years", 1, Table))

    try:
        import workclock
    except ImportError:
        print("workclock: not installed")
    else:
        clock = workclock.Schedule(
            [
                workclock.WorkDay(time(9), time(17, 30)),
                workclock.Break(time(12), time(13)),
                workclock.Holidays(HOLIDAYS),
            ],
            time_zone=berlin,
        )
        assert [clock.add(*pair) for pair in adds] == [ours.add(*pair) for pair in adds]
        row("add", our_add, "workclock", each(clock.add, adds))
        row("elapsed", our_elapsed, "workclock", each(clock.between, spans))
    try:
        import businesstimedelta
        import pytz
    except ImportError:
        print("businesstimedelta: not installed")
    else:
        zone = pytz.timezone(ZONE)
        shifts = ((time(9), time(12)), (time(13), time(17, 30)))
        rules = businesstimedelta.Rules(  # without holidays: past the last one it raises TypeError
            [businesstimedelta.WorkDayRule(o, c, [0, 1, 2, 3, 4], tz=zone) for o, c in shifts]
        )

        def old_add(start: datetime, duration: timedelta) -> datetime:
            return start + businesstimedelta.BusinessTimeDelta(rules, timedelta=duration)

        few = CALLS // 50
        row("add", our_add, "businesstimedelta", each(old_add, adds[:few]), few)
        row("elapsed", our_elapsed, "businesstimedelta", each(rules.difference, spans[:few]), few)

    try:
        import timegrid
    except ImportError:
        print("timegrid: not installed")
    else:
        grid = timegrid.TimeGridCalendar.weekdays(time(9), time(17, 30))
        grid = grid.break_weekdays(time(12), time(13))
        for day in HOLIDAYS:
            grid = grid.close(day)
        line = grid.compile(datetime(2023, 1, 1), datetime(2027, 1, 1))  # noqa: DTZ001
        naive = [(a.replace(tzinfo=None), b.replace(tzinfo=None)) for a, b in local]
        wall = [(start, length) for (start, _), length in zip(naive, durations, strict=True)]
        # It knows no zones: wall clocks in and out, which the calendar's nights forgive
        assert [line.get_working_duration(*pair) for pair in naive] == [
            ours.elapsed(*pair) for pair in spans
        ]
        row("add", our_add, "timegrid", each(grid.add_work_duration, wall))
        row("elapsed", our_elapsed, "timegrid", each(line.get_working_duration, naive))
    try:
        from business_duration import businessDuration
    except ImportError:
        print("business-duration: not installed")
    else:

        def old_elapsed(start: datetime, end: datetime) -> float:
            return businessDuration(start, end, time(9), time(17, 30), unit="sec")

        wall_spans = [
            (a.replace(tzinfo=None), b.replace(tzinfo=None)) for a, b in local[: CALLS // 20]
        ]
        row(
            "elapsed", our_elapsed, "business-duration, no break",
            each(old_elapsed, wall_spans), CALLS // 20,
        )  # fmt: skip

    times: dict[tuple[int, int], list[float]] = {}
    for _ in range(rounds):
        for number, (_, our_calls, our_run, _, calls, run) in enumerate(rows):
            for side, n, work in ((0, our_calls, our_run), (1, calls, run)):
                began = perf_counter()
                work()
                factor = 20 if "many" in rows[number][0] else 1
                times.setdefault((number, side), []).append((perf_counter() - began) / n / factor)

    print(f"microseconds a call: median (quartiles) of {rounds} interleaved rounds")
    print(f"{'work':16} | {'ours':>26} | {'peer or limit':>48} | ratio")
    for number, (work, _, _, peer, _, _) in enumerate(rows):
        us, them = times[number, 0], times[number, 1]
        print(f"{work:16} | {spread(us):>26} | {peer:>20}: {spread(them):>26} | ", end="")
        print(f"{median(them) / median(us):.2f}x")


def spread(seconds: list[float]) -> str:
    low, middle, high = (1e6 * second for second in quantiles(seconds, n=4))
    return f"{middle:.2f} ({low:.2f}–{high:.2f})"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 25)
