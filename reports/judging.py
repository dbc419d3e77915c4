"""What a figure means, in words: the benchmarks of the source article and the change since before.

The thresholds are explained in docs/metrics.md. Below 20 decisions nothing is coloured.
"""

import math
from typing import NamedTuple

from reports.figures import ENOUGH, Rate, Span

GOOD, WARN, BAD, NONE = "is-good", "is-warn", "is-bad", ""
ON_TIME = 0.9  # a promise kept less often than this is said to be above the SLA


class Verdict(NamedTuple):
    """`state` is the chip's colour class, `word` what stands in it, `words` the diagnosis."""

    state: str
    word: str
    words: str


class Change(NamedTuple):
    """Since the period before: in points (or minutes), in words, and whether it may be chance."""

    amount: float | None
    words: str
    is_chance: bool


def verdict(metric: str, found: Rate | Span) -> Verdict:
    """What the article says to such a figure."""
    count = found.denominator if isinstance(found, Rate) else found.count
    if not count:
        return Verdict(NONE, "Nothing yet", "Nothing in this period can be judged yet.")
    if count < ENOUGH:
        return Verdict(
            NONE, "Too few", f"Only {count}: below {ENOUGH} the figure says little, so no verdict."
        )
    if isinstance(found, Span):
        return _waiting(found)
    return _JUDGES[metric](found.value or 0.0)


def change(now: Rate, before: Rate, name: str) -> Change:
    """How a rate moved since `before`, the period called `name` (Newcombe’s interval)."""
    if now.value is None or before.value is None:
        return Change(None, f"nothing to compare with in {name}", True)
    moved = now.value - before.value
    points = round(abs(moved) * 100)
    if not points:
        return Change(moved, f"as in {name}", True)
    way = "up" if moved > 0 else "down"
    words = f"{way} {points} point{'' if points == 1 else 's'} since {name}"
    chance = _may_be_chance(now, before)
    return Change(moved, f"{words}, which may be chance" if chance else words, chance)


def _may_be_chance(now: Rate, before: Rate) -> bool:
    a, b = now, before
    if None in (a.value, a.low, a.high, b.value, b.low, b.high):
        return True
    moved = a.value - b.value  # type: ignore[operator]
    low = moved - math.hypot(a.value - a.low, b.high - b.value)  # type: ignore[operator]
    high = moved + math.hypot(a.high - a.value, b.value - b.low)  # type: ignore[operator]
    return low <= 0 <= high


def _opportunities(share: float) -> Verdict:
    if share < 0.4:
        return Verdict(
            BAD,
            "Below 40%",
            "A qualification problem upstream: too many meetings are booked that are no "
            "opportunity. Look at what disqualified them.",
        )
    if share < 0.6:
        return Verdict(
            WARN,
            "Below 60%",
            "Worth a look where the ideal customer is well defined: with a clear profile more "
            "than 60% can be expected.",
        )
    return Verdict(GOOD, "60% or more", "Meetings are booked with the right companies.")


def _shows(share: float) -> Verdict:
    if share < 0.7:
        return Verdict(
            BAD,
            "Below 70%",
            "A weak introduction, or interest taken for intent: look at the introductions that "
            "were not sent and at how long ahead meetings are booked.",
        )
    return Verdict(GOOD, "70% or more", "Prospects come to what they agreed to.")


def _calls(share: float) -> Verdict:
    if share < 0.6:
        return Verdict(
            WARN,
            "Below 60%",
            "The clearest sign of handoff quality: what the calls found was not what the packages "
            "said. 70% shows and 60% here make the 40% of meetings the article draws the line at.",
        )
    return Verdict(
        GOOD, "60% or more", "The clearest sign of handoff quality: packages hold in the call."
    )


def _rejections(share: float) -> Verdict:
    if share > 0.15:
        return Verdict(
            BAD,
            "Above 15%",
            "The two standards are misaligned: sit down with the rejected ones and agree on what "
            "confirmed means.",
        )
    return Verdict(GOOD, "15% or less", "SDRs and AEs mean the same by qualified.")


def _waiting(found: Span) -> Verdict:
    if found.within_sla is None:
        return Verdict(NONE, "No promise", "No first contact was promised for these.")
    late = found.promised - found.in_time
    if found.within_sla < ON_TIME:
        return Verdict(
            BAD,
            "Above the SLA",
            f"{late:,} of {found.promised:,} prospects waited longer than promised. The causes of "
            "the misses are under What else.",
        )
    return Verdict(
        GOOD, "Within SLA", f"{found.in_time:,} of {found.promised:,} heard from us in time."
    )


_JUDGES = {
    "opportunity": _opportunities,
    "show": _shows,
    "call": _calls,
    "rejection": _rejections,
}
