"""The one way from rows to records: read, map, match, validate, write, in batches.

The admin's preview, its confirmation and the commands all run an Importer; they differ only in
whether it writes. A preview therefore takes no write lock, and cannot promise what the import
would not do.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from itertools import islice
from typing import Any, ClassVar, NamedTuple

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models, transaction

from team.models import User
from team.sheets import formulas, values
from team.sheets.claims import Claims
from team.sheets.formats import Format
from team.sheets.formats import Mapping as ColumnMapping
from team.sheets.problems import Remark, Unreadable
from team.sheets.reading import Row
from team.sheets.trail import Trail

BATCH = 4000
UPDATE_BATCH = 500
CENT = Decimal("0.01")
MOST_REMARKS = 1000  # kept for showing; the rest is counted


class Kind(StrEnum):
    """What becomes of a row."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    WRONG = "wrong"


class Change(NamedTuple):
    field: str
    old: str
    new: str


@dataclass(slots=True)
class Record:
    """A row with its cells read: only fields whose cell is not empty."""

    number: int
    values: dict[str, Any]
    cells: list[str]
    remarks: list[Remark] = field(default_factory=list)  # problems
    notes: list[Remark] = field(default_factory=list)


@dataclass(slots=True)
class Line:
    """What becomes of one row, and why."""

    number: int
    kind: Kind
    label: str = ""
    reason: str = ""  # why it was matched with what we already have
    changes: list[Change] = field(default_factory=list)
    problems: list[Remark] = field(default_factory=list)
    notes: list[Remark] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)


@dataclass
class Context:
    """Who imports, when, and whether rows are written."""

    by: User | None
    now: datetime
    writing: bool
    skip_wrong: bool = False
    country: str = ""  # of phone numbers that name none


class Importer(ABC):
    """One run over one file."""

    # Each importer by the label of its model, for imports that wait in the database
    known: ClassVar[dict[str, type["Importer"]]] = {}
    can_undo: ClassVar[bool] = False

    model: ClassVar[type[models.Model]]
    formats: ClassVar[tuple[Format, ...]]
    parsers: ClassVar[Mapping[str, values.Parser]]
    # Relations are set by the importer itself and looked up in batches, so that validation does
    # not ask the database about each of them again.
    relations: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls) -> None:
        Importer.known[cls.model._meta.label_lower] = cls

    def __init__(self, mapping: ColumnMapping, context: Context) -> None:
        self.mapping = mapping
        self.context = context
        self.trail: Trail | None = None  # where it is written down what is written
        self.extra: Counter[str] = Counter()  # other things done, in words: “accounts created”
        self.claims = Claims()
        self._failed = False

    # --- What each kind of record brings -----------------------------------------------------

    @abstractmethod
    def prepare(self, records: list[Record]) -> None:
        """Asks the database everything that these records need, in a few queries."""

    @abstractmethod
    def decide(self, record: Record) -> Line | None:
        """What becomes of the record; None keeps its line back until `finish`."""

    @abstractmethod
    def write(self) -> None:
        """Writes what was decided since the last call."""

    @classmethod
    def set_back(
        cls,
        model: type[models.Model],
        changes: Iterable[tuple[models.Model, list[tuple[str, str, str]]]],
        *,
        source: str,
        by: User,
        at: datetime,
    ) -> None:
        """Told when an import is undone: rows with their (field, value before, value after)."""
        return  # most keep no history of values

    def finish(self) -> Iterable[Line]:
        """The lines that were kept back, decided now that all rows are known."""
        return ()

    def shortcut(self, rows: list[Row]) -> Sequence[Any | None]:
        """For each row what `take` makes its line of, or None where it has to be read with care.

        A way for the many rows that leave no doubt; what it decides is what `decide` would.
        """
        return [None] * len(rows)

    def take(self, short: Any) -> Line:
        """The line of a row that `shortcut` has found to be without doubt."""
        raise NotImplementedError

    # --- What they share ---------------------------------------------------------------------

    def run(self, rows: Iterable[Row]) -> Iterator[Line]:
        """Imports the rows in batches; of those done only the keys are kept in memory."""
        remaining = iter(rows)
        while batch := list(islice(remaining, BATCH)):
            shorts = self.shortcut(batch)
            records = {
                row.number: self.read(row)
                for row, short in zip(batch, shorts, strict=True)
                if short is None
            }
            self.prepare([record for record in records.values() if not record.remarks])
            for row, short in zip(batch, shorts, strict=True):
                if short is not None:
                    line: Line | None = self.take(short)
                else:
                    record = records[row.number]
                    line = wrong(record) if record.remarks else self.decide(record)
                if line is not None:
                    self._failed |= line.kind is Kind.WRONG
                    yield line
            if self.may_write:
                self.write()
        yield from self.finish()

    @property
    def may_write(self) -> bool:
        """After a wrong row everything will be undone, so nothing more is written."""
        return self.context.writing and (self.context.skip_wrong or not self._failed)

    def create(self, model: type[models.Model], instances: list[Any]) -> None:
        """INSERTs new rows and writes that down."""
        model._default_manager.bulk_create(instances)
        if self.trail is not None:
            self.trail.added(model, [instance.pk for instance in instances])

    def save(self, changed: Iterable[tuple[models.Model, tuple[str, ...]]]) -> None:
        """As `save_changes`, and writes down what was there before."""
        pairs = list(changed)
        if self.trail is not None:
            for names, instances in _by_columns(pairs).items():
                model = type(instances[0])
                attnames = [model._meta.get_field(name).attname for name in names]  # type: ignore[union-attr]
                after = {
                    instance.pk: [getattr(instance, name) for name in attnames]
                    for instance in instances
                }
                self.trail.changed(model, attnames, after)
        save_changes(pairs)

    def read(self, row: Row) -> Record:
        record = Record(row.number, {}, row.cells)
        if row.problem:
            record.remarks.append(Remark(row.number, "", row.problem))
            return record
        for name, place in self.mapping.places.items():
            cell = values.plain(formulas.original(row.cells[place]))
            if cell:
                self._read_cell(record, name, cell)
        return record

    def _read_cell(self, record: Record, name: str, cell: str) -> None:
        header = self.mapping.headers[name]

        def note(sentence: str) -> None:
            record.notes.append(Remark(record.number, header, sentence))

        try:
            value = self.parsers.get(name, values.text)(cell, note)
        except Unreadable as error:
            record.remarks.append(Remark(record.number, header, str(error)))
            return
        scale = self.mapping.scales.get(name, 1)
        if scale != 1 and isinstance(value, Decimal):
            value = (value * scale).quantize(CENT)
        record.values[name] = value

    def header(self, name: str) -> str:
        return self.mapping.headers.get(name, "")

    def fill(self, instance: models.Model, record: Record, names: Iterable[str]) -> list[Change]:
        """Sets the fields that the row has a word for and that differ. An empty cell says nothing.

        Compares whole values, so that 12 and 12.00 are no change.
        """
        changes = []
        for name in names:
            if name not in record.values:
                continue
            old, new = getattr(instance, name), record.values[name]
            if old != new:
                setattr(instance, name, new)
                changes.append(Change(name, _shown(old), _shown(new)))
        return changes

    def check(
        self, instance: models.Model, record: Record, changed: Iterable[str] | None = None
    ) -> None:
        """Model validation of what changed, or of everything; problems go to their columns.

        Of a new record the fields that no cell speaks of are as the model makes them.
        """
        names = {item.name for item in instance._meta.fields}
        needed = set() if instance.pk else _needed(type(instance))
        left_alone = set() if changed is None else names - set(changed) - needed
        errors: dict[str, list[str]] = {}
        for validate in (
            lambda: instance.clean_fields(exclude=left_alone | self.relations),
            instance.clean,
        ):
            try:
                validate()
            except ValidationError as error:
                for name, messages in _messages(error).items():
                    errors.setdefault(name, []).extend(messages)
        for name, messages in errors.items():
            for message in dict.fromkeys(messages):
                record.remarks.append(Remark(record.number, self.header(name), message))

    def claim(self, record: Record, kind: str, key: str, header: str, words: str) -> None:
        """Marks `key` as used by this row; a second row with it is a problem."""
        first = self.claims.first(kind, key, record.number)
        if first != record.number:
            record.remarks.append(Remark(record.number, header, f"{words} row {first}."))


def wrong(record: Record, label: str = "") -> Line:
    """The line of a row that cannot be imported, with all that is wrong in it."""
    return Line(
        record.number,
        Kind.WRONG,
        label=label,
        problems=record.remarks,
        notes=record.notes,
        cells=record.cells,
    )


@dataclass
class Report:
    """What an import did or would do."""

    mapping: ColumnMapping
    written: bool
    counts: Counter[Kind] = field(default_factory=Counter)
    extra: Counter[str] = field(default_factory=Counter)
    problems: list[Remark] = field(default_factory=list)
    problem_count: int = 0
    notes: dict[str, list[int]] = field(default_factory=dict)  # sentence → rows
    note_count: int = 0
    lines: list[Line] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return sum(self.counts.values())

    @property
    def wrong(self) -> int:
        return self.counts[Kind.WRONG]

    def add(self, line: Line, keep: int) -> None:
        self.counts[line.kind] += 1
        self.problem_count += len(line.problems)
        self.problems += line.problems[: max(0, MOST_REMARKS - len(self.problems))]
        for note in line.notes:
            self.note_count += 1
            if note.text in self.notes or len(self.notes) < MOST_REMARKS:
                rows = self.notes.setdefault(note.text, [])
                if len(rows) < MOST_REMARKS:
                    rows.append(note.row)
        if len(self.lines) < keep:
            self.lines.append(line)

    def summary(self) -> str:
        """“85 new, 0 changed, 3 the same, 1 wrong; 2 accounts created”."""
        text = (
            f"{self.counts[Kind.NEW]:,} new, {self.counts[Kind.CHANGED]:,} changed, "
            f"{self.counts[Kind.SAME]:,} the same, {self.wrong:,} wrong"
        )
        done = [f"{words}: {number:,}" for words, number in sorted(self.extra.items()) if number]
        return f"{text}; {', '.join(done)}" if done else text


def run_import(
    importer: Importer,
    rows: Iterable[Row],
    *,
    keep: int = 0,
    on_line: Callable[[Line], None] | None = None,
) -> Report:
    """Runs `importer` over the rows, all or nothing, and says what came of it.

    Keeps the first `keep` lines in the report. With a wrong row nothing is written, unless the
    context skips wrong rows. Raises FileRefused when the file itself turns out to be unreadable;
    nothing is written then either.
    """
    context = importer.context
    report = Report(importer.mapping, written=context.writing, extra=importer.extra)
    with transaction.atomic() if context.writing else nullcontext():
        for line in importer.run(rows):
            report.add(line, keep)
            if on_line:
                on_line(line)
        if report.wrong and context.writing and not context.skip_wrong:
            transaction.set_rollback(True)
            report.written = False
    return report


def save_changes(changed: Iterable[tuple[models.Model, tuple[str, ...]]]) -> None:
    """UPDATEs of exactly the fields that changed, one statement per set of fields and batch."""
    for names, instances in _by_columns(changed).items():
        manager = type(instances[0])._default_manager
        manager.bulk_update(instances, names, batch_size=UPDATE_BATCH)


def _by_columns(
    changed: Iterable[tuple[models.Model, tuple[str, ...]]],
) -> dict[tuple[str, ...], list[models.Model]]:
    groups: dict[tuple[str, ...], list[models.Model]] = {}
    for instance, names in changed:
        groups.setdefault(tuple(sorted(set(names))), []).append(instance)
    return groups


def _messages(error: ValidationError) -> dict[str, list[str]]:
    if hasattr(error, "error_dict"):
        return error.message_dict
    return {NON_FIELD_ERRORS: error.messages}


@cache
def _needed(model: type[models.Model]) -> set[str]:
    """The fields that may not be left as the model makes them."""
    return {item.name for item in model._meta.fields if not (item.blank or item.has_default())}


def _shown(value: object) -> str:
    return "" if value is None else str(value)
