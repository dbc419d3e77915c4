"""A block of My work: the first few of many handoffs, how many there are, or what to do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.urls import reverse

from handoffs.masking import Reader
from handoffs.querysets import HandoffQuerySet
from handoffs.views.queue import COLUMNS, Row, rows_of

SHOWN = 5


class Block(NamedTuple):
    """A card of work: its rows, how many there are in all, and what to say when there are none."""

    key: str
    title: str
    rows: list[Row]
    total: int
    empty: str
    link: str = ""
    link_words: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Desk:
    """Who looks, and when."""

    reader: Reader
    now: datetime

    def block(
        self,
        key: str,
        title: str,
        rows: HandoffQuerySet,
        *,
        empty: str = "",
        link: str = "",
        link_words: str = "Open the queue",
        tone: str = "",
        notes: Callable[[Sequence[int]], dict[int, str]] | None = None,
    ) -> Block:
        """The first rows and, only when there are more, how many. `notes` adds a line to a row."""
        first = list(rows.values_list(*COLUMNS, named=True)[: SHOWN + 1])
        total = len(first) if len(first) <= SHOWN else rows.count()
        shown = rows_of(first[:SHOWN], self.reader, self.now)
        if notes is not None and shown:
            said = notes([row.pk for row in shown])
            shown = [row._replace(note=said.get(row.pk, "")) for row in shown]
        return Block(key, title, shown, total, empty, link, link_words, tone)


def only_if_any(*blocks: Block) -> list[Block]:
    """Those of `blocks` that have something to do: what comes up seldom stands nowhere empty."""
    return [block for block in blocks if block.total]


def queue(query: str = "") -> str:
    return f"{reverse('queue')}?{query}" if query else reverse("queue")


def all_of(state: str) -> str:
    """The list of everything that somebody may see, in one state."""
    return f"{reverse('admin:handoffs_handoff_changelist')}?state={state}"
