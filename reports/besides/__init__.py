"""What else the reports show: one function per table, with one query or two each, and beside it
the handoffs behind its figures."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from reports.besides import data, packages, people, promises
from reports.besides.behind import SIDES, Behind
from reports.periods import Period
from reports.scope import Scope
from reports.tables import RATE, TEXT, Table

Asked = Callable[[Period, Scope, datetime], Table]

SECTIONS: tuple[tuple[str, tuple[Asked, ...]], ...] = (
    (
        "Promises",
        (promises.untouched, promises.attainment, promises.causes, promises.unconfirmed),
    ),
    (
        "Packages",
        (packages.reasons, packages.first_tries, packages.gate, packages.context_loss),
    ),
    ("Speed and preparation", (people.speed, people.unprepared, people.load)),
    ("Data", (data.freshness, data.decay)),
)
BY_KEY: dict[str, Asked] = {
    function.__name__: function for _, functions in SECTIONS for function in functions
}
BEHIND: dict[str, Callable[[str, str, Period, Scope, datetime], Behind]] = {
    "untouched": promises.behind_untouched,
    "attainment": promises.behind_attainment,
    "causes": promises.behind_causes,
    "unconfirmed": promises.behind_unconfirmed,
    "reasons": packages.behind_reasons,
    "first_tries": packages.behind_first_tries,
    "gate": packages.behind_gate,
    "context_loss": packages.behind_context_loss,
    "speed": people.behind_speed,
    "unprepared": people.behind_unprepared,
    "load": people.behind_load,
    "freshness": data.behind_freshness,
}


class Figure(NamedTuple):
    """A figure of one of the tables: what it is in words, and the handoffs behind it."""

    title: str
    words: str
    sides: dict[str, str]
    ids: Any


def figure(
    key: str, row: str, part: str, side: str, period: Period, scope: Scope, now: datetime
) -> Figure | None:
    """The figure in the row and the column of these names; None where the table has none such."""
    ask, behind = BY_KEY.get(key), BEHIND.get(key)
    if ask is None or behind is None:
        return None
    table = ask(period, scope, now)
    line = next((one for one in table.rows if row and one.key == row), None)
    column = next((one for one in table.columns if part and one.part == part), None)
    if line is None or column is None:
        return None
    # A row is called by the words it begins with
    names = [
        str(cell)
        for cell, one in zip(line.cells, table.columns[: table.columns.index(column)], strict=False)
        if one.kind == TEXT and cell
    ]
    sides = SIDES if column.kind == RATE else {}
    if side not in (sides or {"counted": ""}):
        return None
    ids = behind(row, part, period, scope, now).ids(side)
    return Figure(table.title, ", ".join([*names, column.name]), sides, ids)
