"""Counts whole days in advance, for `reports.tally` to add up; always from the facts, never by
adding to what was counted before."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Case, Count, F, IntegerField, Q, Value, When
from django.db.models.functions import TruncDate

from reports import metrics
from reports.besides.people import by_wait
from reports.counting import Counting, Stretch, by_date, in_stretches
from reports.days import A_DAY, fill_gaps, midnight
from reports.models import Chain, Day, Fact, Tally
from reports.reading import WINDOW
from reports.slices import COLUMNS, CREW, crew
from reports.waits import NAMES, STILL_WAITS, Waits, owed, pack, waits_of

BATCH = 7  # days at once
WHOSE = ("", *COLUMNS, CREW)
Key = tuple[date, str, str]  # day, dimension, value


def roll(now: datetime, *, seconds: float | None = None) -> int:
    """Count the days that are not, the newest first; how many.

    What is written is what the facts were when they were read: a day that changed meanwhile is
    left for the next time. After `seconds` the rest is left as well.
    """
    fill_gaps()
    until = time.monotonic() + seconds if seconds is not None else None
    stale = list(Day.objects.stale(now).order_by("-day").values_list("day", "version"))
    done = 0
    for start in range(0, len(stale), BATCH):
        if until is not None and time.monotonic() >= until:
            break
        batch = dict(stale[start : start + BATCH])
        tallies, holds = tallies_of(batch, now)
        done += _write(batch, tallies, holds, now)
    return done


def count_all_anew() -> None:
    """Hold every day's counts for outdated: after facts were written behind the back of this."""
    Day.objects.update(version=F("version") + 1)


def _write(
    batch: dict[date, int],
    tallies: Iterable[Tally],
    holds: dict[date, datetime],
    now: datetime,
) -> int:
    with transaction.atomic():
        # Whoever writes a fact of these days from here on makes a newer version of them
        locked = Day.objects.filter(day__in=batch).order_by("day").select_for_update()
        unchanged = [row for row in locked if row.version == batch[row.day]]
        kept = {row.day for row in unchanged}
        Tally.objects.filter(day__in=kept).delete()
        Tally.objects.bulk_create([one for one in tallies if one.day_id in kept], batch_size=500)
        for row in unchanged:
            row.rolled, row.counted_at, row.holds_until = row.version, now, holds.get(row.day)
        Day.objects.bulk_update(unchanged, ["rolled", "counted_at", "holds_until"])
    return len(unchanged)


def tallies_of(chosen: Iterable[date], now: datetime) -> tuple[list[Tally], dict[date, datetime]]:
    """What these days come to at `now`, not saved, and until when that holds if time changes it."""
    stretches = [
        Stretch(midnight(day), midnight(day) + A_DAY, n) for n, day in enumerate(sorted(chosen))
    ]
    together = _joined(stretches)
    found: dict[Key, Tally] = {}

    def tally(key: Key) -> Tally:
        if key not in found:
            found[key] = Tally(day_id=key[0], dimension=key[1], value=key[2])
        return found[key]

    for countings in by_date([*metrics.countings(now), by_wait(now)]):
        for key, counts in _counts(countings, together).items():
            _note(tally(key), countings, counts)
    for since in NAMES:
        for key, waited in _waits(since, together, now).items():
            _note_waits(tally(key), since, waited)
    return list(found.values()), _holds(together, now)


def _counts(countings: Sequence[Counting], stretches: Sequence[Stretch]) -> dict[Key, list[int]]:
    """For each day and value, how many rows meet each condition of these countings."""
    date_of, conditions = countings[0].date, [part for one in countings for part in one.parts()]
    bits: Any = sum(
        (
            Case(When(part, then=Value(1 << n)), default=Value(0), output_field=IntegerField())
            for n, part in enumerate(conditions)
        ),
        start=Value(0),
    )
    rows = in_stretches(countings[0].table._default_manager.all(), date_of, stretches)
    combinations: dict[Key, Counter[int]] = defaultdict(Counter)
    alike = (
        rows.annotate(bits=bits, of=TruncDate(date_of, tzinfo=UTC))
        .order_by()
        .values_list("of", "bits", *COLUMNS.values())
        .annotate(times=Count("pk"))
    )
    for day, met, *whose, times in alike.iterator(chunk_size=5000):
        for dimension, value in zip(WHOSE, ("", *whose, crew(*whose[:2])), strict=True):
            combinations[day, dimension, _text(value)][met] += times
    return {
        key: [
            sum(times for met, times in counter.items() if met >> n & 1)
            for n in range(len(conditions))
        ]
        for key, counter in combinations.items()
    }


def _note(tally: Tally, countings: Sequence[Counting], counts: Sequence[int]) -> None:
    feed = iter(counts)
    for one in countings:
        counted, of, *apart = whole = [next(feed) for _ in one.parts()]
        if one.is_beside:
            if any(whole):
                tally.apart[one.key] = whole
            continue
        if one.key.endswith("_happened"):
            setattr(tally, one.key, counted)
            continue
        setattr(tally, f"{one.key}_counted", counted)
        setattr(tally, f"{one.key}_of", of)
        if any(apart):
            tally.apart[one.key] = apart


def _waits(since: str, stretches: Sequence[Stretch], now: datetime) -> dict[Key, Waits]:
    name = NAMES[since]
    rows = in_stretches(
        Fact.objects.filter(owed(since)).exclude(STILL_WAITS), f"{since}_at", stretches
    ).values_list(
        *COLUMNS.values(),
        f"{since}_at",
        "contacted_at",
        "closed_at",
        f"{name}_business",
        f"{name}_calendar",
        "in_time",
        "is_promised",
        "calendar_version_id",
    )
    grouped: dict[Key, list[Any]] = defaultdict(list)
    for row in rows.iterator(chunk_size=5000):
        day, rest = row[5].date(), row[5:]
        for dimension, value in zip(WHOSE, ("", *row[:5], crew(*row[:2])), strict=True):
            grouped[day, dimension, _text(value)].append(rest)
    return {key: waits_of(group, now) for key, group in grouped.items()}


def _note_waits(tally: Tally, since: str, waited: Waits) -> None:
    for kind in ("business", "calendar", "left_business", "left_calendar"):
        setattr(tally, f"{since}_{kind}", pack(getattr(waited, kind)))
    setattr(tally, f"{since}_promised", waited.promised)
    setattr(tally, f"{since}_in_time", waited.in_time)


def _holds(stretches: Sequence[Stretch], now: datetime) -> dict[date, datetime]:
    """For each day the first moment after `now` that any of its rows is judged otherwise at."""
    first: dict[date, datetime] = {}

    def note(at: datetime, *moments: datetime | None) -> None:
        for moment in moments:
            if moment is not None and moment > now:
                day = at.date()
                first[day] = min(moment, first.get(day, moment))

    recent = now - WINDOW
    coming = Q(last_slot__gt=now) | Q(first_slot__gt=recent)
    undecided = Q(held_at__gt=recent) | Q(decided_at__gt=now)
    moving = (
        ("first_slot", coming),
        ("held_at", coming | undecided),
        ("qualified_at", coming),
    )
    for date_of, some in moving:
        rows = in_stretches(Chain.objects.filter(some), date_of, stretches)
        for at, first_slot, last_slot, held, decided in rows.values_list(
            date_of, "first_slot", "last_slot", "held_at", "decided_at"
        ):
            note(at, first_slot, last_slot, first_slot + WINDOW, decided)
            note(at, held and held + WINDOW)
    for since in NAMES:
        ending = Fact.objects.filter(contacted_at=None, closed_at__gt=now)
        for at, closed in in_stretches(ending, f"{since}_at", stretches).values_list(
            f"{since}_at", "closed_at"
        ):
            note(at, closed)
    return first


def _joined(stretches: Sequence[Stretch]) -> list[Stretch]:
    """Days in a row as one stretch."""
    joined: list[Stretch] = []
    for one in stretches:
        if joined and joined[-1].end == one.start:
            joined[-1] = joined[-1]._replace(end=one.end)
        else:
            joined.append(one)
    return joined


def _text(value: Any) -> str:
    return "" if value is None else str(value)
