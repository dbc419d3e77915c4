"""A prospect’s mail server says that nobody has the address: the contact knows, and all hear."""

from datetime import datetime

from django.db import transaction

from accounts.changes import found_wrong
from accounts.models import Contact, Method, Verification, VerifiedField
from handoffs import news
from messaging import trouble
from messaging.models import Message

BATCH = 200
SOURCE = "Mail server"


def note_due(now: datetime) -> int:
    """Write every new bounce into its contact’s history, and tell those who work with them.

    Whoever was told already that the mail did not arrive is not told again. How many were noted.
    """
    new = Message.objects.filter(bounced_at__isnull=False, bounce_noted_at=None).order_by("pk")
    return sum(_note(message, now) for message in new[:BATCH])


@transaction.atomic
def _note(message: Message, now: datetime) -> bool:
    mine = Message.objects.filter(pk=message.pk, bounce_noted_at=None)
    if not mine.update(bounce_noted_at=now):
        return False  # another worker has it
    contact = Contact.objects.with_any("email", [message.recipient.strip().lower()]).first()
    if contact is None or message.bounced_at is None:
        return False
    check = Verification.objects.create(
        contact=contact,
        field=VerifiedField.EMAIL,
        value=contact.email,
        method=Method.BOUNCE,
        result=Verification.Result.INVALID,
        source=SOURCE,
        verified_at=message.bounced_at,
    )
    change = found_wrong(check, at=now)
    if change is not None:
        news.tell_at_once(change, now, but=trouble.told_of(message))
    return True
