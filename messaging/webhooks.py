"""Tells other systems: one signed message to each endpoint that wants it, through the outbox."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from messaging.models import Endpoint, Message
from messaging.posting import post
from messaging.transports.webhook import body_of

# Which switch of an endpoint stands for which kind of event.
SWITCHES = {
    "opportunity.created": "on_opportunity",
    "opportunity.updated": "on_opportunity",
    "handoff.disqualified": "on_disqualified",
}


def wanted(kind: str) -> bool:
    """Whether any endpoint wants events of this kind."""
    return Endpoint.objects.filter(is_enabled=True, **{SWITCHES[kind]: True}).exists()


def publish(
    kind: str,
    data: Mapping[str, object],
    *,
    event_key: str,
    subject: str,
    about: str,
    at: datetime,
    now: datetime,
) -> list[Message]:
    """Put the event into the outbox for each endpoint that wants it, once per `event_key`.

    Call it in the transaction of the cause.
    """
    body = body_of(kind, at, data)
    return [
        post(
            event_key=event_key,
            medium=Message.Medium.WEBHOOK,
            recipient=endpoint.name,
            kind=kind,
            subject=subject,
            body=body,
            about=about,
            now=now,
        )
        for endpoint in Endpoint.objects.filter(is_enabled=True, **{SWITCHES[kind]: True})
    ]


def switch_off(endpoint: Endpoint, reason: str, now: datetime) -> bool:
    """Stop posting to an endpoint that says it is gone; whether it was on."""
    with transaction.atomic():
        return bool(
            Endpoint.objects.filter(pk=endpoint.pk, is_enabled=True).update(
                is_enabled=False, off_reason=reason[:300], off_at=now
            )
        )
