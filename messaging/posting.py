"""Puts messages into the outbox, in the transaction of their cause; nothing is sent from here."""

import re
import unicodedata
import uuid
from collections.abc import Mapping
from datetime import datetime
from email.utils import formataddr, parseaddr
from functools import cached_property

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from messaging import texts
from messaging.channels import MENTION, default_channel
from messaging.models import Channel, Message
from messaging.preferences import media_for
from team.models import User

HEADERS = frozenset({"From", "To", "Cc", "Reply-To", "Message-ID", "In-Reply-To", "References"})
CALENDAR_METHODS = frozenset({"", "REQUEST", "CANCEL", "PUBLISH", "REPLY"})
SUBJECT_LENGTH = 250
RECIPIENT_LENGTH = 254
KEY_LENGTH = 120
# Unicode's categories Cc, but for tab and line feed, and Cs
UNSTORABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def tell(
    person: User,
    *,
    event_key: str,
    text: str,
    fields: Mapping[str, str],
    escalation: bool = False,
    about: str = "",
    expires_at: datetime | None = None,
    now: datetime | None = None,
) -> list[Message]:
    """Tell `person`, by the media they chose, what text `text` says. Nobody inactive is told."""
    if not person.is_active:
        return []
    subject, body = texts.render(text, fields)
    return [
        post(
            event_key=event_key,
            medium=medium,
            recipient=person.email,
            person=person,
            kind=text,
            subject=subject,
            body=body,
            about=about,
            expires_at=expires_at,
            now=now,
        )
        for medium in media_for(person, escalation)
    ]


def mail(
    person: User,
    *,
    event_key: str,
    text: str,
    fields: Mapping[str, str],
    about: str = "",
    now: datetime | None = None,
) -> Message:
    """E-mail `person` what text `text` says, whatever media they chose."""
    subject, body = texts.render(text, fields)
    return post(
        event_key=event_key,
        medium=Message.Medium.EMAIL,
        recipient=person.email,
        person=person,
        kind=text,
        subject=subject,
        body=body,
        about=about,
        now=now,
    )


def post(
    *,
    event_key: str,
    medium: str,
    recipient: str,
    body: str,
    subject: str = "",
    kind: str = "",
    person: User | None = None,
    audience: str = Message.Audience.INTERNAL,
    about: str = "",
    headers: Mapping[str, str] | None = None,
    calendar: str = "",
    calendar_method: str = "",
    expires_at: datetime | None = None,
    now: datetime | None = None,
) -> Message:
    """Put one message into the outbox, once per `event_key`, medium and recipient.

    Call it in the transaction of the cause: it leaves after the commit, and a rollback takes it
    along. A second call for the same cause returns the row of the first.

    `recipient` is an e-mail address or the name of a Slack channel or of an endpoint; with medium
    Slack and a `person` they are mentioned in the usual channel, whatever `recipient` says. Slack
    shows the subject and the page that `about` leads to, and the body only where there is no
    subject. An endpoint gets the body, which is JSON, as it is.
    `person` of a prospect's mail is who answers for it and hears when it does not arrive.

    An e-mail to several people is one row each with the same `event_key` and the same `headers`
    (To and Cc as everybody sees them): they share one Message-ID, so it is one mail to its
    readers, while each recipient has a fate of their own. `headers` may hold From, To, Cc,
    Reply-To, Message-ID, In-Reply-To and References; a line break in any is a ValueError.

    An address that cannot be mailed makes a row that is given up at once and says why: a move
    is not undone because somebody's address is missing.
    """
    channel = default_channel() if medium == Message.Medium.SLACK and person is not None else None
    message = _written(
        channel,
        event_key=event_key,
        medium=medium,
        recipient=recipient,
        body=body,
        subject=subject,
        kind=kind,
        person=person,
        audience=audience,
        about=about,
        headers=headers,
        calendar=calendar,
        calendar_method=calendar_method,
        expires_at=expires_at,
        now=now or timezone.now(),
    )
    # Ignoring the conflict keeps the caller's transaction alive, which an IntegrityError would
    # end on PostgreSQL; the unique constraint decides between two at once.
    Message.objects.bulk_create([message], ignore_conflicts=True)
    return Message.objects.get(event_key=event_key, medium=medium, recipient=message.recipient)


class Sack:
    """Internal messages of one pass, put into the outbox together.

    As `tell` and `post` one by one, but each text and the usual channel are read once. Nothing
    leaves before its `leave_at`. Call `drop` in the transaction of the causes.
    """

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._wordings: dict[str, tuple[str, str] | None] = {}
        self._messages: list[Message] = []

    @cached_property
    def _channel(self) -> Channel | None:
        return default_channel()

    def tell(
        self,
        person: User,
        *,
        event_key: str,
        text: str,
        fields: Mapping[str, str],
        escalation: bool = False,
        about: str = "",
        leave_at: datetime | None = None,
    ) -> None:
        if not person.is_active:
            return
        asks = escalation or person.by_slack
        channel_is_on = self._channel is not None if asks else None
        for medium in media_for(person, escalation, channel_is_on):
            self._add(medium, person.email, person, event_key, text, fields, about, leave_at)

    def post(
        self,
        channel: str,
        *,
        event_key: str,
        text: str,
        fields: Mapping[str, str],
        about: str = "",
        leave_at: datetime | None = None,
    ) -> None:
        """To the Slack channel of this name."""
        medium = Message.Medium.SLACK
        self._add(medium, channel, None, event_key, text, fields, about, leave_at)

    def drop(self) -> None:
        """Put all of it into the outbox, each once per cause, and empty the sack."""
        if self._messages:
            Message.objects.bulk_create(self._messages, ignore_conflicts=True)
        self._messages = []

    def _add(
        self,
        medium: Message.Medium,
        recipient: str,
        person: User | None,
        event_key: str,
        text: str,
        fields: Mapping[str, str],
        about: str,
        leave_at: datetime | None,
    ) -> None:
        if text not in self._wordings:
            self._wordings[text] = texts.stored(text)
        subject, body = texts.render_as(text, self._wordings[text], fields)
        message = _written(
            self._channel if medium == Message.Medium.SLACK else None,
            event_key=event_key,
            medium=medium,
            recipient=recipient,
            person=person,
            kind=text,
            subject=subject,
            body=body,
            about=about,
            now=self._now,
            leave_at=leave_at,
        )
        self._messages.append(message)


def mailbox(name: str, address: str) -> str:
    """`name` and `address` as a header shows them, whatever signs the name has in it."""
    return formataddr((" ".join(_printable(name).split()), _printable(address)))


def about_url(about: str) -> str:
    """The address of the page that `Message.about` names, such as handoff:42; "" if none."""
    name, _, key = about.partition(":")
    try:
        return f"{settings.BASE_URL}{reverse(name, args=[key])}" if key else ""
    except NoReverseMatch:
        return ""


def _written(
    channel: Channel | None,
    *,
    event_key: str,
    medium: str,
    recipient: str,
    body: str,
    now: datetime,
    subject: str = "",
    kind: str = "",
    person: User | None = None,
    audience: str = Message.Audience.INTERNAL,
    about: str = "",
    headers: Mapping[str, str] | None = None,
    calendar: str = "",
    calendar_method: str = "",
    expires_at: datetime | None = None,
    leave_at: datetime | None = None,
) -> Message:
    """A checked message, not saved yet; `channel` is where a person is mentioned."""
    headers = {name: value for name, value in (headers or {}).items() if value}
    _check_headers(headers)
    if calendar_method not in CALENDAR_METHODS:
        raise ValueError(f"{calendar_method!r} is not a method of an invitation.")
    if not 0 < len(event_key) <= KEY_LENGTH:
        raise ValueError(f"An event_key has 1 to {KEY_LENGTH} characters: {event_key!r}.")
    if medium == Message.Medium.SLACK and person is not None:
        recipient = f"{channel.name}{MENTION}{person.username}" if channel else ""
    problem = _problem(medium, recipient, person)
    message = Message(
        event_key=event_key,
        medium=medium,
        recipient=_storable(recipient)[:RECIPIENT_LENGTH],
        person=person,
        audience=audience,
        about=about,
        kind=kind,
        subject=" ".join(_storable(subject).split())[:SUBJECT_LENGTH],
        body=_storable(body),
        headers=headers,
        calendar=calendar,
        calendar_method=calendar_method,
        message_id=headers.get("Message-ID") or _message_id(event_key, recipient, headers),
        state=Message.State.DEAD if problem else Message.State.PENDING,
        error=problem,
        next_try_at=None if problem else leave_at or now,
        expires_at=expires_at,
        created_at=now,
    )
    return message


def _check_headers(headers: Mapping[str, str]) -> None:
    """Headers with a line break could add others, such as a hidden recipient: a ValueError."""
    for name, value in headers.items():
        if name not in HEADERS:
            raise ValueError(f"The header {name!r} is not one that a message may set.")
        if any(unicodedata.category(character) in {"Cc", "Cs"} for character in value):
            raise ValueError(f"The header {name} holds a line break or a control character.")


def _problem(medium: str, recipient: str, person: User | None) -> str:
    """Why nothing can be sent to `recipient`; "" where it can be tried."""
    who = str(person or "The recipient")
    if medium == Message.Medium.SLACK:
        return "" if recipient else "No Slack channel is set up."
    if medium == Message.Medium.WEBHOOK:
        return "" if recipient else "No outgoing webhook is set up."
    if not recipient:
        return f"{who} has no e-mail address."
    try:
        validate_email(recipient)
    except ValidationError:
        return f"“{_storable(recipient)[:100]}” is not an e-mail address."
    if len(recipient) > RECIPIENT_LENGTH:
        return f"The e-mail address is longer than {RECIPIENT_LENGTH} characters."
    return ""


def _message_id(event_key: str, recipient: str, headers: Mapping[str, str]) -> str:
    """A Message-ID that stays the same however often it is tried: readers see repeats as one."""
    seed = event_key if "To" in headers else f"{event_key} {recipient}"
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<{uuid.uuid5(uuid.NAMESPACE_OID, seed)}@{domain}>"


def _printable(text: str) -> str:
    return "".join(c if unicodedata.category(c) not in {"Cc", "Cs"} else " " for c in text)


def _storable(text: str) -> str:
    """`text` without what a database or a mail cannot hold: NUL, other controls, surrogates."""
    return UNSTORABLE.sub("\ufffd", text.replace("\r\n", "\n"))
