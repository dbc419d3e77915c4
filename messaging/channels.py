"""Slack channels: which addresses a webhook may have, which channel is the usual one."""

from datetime import datetime, timedelta
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Q

from messaging.models import Channel

# Slack's own hosts; api.slack.com, "Sending messages using incoming webhooks".
SLACK_HOSTS = frozenset({"hooks.slack.com", "hooks.slack-gov.com"})
# api.slack.com, "Rate limits": one message per second per channel.
ONE_A_SECOND = timedelta(seconds=1)
LONGEST_HOLD = timedelta(minutes=15)  # whatever Slack asks for

# Between a channel and the person a message mentions there, in Message.recipient.
MENTION = " @"


def default_channel() -> Channel | None:
    """The channel that people are told in: the first that is on."""
    return Channel.objects.filter(is_enabled=True).order_by("pk").first()


def channel_name(recipient: str) -> str:
    """The channel that `Message.recipient` names, without whom it mentions there."""
    return recipient.partition(MENTION)[0]


def check_webhook(url: str) -> None:
    """Raise ValidationError unless messages may be posted to `url`.

    Allowed are Slack's hosts over https, and the host that SLACK_WEBHOOK_URL names: somebody who
    may edit a channel must not be able to make the server talk to any other machine.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError as error:
        raise ValidationError("This is not a web address.") from error
    if any(character.isspace() or not character.isprintable() for character in url.strip()):
        raise ValidationError("This is not a web address.")
    if parts.username or parts.password:
        raise ValidationError("A webhook has no user name or password in its address.")
    if parts.scheme == "https" and parts.hostname in SLACK_HOSTS and port in (None, 443):
        return
    if settings.SLACK_WEBHOOK_URL and _door(parts) == _door(urlsplit(settings.SLACK_WEBHOOK_URL)):
        return
    raise ValidationError(
        "Enter the incoming webhook that Slack shows, which starts with "
        "https://hooks.slack.com/services/."
    )


def _door(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port


def take_slot(channel: Channel, now: datetime) -> bool:
    """Whether a message may go to the channel now; if so, the next waits for a second.

    One conditional UPDATE, so that of several workers one gets the second.
    """
    # Held for longer than anybody may: the clock was set back since
    free = Q(free_at__isnull=True) | Q(free_at__lte=now) | Q(free_at__gt=now + LONGEST_HOLD * 2)
    return bool(Channel.objects.filter(free, pk=channel.pk).update(free_at=now + ONE_A_SECOND))


def hold(channel: Channel, until: datetime) -> None:
    """Nothing goes to the channel before `until`: Slack asked for it."""
    Channel.objects.filter(pk=channel.pk).update(free_at=until)


def ship() -> None:
    """Make the first channel from SLACK_WEBHOOK_URL, where there is none yet."""
    if settings.SLACK_WEBHOOK_URL and not Channel.objects.exists():
        Channel.objects.get_or_create(
            name="#handoffs", defaults={"webhook_url": settings.SLACK_WEBHOOK_URL}
        )
