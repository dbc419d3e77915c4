"""Many handoffs in one go, by the same verbs and rules as one: all of them, or none."""

from collections.abc import Callable, Iterable
from datetime import datetime

from django.db import transaction

from handoffs import lifecycle
from handoffs.models import Handoff
from handoffs.refusal import TransitionRefused
from team.models import User

MOST_ACCEPTED = 20
MOST_REASSIGNED = 200


class BulkRefused(Exception):
    """Nothing was done; `sentences` says for each row that was refused, by its id, why."""

    def __init__(self, sentences: dict[int, str]) -> None:
        super().__init__(f"{len(sentences)} refused, so none was done.")
        self.sentences = sentences


def accept(handoffs: Iterable[Handoff], *, by: User, at: datetime | None = None) -> int:
    """Take all of these over, at most 20; how many."""
    return _all(handoffs, MOST_ACCEPTED, at, lambda row, at: lifecycle.accept(row, by=by, at=at))


def reassign(
    handoffs: Iterable[Handoff], *, to: User, why: str, by: User, at: datetime | None = None
) -> int:
    """Give all of these to somebody else, at most 200; how many."""
    return _all(
        handoffs,
        MOST_REASSIGNED,
        at,
        lambda row, at: lifecycle.reassign(row, to=to, why=why, by=by, at=at),
    )


def _all(
    handoffs: Iterable[Handoff],
    most: int,
    at: datetime | None,
    verb: Callable[[Handoff, datetime | None], object],
) -> int:
    # In one order for everybody, so that two people who overlap cannot block each other
    rows = sorted(handoffs, key=lambda row: row.pk)
    if len(rows) > most:
        raise TransitionRefused(f"At most {most} at once; you chose {len(rows)}.")
    refused: dict[int, str] = {}
    with transaction.atomic():
        for row in rows:
            try:
                verb(row, at)
            except TransitionRefused as why:
                refused[row.pk] = str(why)
        if refused:
            raise BulkRefused(refused)
    return len(rows)
