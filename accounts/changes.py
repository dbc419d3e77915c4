"""Writes down what changed about a contact; who is told of it is decided elsewhere."""

from collections.abc import Iterable
from datetime import datetime

from accounts.models import Contact, ContactChange, Method, Verification, VerifiedField
from team.models import User

# Fields of a contact that are watched, and what their history calls them.
WATCHED = {
    "email": VerifiedField.EMAIL,
    "phone": VerifiedField.DIAL,
    "title": VerifiedField.TITLE,
    "account": VerifiedField.EMPLOYER,
}

LEFT_ON = "left_on"


def history(
    contact: Contact,
    changes: Iterable[tuple[str, str, str]],
    *,
    source: str,
    by: User | None,
    at: datetime,
) -> list[ContactChange]:
    """Unsaved rows for those of the changes (field, old, new) that are watched.

    A date on which they left is the news that they did.
    """
    return [
        ContactChange(
            kind=kind,
            contact=contact,
            field=WATCHED[field],
            old=old[:254],
            new=new[:254],
            source=source[:80],
            changed_by=by,
            changed_at=at,
        )
        for kind, field, old, new in (_read(contact, change) for change in changes)
        if field in WATCHED
    ]


def _read(
    contact: Contact, change: tuple[str, str, str]
) -> tuple[ContactChange.Kind, str, str, str]:
    """A change as its history tells it."""
    field, old, new = change
    if field != LEFT_ON:
        return ContactChange.Kind.CHANGED, field, old, new
    company = contact.account.name if contact.account else ""
    if new:
        return ContactChange.Kind.LEFT, "account", company, ""
    return ContactChange.Kind.BACK, "account", "", company


def found_wrong(check: Verification, *, at: datetime) -> ContactChange | None:
    """The line in the history for a check that found the present value wrong; None for others."""
    is_wrong = check.result == Verification.Result.INVALID or check.method == Method.BOUNCE
    if not is_wrong or check.value != check.contact.verified_value(check.field):
        return None
    # Asked anew: the contact may have been read before the check was made.
    of_the_value = Verification.objects.filter(
        contact=check.contact_id, field=check.field, value=check.value
    )
    if of_the_value.order_by("-verified_at", "-pk").first() != check:
        return None
    return ContactChange.objects.create(
        kind=ContactChange.Kind.WRONG,
        contact=check.contact,
        field=check.field,
        old=check.value,
        source=(check.source or str(check.verified_by or ""))[:80],
        changed_by=check.verified_by,
        changed_at=min(check.verified_at, at),
    )
