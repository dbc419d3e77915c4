"""Sends e-mail over SMTP, one envelope recipient at a time, and tells each failure's kind.

Django's own SMTP backend says nothing when a server refuses one of several recipients, and
cannot tell a failure before the message was handed over from one after. Here each row of the
outbox is sent to its one recipient, with To and Cc shown as its headers say: an introduction to
three people is three rows with the same visible headers and Message-ID, so each of the three has
a fate of their own and their mail programs see one mail.
"""

import re
import smtplib
import socket
import ssl
from contextlib import suppress
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.message import sanitize_address
from django.core.mail.utils import DNS_NAME
from django.utils.module_loading import import_string

from messaging.models import Message
from messaging.transports.base import CONNECT_SECONDS, TOTAL_SECONDS, HangUp, TransportError

# RFC 4954: what a server says when it does not like how we sign in, rather than this message.
SIGN_IN_CODES = frozenset({530, 534, 535, 538})
WORDS_LENGTH = 300
# RFC 3463, X.1.z: what is wrong with the recipient's address; .7 and .8 are the sender's.
NO_SUCH_ADDRESS = re.compile(r"^5\.1\.(?:0|1|2|3|6|10)\b")
ENHANCED = re.compile(r"^[245]\.\d{1,3}\.\d{1,3}\b")
# RFC 5321 has 550 for a mailbox that is not there and for policy alike; the words tell them apart.
OF_POLICY = re.compile(
    r"spam|block|black|polic|reputation|denied|reject|relay|auth|spf|dkim|dmarc|listed|rate|quota",
    re.IGNORECASE,
)


class _Hurried:
    """A connection that ends when the whole conversation has had its time."""

    def __init__(self, *args: Any, seconds: float, **kwargs: Any) -> None:
        self.hang_up = HangUp()
        self.hang_up.start(seconds)
        try:
            super().__init__(*args, **kwargs)
        except BaseException:
            self.hang_up.end()
            raise

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name == "sock":  # set anew when TLS starts
            self.hang_up.sock = value  # type: ignore[assignment]


class _SMTP(_Hurried, smtplib.SMTP):
    """Plain, or with STARTTLS."""


class _SMTPS(_Hurried, smtplib.SMTP_SSL):
    """TLS from the first byte."""


class MailLine:
    """The way out for e-mail during one pass: one connection, kept from message to message."""

    def __init__(self) -> None:
        self._smtp: _SMTP | _SMTPS | None = None

    def __enter__(self) -> "MailLine":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def send(self, message: Message) -> None:
        """Hand `message` over, or raise TransportError."""
        mail = build(message)
        if not issubclass(import_string(settings.EMAIL_BACKEND), EmailBackend):
            _send_by_backend(mail)
            return
        content = mail.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]
        try:
            self._send_by_smtp(message.recipient, content)
        except TransportError as error:
            if error.down:
                self._drop()
            else:
                self._forget()
            raise

    def close(self) -> None:
        """Say goodbye. Whether the server answers does not matter any more."""
        if self._smtp is not None:
            self._smtp.hang_up.start(1)
            with suppress(OSError):
                self._smtp.quit()
            self._drop()

    def _send_by_smtp(self, recipient: str, content: bytes) -> None:
        sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
        kept = self._smtp is not None
        try:
            smtp = self._introduced(sender)
        except TransportError as error:
            # The server may have hung up on an idle connection: that says nothing about today.
            if not (kept and error.down):
                raise
            self._drop()
            smtp = self._introduced(sender)
        _hand_over(smtp, recipient, content)
        smtp.hang_up.stop()

    def _introduced(self, sender: str) -> "_SMTP | _SMTPS":
        """A connection that has taken our sender's address."""
        try:
            if self._smtp is None:
                self._smtp = _connect()
            smtp = self._smtp
            smtp.hang_up.start(_total_seconds())
            smtp.ehlo_or_helo_if_needed()
            options = ["BODY=8BITMIME"] if smtp.has_extn("8bitmime") else []
            code, words = smtp.mail(sanitize_address(sender, "utf-8"), options)
        except OSError as error:  # smtplib's errors are OSErrors
            raise _no_connection(error) from error
        if code != 250:
            raise _refused(code, words)
        return smtp

    def _forget(self) -> None:
        """Have the server forget a message it refused, and keep the connection for the next."""
        try:
            if self._smtp is not None:
                self._smtp.rset()
                self._smtp.hang_up.stop()
        except OSError:
            self._drop()

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.hang_up.end()
            self._smtp.close()
            self._smtp = None


def build(message: Message) -> EmailMultiAlternatives:
    """The mail that `message` stands for. Raises TransportError where it cannot be one."""
    headers = {"Message-ID": message.message_id, **message.headers}
    if message.audience == Message.Audience.INTERNAL:
        headers["Auto-Submitted"] = "auto-generated"
    mail = EmailMultiAlternatives(
        subject=message.subject or "Handoff Desk",
        body=message.body,
        to=[message.recipient],
        headers=headers,
    )
    if message.calendar:
        method = message.calendar_method or "PUBLISH"
        mail.attach_alternative(message.calendar, f'text/calendar; method="{method}"')
        mail.attach("invite.ics", message.calendar, "application/ics")
    try:
        mail.message()
    except ValueError as error:  # a header that Django refuses, such as one with a line break
        raise TransportError(f"This cannot be an e-mail: {error}", permanent=True) from error
    return mail


def _hand_over(smtp: "_SMTP | _SMTPS", recipient: str, content: bytes) -> None:
    """Name the recipient and hand the message over. After DATA began nobody knows its fate."""
    try:
        code, words = smtp.rcpt(sanitize_address(recipient, "utf-8"))
        if code not in (250, 251):
            raise _refused(code, words, nobody_there=is_no_such_address(code, _readable(words)))
        code, words = smtp.docmd("DATA")
        if code != 354:
            raise _refused(code, words)
    except OSError as error:
        raise _no_connection(error) from error
    try:
        # A line that starts with a dot gets a second one; RFC 5321, 4.5.2.
        smtp.send(re.sub(rb"(?m)^\.", b"..", content) + b"\r\n.\r\n")
        code, words = smtp.getreply()
    except OSError as error:
        raise TransportError(
            f"The connection to the mail server {settings.EMAIL_HOST} broke while it was "
            "taking the message.",
            unknown=True,
            down=True,
        ) from error
    if code != 250:
        raise _refused(code, words)


def _send_by_backend(mail: EmailMultiAlternatives) -> None:
    """Through whatever backend the settings name that is not SMTP: console, memory, files."""
    try:
        get_connection().send_messages([mail])
    except OSError as error:
        raise TransportError(f"The mail could not be written: {error}", down=True) from error


def _total_seconds() -> float:
    return float(settings.EMAIL_TIMEOUT or TOTAL_SECONDS)


def _connect() -> _SMTP | _SMTPS:
    """A connection as the settings ask for it: with TLS where they say TLS, or not at all."""
    seconds = _total_seconds()
    arguments: dict[str, Any] = {
        "host": settings.EMAIL_HOST,
        "port": settings.EMAIL_PORT,
        "local_hostname": DNS_NAME.get_fqdn(),
        "timeout": min(CONNECT_SECONDS, seconds),
        "seconds": seconds,
    }
    if settings.EMAIL_USE_SSL:
        smtp: _SMTP | _SMTPS = _SMTPS(context=ssl.create_default_context(), **arguments)
    else:
        smtp = _SMTP(**arguments)
    try:
        if settings.EMAIL_USE_TLS:
            smtp.starttls(context=ssl.create_default_context())
        if settings.EMAIL_HOST_USER:
            smtp.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
    except BaseException:
        smtp.hang_up.end()
        smtp.close()
        raise
    return smtp


def is_no_such_address(code: int, words: str) -> bool:
    """Whether the answer to RCPT says that nobody has this address, rather than that they do not
    want our mail."""
    if ENHANCED.match(words):
        return 500 <= code < 600 and bool(NO_SUCH_ADDRESS.match(words))
    return code in (550, 551, 553) and not OF_POLICY.search(words)


def _refused(code: int, words: bytes, *, nobody_there: bool = False) -> TransportError:
    """What the server said no to; RFC 5321, 4.2.1: 4yz may pass with time, 5yz will not."""
    said = f"The mail server said: {code} {_readable(words)}"
    if code in SIGN_IN_CODES:
        return TransportError(said, setup=True)
    return TransportError(
        said, permanent=500 <= code < 600, down=code in (-1, 421), nobody_there=nobody_there
    )


def _no_connection(error: OSError) -> TransportError:
    """Why there is no working connection. Nothing of the message had been handed over."""
    host = settings.EMAIL_HOST
    if isinstance(error, ssl.SSLCertVerificationError):
        return TransportError(
            f"The certificate of the mail server {host} is not valid: {error.verify_message}.",
            setup=True,
        )
    if isinstance(error, ssl.SSLError):
        return TransportError(f"The mail server {host} does not speak TLS properly.", setup=True)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return TransportError(
            f"The mail server {host} refused our user name and password: "
            f"{error.smtp_code} {_readable(error.smtp_error)}",
            setup=True,
        )
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return TransportError(
            f"The mail server {host} does not offer what EMAIL_URL asks for: {error}", setup=True
        )
    if isinstance(error, smtplib.SMTPResponseException):
        return TransportError(
            f"The mail server {host} said: {error.smtp_code} {_readable(error.smtp_error)}",
            down=True,
        )
    if isinstance(error, socket.gaierror):
        return TransportError(f"The mail server {host} cannot be found.", down=True)
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        return TransportError(f"The mail server {host} did not answer in time.", down=True)
    return TransportError(f"The mail server {host} cannot be reached or hung up.", down=True)


def _readable(words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:WORDS_LENGTH]
