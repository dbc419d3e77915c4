"""Short ways to put a message in and to look at what became of it."""

from datetime import timedelta
from typing import Any

from messaging import outbox
from messaging.models import Message
from tests.conftest import MONDAY_AT_TEN as NOW

__all__ = ["NOW", "deliver", "mail", "slack_message", "state_of"]


def mail(key: str = "event:1", to: str = "ana@desk.example", **fields: Any) -> Message:
    """An e-mail in the outbox."""
    values = {"subject": "Acme Robotics is yours", "body": "Read it, then accept it."} | fields
    return outbox.post(event_key=key, medium=Message.Medium.EMAIL, recipient=to, now=NOW, **values)


def slack_message(key: str = "event:1", to: str = "#handoffs", **fields: Any) -> Message:
    """A Slack message in the outbox."""
    values = {"subject": "Acme Robotics is waiting", "body": "Priya Nair asked."} | fields
    return outbox.post(event_key=key, medium=Message.Medium.SLACK, recipient=to, now=NOW, **values)


def deliver(after: timedelta = timedelta(0)) -> dict[str, int]:
    """One pass, so long after Monday at ten."""
    return outbox.deliver_due(now=NOW + after)


def state_of(message: Message) -> str:
    message.refresh_from_db()
    return str(message.state)
