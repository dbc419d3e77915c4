"""Writes many rows of one table at once, as plain values: COPY or executemany, never instances.

Only for values that were validated before; nothing here knows whose rows they are.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models

Values = dict[str, Any]  # by field attname, as the database takes them


def insert(model: type[models.Model], rows: Sequence[Values]) -> list[int]:
    """INSERTs the rows, the fields that they leave out at their defaults. Returns their ids."""
    if not rows:
        return []
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    names = [field.attname for field in fields]
    defaults = [field.get_db_prep_save(_default(field), connection) for field in fields]
    pairs = list(zip(names, defaults, strict=True))
    ids = _new_ids(model, len(rows))
    lines = (
        (pk, *[row.get(name, default) for name, default in pairs])
        for pk, row in zip(ids, rows, strict=True)
    )
    columns = [_quoted(model._meta.pk.column), *(_quoted(field.column) for field in fields)]  # type: ignore[union-attr]
    table = _quoted(model._meta.db_table)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
                for line in lines:
                    copy.write_row(line)
        else:
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(
                f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})",  # noqa: S608
                lines,
            )
    return ids


def update(model: type[models.Model], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """UPDATEs the fields `names` of rows given as (id, value, value, …)."""
    rows = list(rows)
    if not rows:
        return
    fields = [model._meta.get_field(name) for name in names]
    table, key = _quoted(model._meta.db_table), _quoted(model._meta.pk.column)  # type: ignore[union-attr]
    columns = [_quoted(str(field.column)) for field in fields]  # type: ignore[union-attr]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            kinds = [str(field.rel_db_type(connection) if field.is_relation else field.db_type(connection)) for field in fields]  # type: ignore[union-attr]  # noqa: E501
            kinds = [kind.split("(")[0] for kind in kinds]
            given = ", ".join(f"%s::{kind}[]" for kind in ["bigint", *kinds])
            sets = ", ".join(f"{column} = v.c{n}" for n, column in enumerate(columns))
            heads = ", ".join(["pk", *(f"c{n}" for n in range(len(columns)))])
            cursor.execute(
                f"UPDATE {table} SET {sets} FROM unnest({given}) AS v({heads}) "  # noqa: S608
                f"WHERE {table}.{key} = v.pk",
                [list(column) for column in zip(*rows, strict=True)],
            )
        else:
            sets = ", ".join(f"{column} = %s" for column in columns)
            cursor.executemany(
                f"UPDATE {table} SET {sets} WHERE {key} = %s",  # noqa: S608
                [(*values, pk) for pk, *values in rows],
            )


def _default(field: "models.Field[Any, Any]") -> Any:
    """What a new row has there: a primary key to an empty relation is NULL."""
    return field.get_default()


def _new_ids(model: type[models.Model], count: int) -> list[int]:
    """Ids that nobody else gets; on SQLite inside the one write transaction there is."""
    table, key = model._meta.db_table, model._meta.pk.column  # type: ignore[union-attr]
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


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
