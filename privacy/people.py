"""Handing out and erasing what we hold about a person: the two verbs behind command and admin.

The trail says that it was done and by whom; whose data it was stands there as a digest only.
"""

import re
from datetime import datetime
from typing import Any

from accounts.erased import digest_of, names_of
from accounts.models import Contact, ErasedAddress
from privacy import erasing, exporting
from privacy.person import Person, find, known_as
from team.audit import note
from team.models import Deed, User


def export(email: str, *, by: User | None, at: datetime) -> dict[str, Any]:
    """Everything about whoever has this address; the trail keeps that it was taken along."""
    found = exporting.everything_about(find(email), at=at)
    note(Deed.EXPORTED, by=by, name=_unnamed(email), words="Everything we hold about them.", at=at)
    return found


def erase(email: str, *, by: User | None, at: datetime, dry_run: bool = False) -> erasing.Result:
    """Erase whoever has this address; safe to repeat. Raises erasing.NotErasable."""
    return _erase(find(email), by=by, at=at, dry_run=dry_run)


def _erase(
    person: Person, *, by: User | None, at: datetime, dry_run: bool = False
) -> erasing.Result:
    result = erasing.erase(person, at=at, dry_run=dry_run)
    if not dry_run:
        rows = sum(result.changed.values())
        name = _unnamed(person.email) if person.email else "person without an address"
        note(Deed.ERASED, by=by, name=name, words=f"{rows} rows changed.", at=at)
    return result


def erase_again(*, at: datetime) -> int:
    """Erase those who came back by a restored backup or a door left open; returns how many."""
    wanted = set(ErasedAddress.objects.values_list("digest", flat=True))
    if not wanted:
        return 0
    known = Contact.objects.only("email", "external_id", "hubspot_id", "salesforce_id")
    back = [
        contact
        for contact in known.iterator()
        if any(name and digest_of(name) in wanted for name in names_of(contact))
    ]
    count, done = 0, set[int]()
    for contact in back:
        if contact.pk in done:  # the same person’s at another company
            continue
        person = known_as(contact)
        _erase(person, by=None, at=at)
        done.update(person.ids)
        count += 1
    return count


def erasures() -> list[str]:
    """`digest instant` for each erased address, oldest first."""
    return [f"{row.digest} {row.erased_at.isoformat()}" for row in ErasedAddress.objects.all()]


def take_erasures(lines: list[str]) -> int:
    """Add the digests that are not known here; returns how many. ValueError on anything else."""
    read = []
    for number, line in enumerate(lines, 1):
        digest, _, instant = line.strip().partition(" ")
        try:
            at = datetime.fromisoformat(instant)
        except ValueError:
            at = None
        if not re.fullmatch(r"[0-9a-f]{64}", digest) or at is None or at.tzinfo is None:
            raise ValueError(f"Line {number} is not a line of “manage.py erasures”.")
        read.append((digest, at))
    added = 0
    for digest, at in read:
        added += ErasedAddress.objects.get_or_create(digest=digest, defaults={"erased_at": at})[1]
    return added


def _unnamed(email: str) -> str:
    return f"person {digest_of(email)[:12]}"
