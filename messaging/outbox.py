"""The post office as other floors see it: put a message in, deliver, and settle what failed.

The work is done in posting (in), delivery (out) and trouble (when a way out is shut).
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from messaging import trouble
from messaging.delivery import deliver_due, release_stuck
from messaging.models import Message
from messaging.posting import Sack, about_url, mail, mailbox, post, tell
from team.models import User

__all__ = [
    "ResendRefused",
    "Sack",
    "about_url",
    "confirm_arrived",
    "deliver_due",
    "hold_prospect_mail",
    "mail",
    "mailbox",
    "post",
    "release_stuck",
    "resend",
    "tell",
]

FAILED = (
    Message.State.DEAD,
    Message.State.UNKNOWN,
    Message.State.EXPIRED,
    Message.State.CANCELLED,
)


class ResendRefused(Exception):
    """The message cannot be sent again, or settled, now. The text says why."""


def resend(message: Message, *, by: User, now: datetime | None = None) -> None:
    """Put a failed message back into the outbox, with all its tries anew.

    For one whose fate is unknown this is the decision that it did not arrive.
    """
    now = now or timezone.now()
    if message.body == Message.REMOVED:
        raise ResendRefused("Its text was removed for its age, so it cannot be sent again.")
    changed = Message.objects.filter(pk=message.pk, state__in=FAILED).update(
        state=Message.State.PENDING,
        attempts=0,
        next_try_at=now,
        expires_at=None,
        lease_until=None,
        lease_token=None,
        error=f"Sent again by {by}."[:500],
    )
    if not changed:
        raise ResendRefused("This message has not failed: it was sent or is on its way.")


def confirm_arrived(message: Message, *, by: User, now: datetime | None = None) -> None:
    """Settle a message whose fate was unknown: somebody found out that it arrived."""
    changed = Message.objects.filter(pk=message.pk, state=Message.State.UNKNOWN).update(
        state=Message.State.SENT,
        sent_at=now or timezone.now(),
        lease_token=None,
        error=f"{by} found out that it arrived."[:500],
    )
    if not changed:
        raise ResendRefused("Nobody is waiting to hear whether this message arrived.")


def hold_prospect_mail(why: str, *, now: datetime) -> int:
    """Have a person decide about each message to a prospect that is on its way; how many."""
    on_their_way = Message.objects.filter(
        audience=Message.Audience.PROSPECT,
        state__in=[Message.State.PENDING, Message.State.RETRY, Message.State.SENDING],
    )
    held = 0
    for message in on_their_way.order_by("pk"):
        with transaction.atomic():
            held += Message.objects.filter(pk=message.pk, state=message.state).update(
                state=Message.State.UNKNOWN, lease_until=None, next_try_at=None, error=why
            )
            trouble.tell_about_prospect_mail(message, "mail_unknown", why, now)
    return held
