"""Posts to a Slack channel through its incoming webhook, and tells each failure's kind.

slack-sdk's client, with what it leaves open closed: no redirect is followed, it repeats nothing
by itself (the outbox does), the whole exchange has a time limit, and a public host has to have a
public address.
"""

import http.client
import logging
import re
import socket
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from slack_sdk.webhook import WebhookClient, WebhookResponse

from messaging.channels import SLACK_HOSTS, check_webhook
from messaging.models import Channel, Message
from messaging.posting import about_url
from messaging.transports.base import CONNECT_SECONDS, TOTAL_SECONDS, HangUp, TransportError
from team.sockets import is_public

DEFAULT_WAIT = 60.0  # seconds, where Slack says to wait but not how long
WORDS_LENGTH = 200
MEMBER_ID = re.compile(r"[UW][A-Z0-9]{2,30}")

# docs.slack.dev, "Sending messages using incoming webhooks", "Handling errors": the channel or
# the webhook is gone, whatever is sent.
GONE_WORDS = frozenset(
    {"channel_is_archived", "channel_not_found", "no_service", "no_service_id", "no_team",
     "team_disabled", "invalid_token", "action_prohibited", "posting_to_general_channel_denied"}
)  # fmt: skip
GONE_CODES = frozenset({301, 308, 403, 404, 410})
COME_BACK_CODES = frozenset({408, 425})


class NotPublic(OSError):
    """A public host name leads to an address inside somebody's network."""


def send(channel: Channel, text: str) -> None:
    """Post `text` to `channel`, or raise TransportError."""
    url = channel.webhook_url.strip()
    try:
        check_webhook(url)
    except ValidationError as error:
        raise TransportError(
            f"The webhook of {channel} is not one that may be posted to.", closed=True
        ) from error
    host = urlsplit(url).hostname
    client = _Webhook(url, retry_handlers=[], logger=_quiet)
    client.timeout = _total_seconds()  # type: ignore[assignment]
    try:
        response = client.send(text=text, unfurl_links=False)
    except NotPublic as error:
        raise TransportError(
            f"{host} leads to an address that is not public.", down=True
        ) from error
    except (URLError, OSError, http.client.HTTPException) as error:
        raise _no_answer(host, error) from error
    _judge(response)


def words(message: Message) -> str:
    """What Slack shows of `message`: whom it is for, its subject, and the page to open.

    What the body says stays in the product: it may name a prospect. Slack's own signs are taken
    out of the text, so that a company called <!channel> wakes nobody.
    """
    lines = [escape(message.subject or message.body.strip())]
    if message.person is not None:
        member = message.person.slack_member_id
        name = f"<@{member}>" if MEMBER_ID.fullmatch(member) else escape(f"{message.person}:")
        lines[0] = f"{name} {lines[0]}"
    if url := about_url(message.about):
        lines.append(url)
    return "\n".join(lines)


def escape(text: str) -> str:
    """docs.slack.dev, "Formatting message text": these three are Slack's control signs."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _judge(response: WebhookResponse) -> None:
    """Return where Slack took it; raise TransportError where not."""
    code, said = response.status_code, " ".join(str(response.body).split())[:WORDS_LENGTH]
    if code == 200 and said == "ok":
        return
    told = f"Slack said: {code} {said}".rstrip()
    if code == 429:
        raise TransportError(told, retry_after=_seconds(response.headers))
    if code in GONE_CODES or said in GONE_WORDS:
        raise TransportError(told, closed=True)
    if 400 <= code < 500 and code not in COME_BACK_CODES:
        raise TransportError(told, permanent=True)
    raise TransportError(told, down=code != 200)


def _seconds(headers: Mapping[str, Any]) -> float:
    """Retry-After in seconds; a minute where it is missing or cannot be read."""
    value = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    value = str(value[0] if isinstance(value, list) else value).strip()
    return float(value) if value.isascii() and value.isdigit() and len(value) < 9 else DEFAULT_WAIT


def _no_answer(host: str | None, error: Exception) -> TransportError:
    reason = getattr(error, "reason", error)
    if isinstance(reason, NotPublic):
        return TransportError(f"{host} leads to an address that is not public.", down=True)
    if isinstance(reason, socket.gaierror):
        return TransportError(f"{host} cannot be found.", down=True)
    if isinstance(reason, TimeoutError):
        return TransportError(f"{host} did not answer in time.", down=True)
    return TransportError(f"The connection to {host} broke.", down=True)


def _total_seconds() -> float:
    return float(getattr(settings, "SLACK_TIMEOUT", TOTAL_SECONDS))


# The client logs each failure as an error of its own; ours are on the message.
_quiet = logging.getLogger("messaging.slack")
_quiet.addHandler(logging.NullHandler())
_quiet.propagate = False
_quiet.setLevel(logging.CRITICAL)


class _Webhook(WebhookClient):
    def _perform_http_request_internal(
        self, url: str, req: urllib.request.Request
    ) -> WebhookResponse:
        hang_up = HangUp()
        hang_up.start(self.timeout)
        opener = urllib.request.build_opener(_Http(hang_up), _Https(hang_up), _NoRedirect())
        try:
            with opener.open(req, timeout=min(CONNECT_SECONDS, self.timeout)) as answer:
                return WebhookResponse(
                    url=url,
                    status_code=answer.status,
                    body=answer.read(10_000).decode("utf-8", "replace"),
                    headers=dict(answer.headers.items()),
                )
        except HTTPError as error:
            with error:
                return WebhookResponse(
                    url=url,
                    status_code=error.code,
                    body=error.read(10_000).decode("utf-8", "replace"),
                    headers=dict(error.headers.items()),
                )
        finally:
            hang_up.end()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """None: the 3xx is the answer."""


class _Http(urllib.request.HTTPHandler):
    def __init__(self, hang_up: HangUp) -> None:
        super().__init__()
        self.hang_up = hang_up

    def http_open(self, req: urllib.request.Request) -> Any:
        return self.do_open(_watched(http.client.HTTPConnection, self.hang_up), req)


class _Https(urllib.request.HTTPSHandler):
    def __init__(self, hang_up: HangUp) -> None:
        super().__init__()
        self.hang_up = hang_up

    def https_open(self, req: urllib.request.Request) -> Any:
        return self.do_open(_watched(http.client.HTTPSConnection, self.hang_up), req)


def _watched(kind: Any, hang_up: HangUp) -> Any:
    """Connections of `kind` that the hang-up holds and whose address has been looked at."""

    def connect(address: tuple[str, int], *args: Any, **kwargs: Any) -> socket.socket:
        sock = socket.create_connection(address, *args, **kwargs)
        # Through a proxy the address is the proxy's own, and it does the looking up.
        if address[0] in SLACK_HOSTS and not is_public(sock.getpeername()[0]):
            sock.close()
            raise NotPublic
        hang_up.sock = sock
        return sock

    class Watched(kind):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self._create_connection = connect

        def connect(self) -> None:
            super().connect()
            hang_up.sock = self.sock  # TLS has wrapped it

    return Watched
