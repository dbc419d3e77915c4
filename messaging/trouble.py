"""What happens when a way out is shut: a channel is switched off, people are told another way."""

import uuid
from datetime import datetime, timedelta
from email.utils import getaddresses

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from messaging import texts, webhooks
from messaging.channels import default_channel
from messaging.models import Channel, Endpoint, Message
from messaging.posting import about_url, mail, post
from team.models import User

WAITING = (Message.State.PENDING, Message.State.RETRY)


def cancel_if_gone(message: Message) -> bool:
    """Cancel a message to one of our people who has left meanwhile; whether it was one."""
    person = message.person
    if message.audience != Message.Audience.INTERNAL or person is None or person.is_active:
        return False
    Message.objects.filter(pk=message.pk, state__in=WAITING).update(
        state=Message.State.CANCELLED,
        next_try_at=None,
        error=f"{person} no longer works here.",
    )
    return True


def switch_off(channel: Channel, reason: str, now: datetime) -> None:
    """Stop using a channel whose webhook is dead, and tell every admin once, by e-mail."""
    with transaction.atomic():
        changed = Channel.objects.filter(pk=channel.pk, is_enabled=True).update(
            is_enabled=False, off_reason=reason[:300], off_at=now
        )
        if not changed:
            return
        link = settings.BASE_URL + reverse("admin:messaging_channel_change", args=[channel.pk])
        fields = {"channel": channel.name, "reason": reason, "link": link}
        for admin in User.objects.admins():
            key = f"channel-off:{channel.pk}:{now.isoformat()}"
            mail(admin, event_key=key, text="channel_off", fields=fields, now=now)


def switch_endpoint_off(name: str, reason: str, now: datetime) -> None:
    """Stop posting to another system that says it is gone, and tell every admin once."""
    with transaction.atomic():
        endpoint = Endpoint.objects.filter(name=name, is_enabled=True).first()
        if endpoint is None or not webhooks.switch_off(endpoint, reason, now):
            return
        link = settings.BASE_URL + reverse("admin:messaging_endpoint_change", args=[endpoint.pk])
        fields = {"recipient": endpoint.name, "reason": reason, "link": link}
        for admin in User.objects.admins():
            key = f"endpoint-off:{endpoint.pk}:{now.isoformat()}"
            mail(admin, event_key=key, text="webhook_off", fields=fields, now=now)


def fall_back(
    messages: list[Message], reason: str, now: datetime, token: uuid.UUID | None = None
) -> int:
    """Give up messages to a channel that is shut; how many reach nobody.

    Whoever was to be mentioned gets an e-mail instead. `token` is that of the lease, where the
    messages are already claimed.
    """
    lost = 0
    held = Q(state=Message.State.SENDING, lease_token=token) if token else Q(state__in=WAITING)
    for message in messages:
        person = message.person
        reachable = person is not None and person.is_active
        state = Message.State.CANCELLED if reachable else Message.State.DEAD
        told = " Sent by e-mail instead." if reachable else ""
        with transaction.atomic():
            changed = Message.objects.filter(held, pk=message.pk).update(
                state=state,
                next_try_at=None,
                lease_until=None,
                lease_token=None,
                error=f"The Slack channel is off. {reason[:400]}{told}",
            )
            if changed and reachable:
                mail_instead(message, now)
            elif changed:
                lost += 1
    return lost


def mail_instead(message: Message, now: datetime) -> None:
    """Send a Slack message by e-mail too, unless its cause already was; nobody, no mail."""
    if message.medium != Message.Medium.SLACK or message.person is None:
        return
    post(
        event_key=message.event_key,
        medium=Message.Medium.EMAIL,
        recipient=message.person.email,
        person=message.person,
        kind=message.kind,
        subject=message.subject,
        body=message.body,
        about=message.about,
        expires_at=message.expires_at,
        now=now,
    )


def tell_about_mail_server(reason: str, now: datetime) -> None:
    """Say in the usual Slack channel, once a day, that the mail server refuses us."""
    channel = default_channel()
    if channel is None:
        return
    link = settings.BASE_URL + reverse("admin:messaging_message_changelist")
    subject, body = texts.render("mail_trouble", {"reason": reason, "link": link})
    post(
        event_key=f"mail-trouble:{now:%Y-%m-%d}",
        medium=Message.Medium.SLACK,
        recipient=channel.name,
        kind="mail_trouble",
        subject=subject,
        body=body,
        expires_at=now + timedelta(days=1),
        now=now,
    )


def tell_about_prospect_mail(message: Message, text: str, reason: str, now: datetime) -> None:
    """Tell our people on a prospect's mail that it did not arrive, or that nobody knows."""
    fields = {
        "recipient": message.recipient,
        "title": message.subject,
        "reason": reason,
        "link": about_url(message.about) or settings.BASE_URL,
    }
    key = f"{_key(text, message)}{now:%Y%m%d%H%M%S}"
    for person in _our_people_on(message):
        mail(person, event_key=key, text=text, fields=fields, about=message.about, now=now)


def told_of(message: Message) -> set[int]:
    """Who was told that a prospect's mail did not arrive."""
    told = Message.objects.filter(event_key__startswith=_key("mail_undelivered", message))
    return set(told.exclude(person=None).values_list("person", flat=True))


def _key(text: str, message: Message) -> str:
    return f"{text}:{message.pk}:"


def _our_people_on(message: Message) -> list[User]:
    """Who answers for it, and those of ours whom its headers name; all admins where nobody."""
    shown = [message.headers.get(name, "") for name in ("From", "Reply-To", "To", "Cc")]
    ours = Q(pk=message.person_id or 0)
    for _, address in getaddresses(shown):
        if address:
            ours |= Q(email__iexact=address)
    found = list(User.objects.active().filter(ours).order_by("pk"))
    return found or list(User.objects.admins())
