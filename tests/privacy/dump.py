"""All that a database holds, as text: what a thief of a backup could search."""

import json

from django.db import connection


def dump() -> str:
    """Every value of every table, JSON as its own letters; for a search, not for reading."""
    parts = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            for row in cursor.fetchall():
                parts += [_text(value) for value in row]
    return "\n".join(parts)


def _text(value: object) -> str:
    if isinstance(value, memoryview):
        value = bytes(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    text = str(value)
    if text[:1] in "{[":  # SQLite keeps JSON as text with \u escapes
        try:
            return json.dumps(json.loads(text), ensure_ascii=False)
        except ValueError:
            return text
    return text
