"""Writes many rows of one table at once, as plain values: COPY or executemany, never instances.

Only for values that were validated before; nothing here knows whose rows they are, no signal is
sent and no `save` is called.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection, models, transaction

Values = dict[str, Any]  # by the attname of the field
# What every database takes as it is; anything else is made ready by its field
_AS_IT_IS = frozenset({str, int, type(None), bool})


@contextmanager
def unhurried() -> Iterator[None]:
    """A transaction that may pause for longer than others: a large file is read within it."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        yield


def insert(model: type[models.Model], rows: Sequence[Values]) -> list[int]:
    """INSERTs the rows, the fields that they leave out at their defaults. Returns their ids."""
    if not rows:
        return []
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    pairs = [(field.attname, field, _ready(field, field.get_default())) for field in fields]
    ids = _new_ids(model, len(rows))
    lines = (
        (
            pk,
            *[
                _ready(field, row[name]) if name in row else default
                for name, field, default in pairs
            ],
        )
        for pk, row in zip(ids, rows, strict=True)
    )
    columns = ", ".join(_quoted(name) for name in (_key(model), *(str(f.column) for f in fields)))
    table = _quoted(model._meta.db_table)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for line in lines:
                    copy.write_row(line)
        else:
            marks = ", ".join(["%s"] * (len(fields) + 1))
            sql = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608
            cursor.executemany(sql, list(lines))
    return ids


def update(model: type[models.Model], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """UPDATEs the fields `names` of rows given as (id, value, value, …)."""
    fields: list[Any] = [model._meta.get_field(name) for name in names]
    lines = [
        (pk, *[_ready(field, value) for field, value in zip(fields, values, strict=True)])
        for pk, *values in rows
    ]
    if not lines:
        return
    table, key = _quoted(model._meta.db_table), _quoted(_key(model))
    columns = [_quoted(field.column) for field in fields]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            kinds = [str(field.rel_db_type(connection)) for field in fields]
            given = ", ".join(f"%s::{kind.split('(')[0]}[]" for kind in ["bigint", *kinds])
            sets = ", ".join(f"{column} = v.c{n}" for n, column in enumerate(columns))
            heads = ", ".join(["pk", *(f"c{n}" for n in range(len(columns)))])
            sql = (
                f"UPDATE {table} SET {sets} FROM unnest({given}) AS v({heads}) "  # noqa: S608
                f"WHERE {table}.{key} = v.pk"
            )
            cursor.execute(sql, [list(column) for column in zip(*lines, strict=True)])
        else:
            sets = ", ".join(f"{column} = %s" for column in columns)
            sql = f"UPDATE {table} SET {sets} WHERE {key} = %s"  # noqa: S608
            cursor.executemany(sql, [(*values, pk) for pk, *values in lines])


def _ready(field: Any, value: Any) -> Any:
    if value.__class__ in _AS_IT_IS:
        return value
    return field.get_db_prep_save(value, connection)


def _new_ids(model: type[models.Model], count: int) -> list[int]:
    """Ids that nobody else gets; on SQLite inside the one write transaction there is."""
    table, key = model._meta.db_table, _key(model)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
                [_quoted(table), key, count],
            )
            return [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        last = (cursor.fetchone() or (0,))[0]
        return list(range(last + 1, last + 1 + count))


def _key(model: type[models.Model]) -> str:
    return str(model._meta.pk.column)


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
