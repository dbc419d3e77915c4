"""Sums with stretches of time: lists of [start, end), in order and without overlaps."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from team.business_time import ZERO

Interval = tuple[datetime, datetime]


def union(intervals: Iterable[Interval]) -> list[Interval]:
    """Those that overlap or touch joined; they may come in any order."""
    found: list[Interval] = []
    for start, end in sorted(intervals):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        elif start < end:
            found.append((start, end))
    return found


def common(some: Iterable[Interval], others: Iterable[Interval]) -> list[Interval]:
    """What lies in both."""
    pairs = ((max(a, c), min(b, d)) for a, b in some for c, d in others)
    return union((start, end) for start, end in pairs if start < end)


def without(some: Iterable[Interval], others: Iterable[Interval]) -> list[Interval]:
    """What lies in `some` and not in `others`."""
    left = union(some)
    for start, end in union(others):
        left = [
            part
            for a, b in left
            for part in ((a, min(b, start)), (max(a, end), b))
            if part[0] < part[1]
        ]
    return left


def length(intervals: Iterable[Interval]) -> timedelta:
    return sum((end - start for start, end in intervals), ZERO)
