"""Makes one record of two, with everything that points at them, and can take it back.

Nothing here knows who points at a contact or an account: every relation is asked of the models,
also those of floors above.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.core import serializers
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction

from accounts.models import Account, Contact, Merge
from team.models import User

T = TypeVar("T", Account, Contact)
UNDO_FOR = timedelta(days=30)
# What a record has of its own, however empty
NOT_FILLED = frozenset({"id", "name", "name_key", "created_at", "updated_at", "left_on", "parent"})
UNSAID = {"fit": Account.Fit.UNKNOWN, "role": "unknown", "attitude": "unknown"}


def merge(keep: T, gone: T, *, by: User, at: datetime) -> Merge:
    """Take `gone` into `keep`: its rows move, its values fill what `keep` lacks, then it goes.

    ValidationError where the two cannot be one.
    """
    if keep.pk == gone.pk:
        raise ValidationError("Choose another record: this is the same one.")
    with transaction.atomic():
        keep, gone = _locked(keep, gone)
        _check(keep, gone)
        left_over: list[models.Model] = []
        moved: dict[str, list[int]] = {}
        for name, rows, field in _pointing_at(gone):
            ids = list(rows.order_by("pk").values_list("pk", flat=True))
            stayed = _point(rows, field, keep, ids)
            left_over += rows.filter(pk__in=stayed)
            if taken := [pk for pk in ids if pk not in stayed]:
                moved[name] = taken
        stored = serializers.serialize("json", [gone, *left_over])
        name, pk = str(gone), gone.pk
        values: dict[str, Any] = _missing_in(keep, gone)
        for row in left_over:
            row.delete()
        gone.delete()
        filled = {field: _plain(value) for field, value in values.items()}
        for field, value in values.items():
            setattr(keep, field, value)
        keep.save(update_fields=[*values, "updated_at"])
        mine = {"contact": keep} if isinstance(keep, Contact) else {"account": keep}
        return Merge.objects.create(
            **mine,
            gone_id=pk,
            gone_name=name,
            gone=stored,
            moved=moved,
            filled=filled,
            by=by,
            at=at,
        )


def undo(done: Merge, *, by: User, at: datetime) -> None:
    """Make two of them again: the other record, its values and the rows that came with it.

    What was added to the kept record since stays there. ValidationError where it is too late.
    """
    with transaction.atomic():
        done = Merge.objects.select_for_update().get(pk=done.pk)
        keep = done.contact or done.account
        if done.undone_at:
            raise ValidationError("This was undone already.")
        if at - done.at > UNDO_FOR or not done.gone or keep is None:
            raise ValidationError("It is too late to undo this: 30 days have passed.")
        model = type(keep)
        keep = model._base_manager.select_for_update().get(pk=keep.pk)
        try:
            kept = list(serializers.deserialize("json", done.gone, ignorenonexistent=True))
        except serializers.base.DeserializationError as error:
            raise ValidationError("What was kept for undoing this has been erased.") from error
        _take_back(keep, done.filled)
        try:
            with transaction.atomic():
                for row in kept:
                    row.save()
        except IntegrityError as error:
            raise ValidationError(
                "Another record has its e-mail, domain or id by now. Change that one first."
            ) from error
        gone = model._base_manager.get(pk=done.gone_id)
        for name, rows, field in _pointing_at(keep):
            _point(rows, field, gone, done.moved.get(name, []))
        done.undone_at, done.undone_by = at, by
        done.save(update_fields=["undone_at", "undone_by"])


def forget(now: datetime) -> int:
    """Drop what was kept for undoing once it cannot be undone any more."""
    return Merge.objects.filter(at__lt=now - UNDO_FOR).delete()[0]


def _locked(keep: T, gone: T) -> tuple[T, T]:
    """Both as they stand, locked in one order so that two merges at once do not wait in a ring."""
    found = {
        row.pk: row
        for row in type(keep)
        ._base_manager.select_for_update()
        .filter(pk__in=[keep.pk, gone.pk])
        .order_by("pk")
    }
    if len(found) < 2:
        raise ValidationError("One of the two does not exist any more.")
    return found[keep.pk], found[gone.pk]


def _check(keep: T, gone: T) -> None:
    """A company that took in the one above it would stand below itself."""
    if isinstance(keep, Account) and isinstance(gone, Account) and gone in keep.above():
        raise ValidationError(f"{gone} is above {keep}. Take {keep} into it.")


def _pointing_at(record: models.Model) -> Iterator[tuple[str, models.QuerySet[Any], str]]:
    """Everything with a foreign key to `record`: its name, the rows and the key."""
    fields: Any = record._meta.get_fields(include_hidden=True)
    for relation in fields:
        if not (relation.auto_created and (relation.one_to_many or relation.one_to_one)):
            continue
        model, field = relation.related_model, relation.field.name
        if model is Merge:
            continue
        rows: models.QuerySet[Any] = models.QuerySet(model).filter(**{field: record})
        yield f"{model._meta.label_lower}.{field}", rows, field


def _point(rows: models.QuerySet[Any], field: str, to: models.Model, ids: list[int]) -> list[int]:
    """Have the rows with these ids point to `to`; which could not, as it has such a row."""
    if not ids:
        return []
    try:
        with transaction.atomic():
            rows.filter(pk__in=ids).update(**{field: to})
        return []
    except IntegrityError:
        pass
    stayed = []
    for pk in ids:
        try:
            with transaction.atomic():
                rows.filter(pk=pk).update(**{field: to})
        except IntegrityError:
            stayed.append(pk)
    return stayed


def _missing_in(keep: Account | Contact, gone: Account | Contact) -> dict[str, Any]:
    """The values of `gone` for fields that `keep` has nothing in."""
    found = {}
    for field in keep._meta.concrete_fields:
        name = field.name
        if name in NOT_FILLED or field.primary_key:
            continue
        mine, theirs = getattr(keep, name), getattr(gone, name)
        empty = mine in (None, "") or mine == UNSAID.get(name)
        if empty and theirs not in (None, "", mine):
            found[name] = theirs
    return found


def _take_back(keep: Account | Contact, filled: dict[str, str]) -> None:
    """Empty what the other record filled, unless it was changed since."""
    emptied: list[str] = []
    for name, value in filled.items():
        field: Any = keep._meta.get_field(name)
        if _plain(getattr(keep, name)) == value:
            empty = None if field.null else UNSAID.get(name, "")
            setattr(keep, name, empty)
            emptied.append(name)
    keep.save(update_fields=[*emptied, "updated_at"])


def _plain(value: Any) -> str:
    return str(value.pk) if isinstance(value, models.Model) else str(value)
