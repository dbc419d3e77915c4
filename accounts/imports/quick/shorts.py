"""Contacts of an import as plain values, written many at once; `shortcut` says which these are."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from accounts.changes import WATCHED, history
from accounts.imports.quick.firms import Firm
from accounts.models import Contact, ContactChange
from team.models import User
from team.sheets import bulk
from team.sheets.core import Change, Kind
from team.sheets.reading import Row
from team.sheets.trail import Trail


class Short(NamedTuple):
    """A row without doubt: new with `values`, or of contact `pk` with what changes."""

    row: Row
    kind: Kind
    label: str
    reason: str
    pk: int | None
    values: dict[str, Any]
    changes: list[Change]
    firm: Firm | None


def insert(
    shorts: Sequence[Short], *, source: str, at: datetime, trail: Trail | None = None
) -> None:
    """Writes new contacts."""
    stamp = {"source": source, "created_at": at, "updated_at": at}
    pks = bulk.insert(
        Contact,
        [
            {
                **stamp,
                **short.values,
                "account_id": short.firm.account.pk if short.firm else None,
            }
            for short in shorts
        ],
    )
    if trail is not None:
        trail.added(Contact, pks)


def update(
    shorts: Sequence[Short],
    *,
    source: str,
    by: User | None,
    at: datetime,
    trail: Trail | None = None,
) -> None:
    """Writes what changes about contacts, and their history."""
    groups: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
    rows: list[ContactChange] = []
    for short in shorts:
        names = tuple(sorted(short.values))
        groups.setdefault(names, []).append((short.pk, *(short.values[name] for name in names), at))
        if any(change.field in WATCHED for change in short.changes):
            rows += history(Contact(pk=short.pk), short.changes, source=source, by=by, at=at)
    for names, lines in groups.items():
        if trail is not None:
            trail.changed(Contact, names, {pk: values for pk, *values in lines})
        bulk.update(Contact, (*names, "updated_at"), lines)
    ContactChange.objects.bulk_create(rows)
