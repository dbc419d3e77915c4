"""What an import has written, row by row, so that it can be taken back: a file, kept for a day."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, Any, NamedTuple

from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

# Follow from other columns, so they say nothing about who changed what
MACHINE = frozenset({"updated_at", "name_key"})


class Added(NamedTuple):
    """Rows that were not there before."""

    model: type[models.Model]
    pks: list[int]


class Changed(NamedTuple):
    """Rows of which `names` (attnames) were changed: number, values before, values after."""

    model: type[models.Model]
    names: list[str]
    rows: list[tuple[int, list[Any], list[Any]]]


class Trail:
    """Writes the file, in the order in which the rows are written."""

    def __init__(self, file: IO[str]) -> None:
        self.file = file

    def added(self, model: type[models.Model], pks: Iterable[int]) -> None:
        if pks := list(pks):
            self._write({"model": model._meta.label, "added": pks})

    def changed(
        self, model: type[models.Model], names: Sequence[str], after: Mapping[Any, Sequence[Any]]
    ) -> None:
        """To be called before `after`, the values by row, is written: reads what is there."""
        kept = [place for place, name in enumerate(names) if name not in MACHINE]
        fields = [_field(model, names[place]) for place in kept]
        if not after or not fields:
            return
        columns = [field.attname for field in fields]
        found = model._default_manager.filter(pk__in=list(after)).order_by()
        rows = [
            (
                pk,
                [_plain(field, value) for field, value in zip(fields, before, strict=True)],
                [_plain(fields[n], after[pk][place]) for n, place in enumerate(kept)],
            )
            for pk, *before in found.values_list("pk", *columns)
        ]
        self._write({"model": model._meta.label, "names": columns, "rows": rows})

    def _write(self, entry: dict[str, Any]) -> None:
        json.dump(entry, self.file, cls=DjangoJSONEncoder)
        self.file.write("\n")


def read(file: Iterable[str]) -> Iterator[Added | Changed]:
    """What the lines of a trail say was written, in the order of the file."""
    for line in file:
        entry = json.loads(line)
        model = apps.get_model(entry["model"])
        if "added" in entry:
            yield Added(model, entry["added"])
        else:
            rows = [(pk, before, after) for pk, before, after in entry["rows"]]
            yield Changed(model, entry["names"], rows)


def same(field: Any, one: Any, other: Any) -> bool:
    """Whether two values of a column are one, whatever JSON has made of them."""
    return bool(_plain(field, field.to_python(one)) == _plain(field, field.to_python(other)))


def _field(model: type[models.Model], name: str) -> Any:
    return model._meta.get_field(name)


def _plain(field: Any, value: Any) -> Any:
    return field.get_prep_value(value)
