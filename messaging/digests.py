"""When too much waits for one reader: which messages may become one, and how that one reads."""

from django.conf import settings
from django.db.models import QuerySet

from messaging.channels import channel_name
from messaging.models import Message
from messaging.posting import about_url
from messaging.transports.slack import escape, words

# Up to so many leave one by one; a channel takes one a second, a reader fewer.
MOST_SINGLE = 20
# Slack cuts a text at 40,000 characters (docs.slack.dev, "Truncating really long messages").
MOST_LISTED = 100


def eligible(messages: QuerySet[Message]) -> QuerySet[Message]:
    """Those of `messages` that lose nothing in a list: notices to our own people."""
    notices = messages.exclude(medium=Message.Medium.WEBHOOK)
    return notices.filter(audience=Message.Audience.INTERNAL, calendar="", headers={})


def combine(messages: list[Message]) -> Message:
    """One message, not saved, that lists `messages`, oldest first."""
    first = messages[0]
    is_slack = first.medium == Message.Medium.SLACK
    count = len(messages)
    title = f"{count} messages from Handoff Desk"
    if is_slack:
        entries = [words(message) for message in messages[:MOST_LISTED]]
        for_slack = [escape(title), *entries]
    else:
        entries = [_entry(message) for message in messages[:MOST_LISTED]]
        for_slack = []
    if count > MOST_LISTED:
        more = f"And {count - MOST_LISTED} more: {settings.BASE_URL}/"
        entries.append(more)
        for_slack.append(more)
    lead = "So much came at once that it is listed here instead of sent one by one."
    return Message(
        medium=first.medium,
        recipient=channel_name(first.recipient) if is_slack else first.recipient,
        audience=first.audience,
        subject=title,
        body="\n".join(for_slack) if is_slack else "\n\n".join([lead, *entries]) + "\n",
        message_id=f"<digest-{first.message_id[1:]}",
    )


def _entry(message: Message) -> str:
    return "\n".join(part for part in (message.subject, about_url(message.about)) if part)
