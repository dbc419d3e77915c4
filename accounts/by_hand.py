"""What one of ours learns about a contact: somebody new, a corrected field, a check.

Written to the contact itself, so that the next handoff knows it too. `source` says where in the
product it was typed, as the history shows it.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from accounts import origins
from accounts.changes import WATCHED, found_wrong
from accounts.models import Contact, ContactChange, Method, Verification, VerifiedField
from team.models import User

TYPED = ("first_name", "last_name", "title", "email", "phone")


def add_contact(contact: Contact, *, by: User, source: str) -> Contact:
    """Store somebody new. The caller has cleaned the values.

    IntegrityError: another contact has this e-mail.
    """
    contact.source = contact.source or source
    contact.save(force_insert=True)
    origins.note(contact, TYPED, by=by, at=contact.created_at)
    return contact


def correct_contact(
    contact: Contact, fields: Iterable[str], *, by: User, at: datetime, source: str
) -> list[str]:
    """Save what changed in `fields` of a cleaned contact, with a line each in its history.

    Returns the names of the fields that changed. IntegrityError: another contact has this e-mail.
    """
    with transaction.atomic():
        stored = Contact.objects.select_for_update().get(pk=contact.pk)
        changed = [
            name
            for name in fields
            if (getattr(stored, name) or "") != (getattr(contact, name) or "")
        ]
        if not changed:
            return []
        contact.save(update_fields=[*changed, "updated_at"])
        ContactChange.objects.bulk_create(
            ContactChange(
                contact=contact,
                field=WATCHED.get(name, name),
                old=str(getattr(stored, name) or ""),
                new=str(getattr(contact, name) or ""),
                source=source,
                changed_by=by,
                changed_at=at,
            )
            for name in changed
        )
        origins.note(contact, changed, by=by, at=at)
    return changed


def verify(
    contact: Contact,
    fields: Iterable[VerifiedField],
    *,
    method: Method,
    by: User,
    at: datetime,
    source: str,
) -> list[Verification]:
    """Record that these fields were checked just now; a bounce says that they are wrong."""
    result = Verification.Result.INVALID if method == Method.BOUNCE else Verification.Result.VALID
    rows = [
        Verification(
            contact=contact,
            field=field,
            value=contact.verified_value(field),
            method=method,
            source=source,
            result=result,
            verified_at=at,
            verified_by=by,
        )
        for field in fields
        if contact.verified_value(field)
    ]
    made = Verification.objects.bulk_create(rows)
    for row in made:
        found_wrong(row, at=at)
    return made
