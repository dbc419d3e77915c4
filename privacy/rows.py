"""The rows in which somebody stands, found through the register; nothing here changes them."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.db import DatabaseError, connection, models
from django.db.models import Q
from django.db.models.functions import Cast

from accounts.models import Account, Contact
from handoffs.models import Handoff
from messaging.models import Message
from privacy.person import Person, Words
from privacy.register import personal, searched
from team.models import AuditEntry


@contextmanager
def unhurried() -> Iterator[None]:
    """Read all there is, however long that takes: PostgreSQL else ends a statement after 30 s."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
    try:
        yield
    finally:
        # In a transaction that has failed this fails too, and what was set is undone with it
        with suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute("RESET statement_timeout")


def all_of(model: type[models.Model]) -> "models.QuerySet[Any]":
    """Every row, whatever guard the model's own manager puts before a change."""
    return models.QuerySet(model=model)


def pointing_at(target: type[models.Model]) -> Iterator[tuple[type[models.Model], str]]:
    """Each model with personal data and the name of its foreign key to `target`."""
    for model in searched():
        for field in model._meta.local_concrete_fields:
            if field.is_relation and field.related_model is target:
                yield model, field.attname


def of_contacts(pks: Iterable[int]) -> Iterator["models.QuerySet[Any]"]:
    """Rows that are about these people as such: checks, changes, seats at the table."""
    for model, column in pointing_at(Contact):
        if model is not Handoff and column == "contact_id":
            yield all_of(model).filter(contact_id__in=list(pks))


def of_handoffs(pks: set[int]) -> Iterator["models.QuerySet[Any]"]:
    """The handoffs themselves, every row that belongs to one, and the mail about them."""
    yield all_of(Handoff).filter(pk__in=pks)
    for model, column in pointing_at(Handoff):
        yield all_of(model).filter(**{f"{column}__in": pks})
    yield all_of(Message).filter(about__in=[f"handoff:{pk}" for pk in pks])
    trail = all_of(AuditEntry).filter(model=Handoff._meta.label_lower)
    yield trail.filter(object_id__in=[str(pk) for pk in pks])


def mentioning(words: Words) -> Iterator["models.QuerySet[Any]"]:
    """For each model, the rows in whose personal fields one of `words` may stand."""
    spellings = sorted(words.spellings())
    if not spellings:
        return
    for model in searched():
        columns = personal(model)
        casts = {f"{name}_text": Cast(name, models.TextField()) for name in columns}
        rows = all_of(model).annotate(**casts)
        asked = Q()
        for name in casts:
            asked |= _standing_in(name, spellings)
        yield rows.filter(asked)


def _standing_in(column: str, spellings: list[str]) -> Q:
    """Whether one of them stands in a column of text, in any case."""
    if connection.vendor == "postgresql":
        # LIKE would turn each text into capitals for each spelling, which takes 20 times as long
        return Q(**{f"{column}__iregex": "|".join(map(re.escape, spellings))})
    asked = Q()
    for spelling in spellings:
        asked |= Q(**{f"{column}__icontains": spelling})
    return asked


def nearby(person: Person) -> Iterator["models.QuerySet[Any]"]:
    """Rows close enough that a first name alone means the person."""
    yield from of_handoffs(person.handoffs | person.seats)
    firms = {contact.account_id for contact in person.contacts if contact.account_id}
    yield all_of(Account).filter(pk__in=firms)
    for model, column in pointing_at(Contact):
        if column != "contact_id":  # such as whose place they took
            yield all_of(model).filter(**{f"{column}__in": person.ids})
    for model, column in pointing_at(Account):
        if model not in (Contact, Handoff):
            yield all_of(model).filter(**{f"{column}__in": firms})
