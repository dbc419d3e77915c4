"""What of the log has not been read yet, though PostgreSQL’s transactions commit in another order
than they draw the numbers of their events.

A number below the newest that is not there is a hole: its transaction was undone, or is still
under way. A hole stays open until every transaction of that time has ended, twice over, because
a number of the log is drawn a moment before the transaction gets its own.
"""

from collections.abc import Iterable, Iterator
from itertools import chain, pairwise

from django.db import connection
from django.db.models import Max, Q, QuerySet

from handoffs.models import HandoffEvent
from reports.models import Reading

Hole = list[
    int
]  # first, last, transaction that all fillers are older than, whether looked at again


def events(reading: Reading) -> QuerySet[HandoffEvent]:
    """What has come since, the oldest first."""
    missing = Q(pk__gt=reading.event_id)
    for first, last, *_ in reading.holes or ():
        missing |= Q(pk__range=(first, last))
    return HandoffEvent.objects.filter(missing).order_by("pk")


def end_of_log() -> Reading:
    """The whole log as it is now, as read; not saved."""
    newest = HandoffEvent.objects.order_by().aggregate(last=Max("pk"))["last"] or 0
    holes: list[Hole] = []
    if (transaction := _this_transaction()) is not None:
        there = HandoffEvent.objects.filter(pk__lte=newest).order_by("pk")
        holes = list(_holes(there.values_list("pk", flat=True).iterator(), 0, transaction))
    return Reading(pk=1, event_id=newest, holes=holes)


def oldest_running() -> int | None:
    """Every transaction with a lower number has ended; None where they come one by one."""
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        return int(cursor.fetchone()[0])


def advance(reading: Reading, read: list[int], oldest: int | None) -> None:
    """Note these events as read, in order; `oldest` was running before they were looked for.

    Inside a transaction; the caller saves.
    """
    transaction = _this_transaction()
    if transaction is None or oldest is None:
        reading.event_id = max(reading.event_id, *read)
        return
    filled = [pk for pk in read if pk <= reading.event_id]
    added = [pk for pk in read if pk > reading.event_id]
    kept: list[Hole] = []
    for first, last, since, times in reading.holes or ():
        if oldest >= since and last <= read[-1]:
            if times:
                continue
            since, times = transaction, 1
        inside = [pk for pk in filled if first <= pk <= last]
        for begin, end, *_ in _holes(chain(inside, [last + 1]), first - 1, since):
            kept.append([begin, end, since, times])
    kept += _holes(added, reading.event_id, transaction)
    reading.holes = kept
    reading.event_id = max(reading.event_id, *read)


def _holes(there: Iterable[int], after: int, transaction: int) -> Iterator[Hole]:
    """What is missing between these numbers, which are in order, from the one after `after`."""
    for before, pk in pairwise(chain([after], there)):
        if pk - before > 1:
            yield [before + 1, pk - 1, transaction, 0]


def _this_transaction() -> int | None:
    """The number of the transaction we are in: older ones have lower numbers."""
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        return int(cursor.fetchone()[0])
