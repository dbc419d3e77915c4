"""The handoffs behind a figure of these tables, as conditions; each table says which."""

from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

SIDES = {"counted": "counted", "rest": "not counted", "all": "all of them"}


class Behind(NamedTuple):
    """`rows` belong to one row of a table, `counted` are those in a figure of it, and `of` those
    it is a share of, if it is one. `handoff` is the column that says what a row is about."""

    rows: QuerySet[Any]
    counted: Q
    of: Q | None = None
    handoff: str = "pk"

    def ids(self, side: str = "counted") -> Any:
        """The handoffs of one of SIDES, as a query."""
        wanted = self.counted
        if self.of is not None and side != "counted":
            wanted = self.of if side == "all" else self.of & ~self.counted
        return self.rows.filter(wanted).order_by().values(self.handoff)
