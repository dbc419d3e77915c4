"""The account or contact we already have, and why it is taken for the same one.

An account is found by an id of another system, then by its domain, then by its name without the
legal form. A contact is found by an id, then by e-mail, then by phone and last name, then by name
at the same company. A mail provider's domain never says anything about a company.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Generic, NamedTuple, TypeVar

from accounts.domains import company_domain
from accounts.models import Account, Contact
from accounts.names import name_key
from team.bounds import LARGEST_ID

T = TypeVar("T", Account, Contact)

BY_ID = {
    "id": "same number here",
    "external_id": "same external id",
    "hubspot_id": "same HubSpot record",
    "salesforce_id": "same Salesforce record",
}
BY_DOMAIN = "same domain"
BY_MAIL_DOMAIN = "e-mail at the company’s domain"
BY_NAME = "same company name"
BY_EMAIL = "same e-mail"
BY_PHONE = "same phone and last name"
BY_PERSON = "same name at the same company"
_EXTERNAL = ("external_id", "hubspot_id", "salesforce_id")
_NOT_A_DIGIT = re.compile(r"\D")


class Match(NamedTuple, Generic[T]):
    """A record that we have, and in words why it is taken for the same one."""

    found: T
    reason: str


class AccountKeys(NamedTuple):
    """What is known of a company. `email` is somebody’s there."""

    id: str = ""
    external_id: str = ""
    hubspot_id: str = ""
    salesforce_id: str = ""
    domain: str = ""
    name: str = ""
    email: str = ""


class ContactKeys(NamedTuple):
    """What is known of a person. `phones` with their country code; `account_id` where known."""

    id: str = ""
    external_id: str = ""
    hubspot_id: str = ""
    salesforce_id: str = ""
    email: str = ""
    phones: tuple[str, ...] = ()
    first_name: str = ""
    last_name: str = ""
    account_id: int | None = None


def find_accounts(**known: str) -> list[Match[Account]]:
    """The accounts that fit what is known (the fields of AccountKeys), surest first."""
    book, keys = AccountBook(), AccountKeys(**known)
    book.load([keys])
    return book.find(keys)


def find_contacts(**known: object) -> list[Match[Contact]]:
    """The contacts that fit what is known (the fields of ContactKeys), surest first."""
    book, keys = ContactBook(), ContactKeys(**known)  # type: ignore[arg-type]
    book.load([keys])
    return book.find(keys)


def equally_sure(found: Sequence[Match[T]]) -> list[Match[T]]:
    """Those of `found`, surest first, that fit for the same reason as the first of them.

    More than one: nothing tells them apart, and nobody should guess.
    """
    return [match for match in found if match.reason == found[0].reason]


def once(found: Iterable[Match[T]]) -> list[Match[T]]:
    """Each record with its surest reason."""
    unique: dict[int, Match[T]] = {}
    for match in found:
        unique.setdefault(match.found.pk or id(match.found), match)
    return list(unique.values())


def told_apart(keys: AccountKeys, other: Account | AccountKeys) -> bool:
    """Whether domains or ids say that these are two companies, whatever their names."""
    return any(
        getattr(keys, kind) and getattr(other, kind) and getattr(keys, kind) != getattr(other, kind)
        for kind in ("domain", *_EXTERNAL)
    )


class _Book(Generic[T]):
    """Records by their keys, loaded for a batch with one query per kind of key."""

    def __init__(self) -> None:
        self._loaded: dict[tuple[str, str], list[T]] = {}
        self._added: dict[tuple[str, str], list[T]] = {}

    def add(self, record: T) -> None:
        """Keeps a record that is not in the database yet, over all batches."""
        self._index(self._added, record)

    def at(self, kind: str, key: str) -> list[T]:
        """The records with this key, each once."""
        if not key:
            return []
        found = chain(self._loaded.get((kind, key), ()), self._added.get((kind, key), ()))
        return list({record.pk or id(record): record for record in found}.values())

    def _take(self, records: Iterable[T]) -> None:
        for record in records:
            self._index(self._loaded, record)

    def _index(self, index: dict[tuple[str, str], list[T]], record: T) -> None:
        for pair in self._pairs(record):
            if pair[1]:
                index.setdefault(pair, []).append(record)

    def _pairs(self, record: T) -> list[tuple[str, str]]:
        return [
            ("id", str(record.pk or "")),
            *((kind, getattr(record, kind)) for kind in _EXTERNAL),
        ]


class AccountBook(_Book[Account]):
    """Accounts by id, domain and name."""

    def load(self, batch: Iterable[AccountKeys]) -> None:
        """Asks the database for every account that one of these keys may find."""
        batch = list(batch)
        self._loaded = {}
        rows = Account.objects.select_related("parent")
        if ids := _ids(batch):
            self._take(rows.filter(pk__in=ids))
        for kind in _EXTERNAL:
            if wanted := {getattr(keys, kind) for keys in batch} - {""}:
                self._take(rows.with_any(kind, wanted))
        domains = {keys.domain for keys in batch} | {company_domain(k.email) for k in batch}
        if domains := domains - {""}:
            self._take(rows.with_any("domain", domains))
        if names := {name_key(keys.name) for keys in batch} - {""}:
            self._take(rows.filter(name_key__in=names))

    def find(self, keys: AccountKeys) -> list[Match[Account]]:
        """What fits, surest first; two of one reason mean that nothing tells them apart."""
        found = [
            Match(account, reason)
            for kind, reason in BY_ID.items()
            for account in self.at(kind, getattr(keys, kind))
        ]
        found += [Match(account, BY_DOMAIN) for account in self.at("domain", keys.domain)]
        found += [
            Match(account, BY_NAME)
            for account in self.at("name", name_key(keys.name))
            if not told_apart(keys, account)
        ]
        if keys.email:
            mail = company_domain(keys.email)
            found += [Match(account, BY_MAIL_DOMAIN) for account in self.at("domain", mail)]
        return once(found)

    def _pairs(self, record: Account) -> list[tuple[str, str]]:
        return [
            *super()._pairs(record),
            ("domain", record.domain),
            ("name", record.name_key or name_key(record.name)),
        ]


class ContactBook(_Book[Contact]):
    """Contacts by id, e-mail, phone and name."""

    def load(self, batch: Iterable[ContactKeys]) -> None:
        """Asks the database for every contact that one of these keys may find.

        Phones and names are asked only for people whom ids and e-mail do not find.
        """
        batch = list(batch)
        self._loaded = {}
        rows = Contact.objects.select_related("account")
        if ids := _ids(batch):
            self._take(rows.filter(pk__in=ids))
        for kind in (*_EXTERNAL, "email"):
            if wanted := {getattr(keys, kind) for keys in batch} - {""}:
                self._take(rows.with_any(kind, wanted))
        rest = [keys for keys in batch if keys.last_name and not self.find(keys)]
        if phones := {phone for keys in rest for phone in keys.phones}:
            self._take(rows.with_any("phone", phones))
            self._take(rows.with_any("mobile", phones))
        if named := [keys for keys in rest if keys.account_id]:
            self._take(
                rows.filter(
                    account__in={keys.account_id for keys in named},
                    last_name__in={keys.last_name for keys in named},
                )
            )

    def find(self, keys: ContactKeys) -> list[Match[Contact]]:
        """What fits, surest first; two of one reason mean that nothing tells them apart."""
        found = [
            Match(contact, reason)
            for kind, reason in BY_ID.items()
            for contact in self.at(kind, getattr(keys, kind))
        ]
        found += [Match(contact, BY_EMAIL) for contact in self.at("email", keys.email)]
        if not found and keys.last_name:
            last = keys.last_name.casefold()
            found += [
                Match(contact, BY_PHONE)
                for phone in keys.phones
                for contact in self.at("phone", _digits(phone))
                if contact.last_name.casefold() == last
            ]
            found += [
                Match(contact, BY_PERSON)
                for contact in self.at("person", _person(keys.account_id, keys))
                if not (keys.email and contact.email)
            ]
        return once(found)

    def _pairs(self, record: Contact) -> list[tuple[str, str]]:
        return [
            *super()._pairs(record),
            ("email", record.email),
            ("phone", _digits(record.phone)),
            ("phone", _digits(record.mobile)),
            ("person", _person(record.account_id, record)),
        ]


def _ids(batch: Iterable[AccountKeys | ContactKeys]) -> set[str]:
    """Our own numbers among what is known, as far as a database can have them."""
    ids = {keys.id for keys in batch}
    return {key for key in ids if key.isdecimal() and 0 < int(key) <= LARGEST_ID}


def _digits(phone: object) -> str:
    """A number in one spelling, however it is written: its digits, country code first."""
    return _NOT_A_DIGIT.sub("", str(phone or ""))


def _person(account_id: int | None, person: ContactKeys | Contact) -> str:
    if not (account_id and person.first_name and person.last_name):
        return ""
    return f"{account_id}/{person.first_name.casefold()}/{person.last_name.casefold()}"
