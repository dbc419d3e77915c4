"""Writes the audit trail and puts values into words for it; who may read it is asked elsewhere."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import models
from django.utils import timezone

from team.models import User
from team.models.audit import AuditEntry, Deed

LONGEST = 2000
HIDDEN = "(secret)"
_SECRETS = ("password", "secret", "token", "webhook_url", "api_key")


class Change(NamedTuple):
    """A field that was one thing and is another, both in words."""

    field: str
    before: str
    after: str


def note(
    deed: Deed,
    *,
    by: User | None,
    about: models.Model | type[models.Model] | None = None,
    changes: Iterable[Change] = (),
    words: str = "",
    name: str = "",
    at: datetime | None = None,
) -> AuditEntry:
    """Write one entry, in the transaction of the deed itself. `about` is a row, or a model."""
    row = about if isinstance(about, models.Model) else None
    return AuditEntry.objects.create(
        at=at or timezone.now(),
        by=by,
        deed=deed,
        model=about._meta.label_lower if about is not None else "",
        object_id=str(row.pk) if row is not None else "",
        name=(name or (str(row) if row is not None else ""))[:200],
        changes=[change._asdict() for change in changes],
        note=words[:500],
    )


def in_words(name: str, value: Any, field: Any = None) -> str:
    """A value as somebody reads it: names for rows, labels for choices, nothing for a secret."""
    if any(part in name for part in _SECRETS):
        return HIDDEN if value else ""
    if field is not None and field.is_relation and not isinstance(value, (list, tuple)):
        value = _row(field, value)
    if isinstance(value, (models.QuerySet, list, tuple, set)):
        return ", ".join(in_words(name, item, field) for item in value)[:LONGEST]
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%-d %b %Y %H:%M} {value.tzname() or ''}".strip()
    if isinstance(value, date):
        return f"{value:%-d %b %Y}"
    labels = dict(field.flatchoices) if field is not None and field.choices else {}
    return str(labels.get(value, value))[:LONGEST]


def _row(field: Any, value: Any) -> Any:
    if value is None or isinstance(value, models.Model):
        return value
    found = field.related_model._base_manager.filter(pk=value).first()
    return found if found is not None else value
