"""Keeps people who asked to be forgotten from coming back; erasing them is privacy’s business.

They are known by their addresses and by what other systems call them, each as a keyed digest.
Every door that takes in a contact asks `is_erased`, or for a batch `erased_among`.
"""

import hmac
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings

from accounts.models.erased import ErasedAddress

if TYPE_CHECKING:
    from accounts.models.contact import Contact

SENTENCE = "This person asked us to erase their data, so their address cannot come back."
BATCH = 500


def digest_of(email: str) -> str:
    """The keyed digest under which an address is remembered; the same however it is written."""
    key = settings.PRIVACY_KEY.encode()
    return hmac.new(key, b"erased address " + _plain(email).encode(), "sha256").hexdigest()


def names_of(contact: "Contact") -> list[str]:
    """What a contact can be known by: the address, and its ids in other systems."""
    ids = [
        (name, getattr(contact, name)) for name in ("external_id", "hubspot_id", "salesforce_id")
    ]
    return [contact.email, *(name_by_id(name, value) for name, value in ids if value)]


def name_by_id(field: str, key: str) -> str:
    """What somebody is known by through an id in another system."""
    return f"{field} {key}"


def record_name(source_id: int, key: str) -> str:
    """What a data source calls somebody."""
    return f"source {source_id} {key}" if key else ""


def is_erased(*names: str) -> bool:
    """Whether somebody known by one of these addresses or ids asked to be forgotten."""
    digests = [digest_of(name) for name in names if name]
    return bool(digests) and ErasedAddress.objects.filter(digest__in=digests).exists()


def erased_among(emails: Iterable[str]) -> set[str]:
    """Those of `emails`, as written, that must not come in; a query for every 500."""
    by_digest: dict[str, set[str]] = {}
    if not ErasedAddress.objects.exists():
        return set()
    for email in emails:
        if email:
            by_digest.setdefault(digest_of(email), set()).add(email)
    digests = list(by_digest)
    found: set[str] = set()
    for start in range(0, len(digests), BATCH):
        part = digests[start : start + BATCH]
        for digest in ErasedAddress.objects.filter(digest__in=part).values_list(
            "digest", flat=True
        ):
            found |= by_digest[digest]
    return found


def remember(names: Iterable[str], *, at: datetime) -> None:
    """Keep whoever is known by these addresses and ids out from now on."""
    for name in names:
        if name:
            ErasedAddress.objects.get_or_create(digest=digest_of(name), defaults={"erased_at": at})


def _plain(email: str) -> str:
    return email.strip().casefold()
