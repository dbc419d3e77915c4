"""Writes down what changed about a contact; who is told of it is decided elsewhere."""

from collections.abc import Iterable
from datetime import datetime

from accounts.models import Contact, ContactChange, VerifiedField
from team.models import User

# Fields of a contact that are watched, and what their history calls them.
WATCHED = {
    "email": VerifiedField.EMAIL,
    "phone": VerifiedField.DIAL,
    "title": VerifiedField.TITLE,
    "account": VerifiedField.EMPLOYER,
}


def history(
    contact: Contact,
    changes: Iterable[tuple[str, str, str]],
    *,
    source: str,
    by: User | None,
    at: datetime,
) -> list[ContactChange]:
    """Unsaved rows for those of the changes (field, old, new) that are watched."""
    return [
        ContactChange(
            contact=contact,
            field=WATCHED[field],
            old=old[:254],
            new=new[:254],
            source=source[:80],
            changed_by=by,
            changed_at=at,
        )
        for field, old, new in changes
        if field in WATCHED
    ]
