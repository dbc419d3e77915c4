"""Takes an import back: what it added goes, what it changed gets its old values again.

What was worked on since stays as it is, and is named: nobody loses anything they did.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import models

from team.sheets.core import Importer
from team.sheets.trail import Added, Changed, same

AT_ONCE = 1000
MOST_NAMED = 200


@dataclass
class Undone:
    """What became of the rows of an import."""

    removed: int = 0
    restored: int = 0
    kept: int = 0
    named: list[str] = field(default_factory=list)

    def keep(self, row: models.Model | None, why: str) -> None:
        self.kept += 1
        if len(self.named) < MOST_NAMED:
            self.named.append(f"{row or 'A record that is gone'}: {why}")

    def summary(self) -> str:
        return f"{self.removed:,} removed, {self.restored:,} set back, {self.kept:,} kept"


def undo(
    importer: type[Importer],
    entries: Iterable[Added | Changed],
    *,
    written_at: datetime,
    source: str,
    by: Any,
    now: datetime,
    say: Callable[[int, int], None],
) -> Undone:
    """Undo the entries, last first, in the caller’s transaction; `say` hears how far it is."""
    done = Undone()
    parts = [part for entry in reversed(list(entries)) for part in _parts(entry)]
    total, seen = sum(map(_size, parts)), 0
    for part in parts:
        say(seen, total)
        if isinstance(part, Added):
            _remove(part.model, part.pks, written_at, done)
        else:
            changes = list(_restore(part, done, now))
            importer.set_back(part.model, changes, source=source, by=by, at=now)
        seen += _size(part)
    say(seen, total)
    return done


def _parts(entry: Added | Changed) -> Iterator[Added | Changed]:
    """The entry in pieces of AT_ONCE rows."""
    for start in range(0, _size(entry), AT_ONCE):
        piece = slice(start, start + AT_ONCE)
        if isinstance(entry, Added):
            yield entry._replace(pks=entry.pks[piece])
        else:
            yield entry._replace(rows=entry.rows[piece])


def _size(entry: Added | Changed) -> int:
    return len(entry.pks if isinstance(entry, Added) else entry.rows)


def _remove(model: type[models.Model], pks: list[int], at: datetime, done: Undone) -> None:
    rows = model._default_manager.filter(pk__in=pks)
    in_use = _in_use(model, pks)
    touched: set[int] = set()
    if any(item.name == "updated_at" for item in model._meta.fields):
        touched = set(rows.filter(updated_at__gt=at).values_list("pk", flat=True))
    for row in rows.filter(pk__in=in_use | touched):
        done.keep(row, "something refers to it." if row.pk in in_use else "changed since.")
    free = rows.exclude(pk__in=in_use | touched)
    done.removed += free.count()
    free.delete()


def _in_use(model: type[models.Model], pks: list[int]) -> set[int]:
    """Those of the rows that something of anybody’s points at."""
    used: set[int] = set()
    for relation in model._meta.get_fields(include_hidden=True):
        if not isinstance(relation, models.ForeignObjectRel):
            continue
        name = relation.field.name
        rows = relation.related_model._base_manager.filter(**{f"{name}__in": pks})
        used.update(rows.order_by().values_list(name, flat=True))
    return used


Restored = tuple[models.Model, list[tuple[str, str, str]]]


def _restore(entry: Changed, done: Undone, now: datetime) -> Iterator[Restored]:
    model = entry.model
    fields: list[Any] = [
        item for item in model._meta.concrete_fields if item.attname in entry.names
    ]
    places = [entry.names.index(item.attname) for item in fields]
    present = model._default_manager.in_bulk([pk for pk, _, _ in entry.rows])
    taken = {item.attname: _taken(model, item, entry) for item in fields}
    saved = []
    for pk, before, after in entry.rows:
        row = present.get(pk)
        if row is None:
            done.keep(None, "merged or removed since.")
            continue
        changes = []
        for item, place in zip(fields, places, strict=True):
            old, ours, value = before[place], after[place], getattr(row, item.attname)
            label = str(item.verbose_name)
            if not same(item, value, ours):
                done.keep(row, f"{label} was changed since, to “{str(value)[:60]}”.")
            elif old in taken[item.attname]:
                done.keep(row, f"{label} “{str(old)[:60]}” is somebody else’s now.")
            else:
                shown = str(getattr(row, item.name) or "")
                setattr(row, item.attname, item.to_python(old))
                changes.append((item.name, shown, str(getattr(row, item.name) or "")))
        if changes:
            done.restored += 1
            saved.append(row)
            yield row, changes
    for row in saved:
        if hasattr(row, "updated_at"):
            row.updated_at = now
    columns = {item.name for item in fields}
    machine = {item.name for item in model._meta.fields} & {"updated_at", "name_key"}
    if saved:
        model._default_manager.bulk_update(saved, [*columns, *machine], batch_size=200)


def _taken(model: type[models.Model], item: Any, entry: Changed) -> set[Any]:
    """Old values that may be there only once and that another row has got meanwhile."""
    once = {
        name
        for constraint in model._meta.constraints
        if isinstance(constraint, models.UniqueConstraint) and len(constraint.fields) == 1
        for name in constraint.fields
    }
    if item.name not in once:
        return set()
    place = entry.names.index(item.attname)
    olds = {before[place] for _, before, _ in entry.rows} - {"", None}
    others = model._default_manager.exclude(pk__in=[pk for pk, _, _ in entry.rows])
    found = others.filter(**{f"{item.name}__in": olds}).order_by()
    return set(found.values_list(item.name, flat=True))
