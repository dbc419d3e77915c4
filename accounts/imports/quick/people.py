"""The contacts that we have, as plain values: those whom the rows of a batch name, and doubles."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db.models import CharField, ExpressionWrapper, F

from accounts.erased import name_by_id
from accounts.imports.quick.columns import FIELDS, PHONES, Columns, Given
from accounts.imports.shared import FOREIGN_IDS
from accounts.models import Contact

# A number as the database has it; reading it as a number costs more than all the rest of a row
_RAW = {name: ExpressionWrapper(F(name), output_field=CharField()) for name in PHONES}
_COLUMNS = [_RAW.get(name, name) for name in FIELDS]


class Company(NamedTuple):
    """Where a contact is, as far as it decides anything."""

    pk: int | None
    name_key: str | None
    domain: str | None
    country: str | None
    owner_id: int | None
    sdr_id: int | None


_COMPANY = ["account_id", *(f"account__{name}" for name in Company._fields[1:])]
Known = tuple[Any, ...]  # a contact of ours: its number, FIELDS, the fields of Company
AT = {name: place for place, name in enumerate(FIELDS, 1)}


def company_of(contact: Known) -> Company:
    return Company(*contact[1 + len(FIELDS) :])


def names_of(contact: Known) -> Iterable[str]:
    """What somebody can be known by, should they have asked to be forgotten."""
    yield contact[AT["email"]]
    for name in FOREIGN_IDS:
        if key := contact[AT[name]]:
            yield name_by_id(name, key)


class NamedPeople:
    """The contacts that rows name by a key: an e-mail or an id."""

    def __init__(self, plain: list[tuple[int, Given]], columns: Columns) -> None:
        self.known: dict[int, Known] = {}
        self._by_key: dict[tuple[str, Any], int] = {}
        self._keys = ["email", *columns.keys] if "email" in columns.place else columns.keys
        self._place = columns.place
        self._ids = columns.ids
        for kind in self._keys:
            self._load(kind, {given[self._place[kind]] for _, given in plain})

    def by(self, given: Given) -> set[int]:
        """Whom the row names; more than one leaves a doubt."""
        found = {self._by_key.get((kind, given[self._place[kind]])) for kind in self._keys}
        return {pk for pk in found if pk is not None}

    def _load(self, kind: str, keys: set[Any]) -> None:
        wanted = {key for key in keys if key != "" and (kind, key) not in self._by_key}
        if not wanted:
            return
        rows = Contact.objects.order_by()
        found = rows.filter(pk__in=wanted) if kind == "id" else rows.with_any(kind, wanted)
        for row in found.values_list("pk", *_COLUMNS, *_COMPANY):
            pk = row[0]
            self.known[pk] = row
            self._by_key["id", pk] = pk
            for name in ("email", *self._ids):
                if key := row[AT[name]]:
                    self._by_key[name, key] = pk


def phones_taken(phones: set[str]) -> set[str]:
    """Those of the numbers that some contact has."""
    taken: set[str] = set()
    if phones:
        rows = Contact.objects.order_by()
        for name in PHONES:
            # Without the empty ones, so that the index of those that have a number serves
            having = rows.exclude(**{name: ""}).annotate(number=_RAW[name])
            found = having.filter(number__in=phones)
            taken.update(found.values_list("number", flat=True))
    return taken


def namesakes(accounts: set[int]) -> set[tuple[int, str, str]]:
    """(account, first name, last name) of the contacts there who have no e-mail.

    One of them may be meant by a row that brings one.
    """
    rows = Contact.objects.filter(account__in=accounts, email="").order_by()
    return {
        (pk, first.casefold(), last.casefold())
        for pk, first, last in rows.values_list("account_id", "first_name", "last_name")
        if first and last
    }
