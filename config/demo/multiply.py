"""Makes a long history out of a short one: copies what is over, row by row, inside the database.

The copies keep every instant, owner and measured minute of what was really played, so that clocks,
figures and the log agree as they did; only keys and names differ. What is still open is not copied:
a large history does not make the day's work longer. Messages are not copied either.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.core.management.color import no_style
from django.db import OperationalError, connection, models, transaction
from django.db.backends.utils import CursorWrapper

from accounts.models import Account, Contact
from handoffs.models import Handoff, HandoffEvent
from reports.models import Reading

OVER = (
    Handoff.Status.QUALIFIED,
    Handoff.Status.DISQUALIFIED,
    Handoff.Status.REJECTED,
    Handoff.Status.WITHDRAWN,
)
# What a team does together, on a few handoffs that were chosen for it: no history of a handoff
LEFT_OUT = ("handoffs.calibrationcase", "handoffs.calibrationscore")
ROUND = 200  # copies of everything in one statement
SORTED_IN_KB = 512 * 1024  # memory that SQLite may sort an index in

# What has to differ between copies, as SQL around the column; {k} is the number of the copy
RENAMED = {
    ("accounts.account", "domain"): "'c' || {k} || '.' || {column}",
    ("accounts.account", "name"): "{column} || ' ' || {k}",
    ("accounts.account", "external_id"): "{column} || '-' || {k}",
    ("accounts.account", "hubspot_id"): "{column} || '-' || {k}",
    ("accounts.account", "salesforce_id"): "{column} || '-' || {k}",
    ("accounts.contact", "email"): "replace({column}, '@', '@c' || {k} || '.')",
    ("accounts.contact", "external_id"): "{column} || '-' || {k}",
    ("accounts.contact", "hubspot_id"): "{column} || '-' || {k}",
    ("accounts.contact", "salesforce_id"): "{column} || '-' || {k}",
}


@dataclass
class Table:
    """One table of the history: how to choose its rows, and how far its keys move per copy."""

    model: type[models.Model]
    name: str
    key: str
    stride: int
    # Column -> the table of the history that it points to
    links: dict[str, str] = field(default_factory=dict)

    @property
    def chosen(self) -> str:
        return f"chosen_{self.name}"


def settled() -> "models.QuerySet[Handoff]":
    """The handoffs that nobody has to do anything about any more."""
    return (
        Handoff.objects.filter(status__in=OVER)
        .exclude(contests__ruling="")
        .exclude(clocks__breach__cause="")
    )


def multiply(*, to: int, say: Callable[[str], None] = lambda line: None) -> None:
    """Copy what is settled until there are about `to` handoffs; nothing when there are already."""
    have = Handoff.objects.count()
    over = list(settled().values_list("pk", flat=True))
    if not over or to <= have:
        return
    copies = -(-(to - have) // len(over))
    tables = _tables()
    by_name = {table.name: table for table in tables}
    with written_once(), transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # An index over millions of rows may take longer than any statement of a page
            cursor.execute("SET LOCAL statement_timeout = 0")
        rebuild = list(_lay_down_indexes(cursor, tables))
        for table in tables:
            _choose(cursor, table, by_name, over)
        for table in tables:
            _say_what_moves(cursor, table, by_name)
        for first in range(1, copies + 1, ROUND):
            last = min(first + ROUND - 1, copies)
            for table in tables:
                _copy(cursor, table, first, last)
            say(f"{have + last * len(over):,} handoffs")
        for statement in rebuild:
            cursor.execute(statement)
        for statement in connection.ops.sequence_reset_sql(
            no_style(), [table.model for table in tables]
        ):
            cursor.execute(statement)
        newest = HandoffEvent.objects.order_by().aggregate(last=models.Max("pk"))["last"] or 0
        Reading.objects.update(event_id=newest)
        cursor.execute("ANALYZE")


@contextmanager
def written_once() -> Iterator[None]:
    """On SQLite, new pages go into the file itself and not through its log ahead.

    The whole copy is one transaction. With the log ahead every page of it would be written twice,
    and each one read back is looked up in a log that grows to the size of the database, which made
    a million handoffs take hours. Where others have the file open the log has to stay.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    kept, mode = _pragma("cache_size"), _pragma("journal_mode")
    _pragma(f"cache_size = {-SORTED_IN_KB}")
    if mode == "wal":
        _set_journal("delete")
    try:
        yield
    finally:
        _pragma(f"cache_size = {kept}")
        _set_journal(mode)


def _set_journal(mode: str) -> None:
    with suppress(OperationalError):  # somebody else has the file open
        _pragma(f"journal_mode = {mode}")


def _pragma(words: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {words}")
        rows = cursor.fetchall()  # all of them: a statement that is left open locks tables
    return rows[0][0] if rows else None


def _tables() -> list[Table]:
    """Every table that hangs on accounts, contacts and handoffs, each after what it points to."""
    found: dict[type[models.Model], None] = dict.fromkeys((Account, Contact, Handoff))
    grows = True
    while grows:
        grows = False
        for model in apps.get_models(include_auto_created=True):
            if model._meta.label_lower in LEFT_OUT or model in found:
                continue
            if any(to in found for _, to in _links(model)):
                found[model] = None
                grows = True
    return [_table(model, set(found)) for model in found]


def _table(model: type[models.Model], among: set[type[models.Model]]) -> Table:
    options = model._meta
    key = str(options.pk.column)
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT COALESCE(MAX("{key}"), 0) FROM "{options.db_table}"')  # noqa: S608
        stride = cursor.fetchone()[0]
    links = {column: to._meta.db_table for column, to in _links(model) if to in among}
    return Table(model, options.db_table, key, stride, links)


def _links(model: type[models.Model]) -> Iterator[tuple[str, type[models.Model]]]:
    for column in model._meta.local_fields:
        to = column.related_model
        if isinstance(to, type) and issubclass(to, models.Model):
            yield str(column.column), to


def _choose(cursor: CursorWrapper, table: Table, tables: dict[str, Table], over: list[int]) -> None:
    """The rows to copy: these handoffs, their accounts and contacts, and what hangs on those."""
    ids = ", ".join(map(str, over))
    of_these = f"FROM {Handoff._meta.db_table} WHERE id IN ({ids})"
    if table.model is Handoff:
        which = f"id IN ({ids})"
    elif table.model is Account:
        which = f"id IN (SELECT account_id {of_these})"
    elif table.model is Contact:
        which = (
            f"account_id IN (SELECT account_id {of_these}) OR id IN (SELECT contact_id {of_these})"
        )
    else:
        which = " OR ".join(
            f'"{column}" IN (SELECT "{tables[to].key}" FROM {tables[to].chosen})'  # noqa: S608
            for column, to in _hangs_on(table)
        )
    cursor.execute(
        f'CREATE TEMPORARY TABLE {table.chosen} AS SELECT * FROM "{table.name}" WHERE {which}'  # noqa: S608
    )
    cursor.execute(f'CREATE INDEX {table.chosen}_key ON {table.chosen} ("{table.key}")')


def _hangs_on(table: Table) -> list[tuple[str, str]]:
    """The links that say whose a row is: the first that is always there, else every one."""
    optional = {str(one.column): one.null for one in table.model._meta.local_fields}
    links = [link for link in table.links.items() if link[1] != table.name]
    required = [link for link in links if not optional[link[0]]]
    return required[:1] or links


def _say_what_moves(cursor: CursorWrapper, table: Table, tables: dict[str, Table]) -> None:
    """Beside each link, how far it moves per copy: not at all where its row is not copied."""
    for column, to in table.links.items():
        cursor.execute(
            f'ALTER TABLE {table.chosen} ADD COLUMN "moves_{column}" bigint NOT NULL DEFAULT 0'
        )
        cursor.execute(
            f'UPDATE {table.chosen} SET "moves_{column}" = {tables[to].stride} '  # noqa: S608
            f'WHERE "{column}" IN (SELECT "{tables[to].key}" FROM {tables[to].chosen})'
        )


def _copy(cursor: CursorWrapper, table: Table, first: int, last: int) -> None:
    """Copies number `first` to `last` of a table's chosen rows."""
    columns = [(one.name, str(one.column)) for one in table.model._meta.local_concrete_fields]
    names = ", ".join(f'"{column}"' for _, column in columns)
    values = ", ".join(_value(table, name, column) for name, column in columns)
    cursor.execute(
        f"WITH RECURSIVE copy(k) AS (SELECT {first} UNION ALL SELECT k + 1 FROM copy "  # noqa: S608
        f'WHERE k < {last}) INSERT INTO "{table.name}" ({names}) '
        f"SELECT {values} FROM {table.chosen} AS chosen CROSS JOIN copy"
    )


def _value(table: Table, name: str, column: str) -> str:
    """What a copy has in a column, as SQL over `chosen` and the copy's number `k`."""
    plain = f'chosen."{column}"'
    if column in table.links:
        return f'{plain} + k * chosen."moves_{column}"'
    if column == table.key:
        return f"{plain} + k * {table.stride}"
    if renamed := RENAMED.get((table.model._meta.label_lower, name)):
        changed = renamed.format(k="k", column=plain)
        return f"CASE WHEN {plain} = '' THEN {plain} ELSE {changed} END"
    return plain


def _lay_down_indexes(cursor: CursorWrapper, tables: list[Table]) -> Iterator[str]:
    """Drop what slows the copying down: indexes and checks of links. Yields how to make them anew.

    Within the transaction, so that nobody ever sees the tables without.
    """
    names = [table.name for table in tables]
    if connection.vendor == "postgresql":
        # What the transaction has not checked yet would keep the tables from being altered
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) "
            "FROM pg_constraint WHERE contype = 'f' AND conrelid::regclass::text = ANY(%s)",
            [names],
        )
        for name, constraint, definition in cursor.fetchall():
            cursor.execute(f'ALTER TABLE "{name}" DROP CONSTRAINT "{constraint}"')
            yield f'ALTER TABLE "{name}" ADD CONSTRAINT "{constraint}" {definition}'
        cursor.execute(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index "
            "WHERE NOT indisunique AND indrelid::regclass::text = ANY(%s)",
            [names],
        )
    else:
        listed = ", ".join(f"'{name}'" for name in names)
        cursor.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' "  # noqa: S608
            f"AND sql LIKE 'CREATE INDEX%' AND tbl_name IN ({listed})"
        )
    for index, definition in cursor.fetchall():
        cursor.execute(f"DROP INDEX {index}")
        yield definition
