"""Keeps people who asked to be forgotten from coming back; erasing them is privacy’s business.

Every door that takes in a contact asks `is_erased` (one address) or `erased_among` (a batch).
"""

import hmac
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings

from accounts.models.erased import ErasedAddress

SENTENCE = "This person asked us to erase their data, so their address cannot come back."
BATCH = 500


def digest_of(email: str) -> str:
    """The keyed digest under which an address is remembered; the same however it is written."""
    key = settings.PRIVACY_KEY.encode()
    return hmac.new(key, b"erased address " + _plain(email).encode(), "sha256").hexdigest()


def is_erased(email: str) -> bool:
    """Whether whoever has this address asked to be forgotten."""
    return bool(email) and ErasedAddress.objects.filter(digest=digest_of(email)).exists()


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


def remember(emails: Iterable[str], *, at: datetime) -> None:
    """Keep these addresses out from now on."""
    for email in emails:
        if email:
            ErasedAddress.objects.get_or_create(digest=digest_of(email), defaults={"erased_at": at})


def _plain(email: str) -> str:
    return email.strip().casefold()
