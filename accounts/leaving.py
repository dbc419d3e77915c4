"""Somebody has left their company: the record is marked and the history says so."""

from accounts import origins
from accounts.models import Contact, ContactChange, VerifiedField
from accounts.origins import Said
from team.models import User


def mark_left(
    contact: Contact, company: str, said: Said, *, by: User | None = None
) -> ContactChange | None:
    """Mark that they left as of `said`, for `company` where known; None where that is no news."""
    before = contact.origins.filter(field="employer").first()
    is_news = contact.left_on is None or (before is not None and before.value != company)
    origins.stamp(contact, "employer", company, said, by=by)
    contact.left_on = said.at.date()
    contact.save(update_fields=["left_on", "updated_at"])
    if not is_news:
        return None
    return ContactChange.objects.create(
        kind=ContactChange.Kind.LEFT,
        contact=contact,
        field=VerifiedField.EMPLOYER,
        old=contact.account.name if contact.account else "",
        new=company,
        source=said.source[:80],
        changed_by=by,
        changed_at=said.at,
    )


def mark_back(
    contact: Contact, said: Said, *, was_at: str = "", by: User | None = None
) -> ContactChange:
    """They work where we had them, after all."""
    name = contact.account.name if contact.account else ""
    contact.left_on = None
    contact.save(update_fields=["left_on", "updated_at"])
    return ContactChange.objects.create(
        kind=ContactChange.Kind.BACK,
        contact=contact,
        field=VerifiedField.EMPLOYER,
        old=was_at,
        new=name,
        source=said.source[:80],
        changed_by=by,
        changed_at=said.at,
    )
