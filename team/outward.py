"""Asks other systems over HTTP, and only those that the operator has named.

OUTGOING_HOSTS lists them. A host name is asked over https on its usual port, at a public address,
which is looked at on the connected socket: a name that leads into our own network, now or a
moment later, gets nothing. A whole origin such as http://crm.internal:8080 is somebody's decision
to let in a machine of their own; link-local addresses, where clouds keep their keys, never are.
No redirect is followed, no proxy of the environment used, and the whole exchange has a time limit.
"""

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

import httpcore
import httpx
from django.conf import settings
from django.core.exceptions import ValidationError

from team.sockets import CONNECT_SECONDS, TOTAL_SECONDS, HangUp, is_public

MOST_BYTES = 64 * 1024


class NotPublic(httpcore.ConnectError):
    """A name leads to an address that it may not lead to."""


class NoAnswer(Exception):
    """Nothing usable came back. The text is a sentence that names the host only.

    `refused`: we did not ask, because of where the address leads.
    """

    def __init__(self, sentence: str, *, refused: bool = False) -> None:
        super().__init__(sentence)
        self.refused = refused


class Answer(NamedTuple):
    """What came back, at most 64 kB of it."""

    status: int
    body: bytes
    headers: Mapping[str, str]


def check_url(url: str) -> None:
    """Raise ValidationError unless `url` may be asked."""
    url = url.strip()
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise ValidationError("This is not a web address.") from error
    if not parts.hostname or any(c.isspace() or not c.isprintable() for c in url):
        raise ValidationError("This is not a web address.")
    if parts.username or parts.password:
        raise ValidationError("The address must not hold a user name or a password.")
    if not _is_allowed(parts):
        raise ValidationError(
            f"{parts.hostname} is not among the hosts that may be contacted. Whoever runs this "
            "server adds it to OUTGOING_HOSTS."
        )


def ask(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    content: bytes | None = None,
    params: Mapping[str, str] | None = None,
    seconds: float = TOTAL_SECONDS,
) -> Answer:
    """One request; NoAnswer where there is none, ValidationError where `url` may not be asked.

    A redirect is an answer like any other. Longer answers than 64 kB are NoAnswer.
    """
    check_url(url)
    host = urlsplit(url).hostname
    hang_up = HangUp()
    hang_up.start(seconds)
    asked = {"Accept-Encoding": "identity", **(headers or {})}
    try:
        with (
            _client(urlsplit(url), hang_up, seconds) as client,
            client.stream(method, url, headers=asked, content=content, params=params) as got,
        ):
            body = _read(got, time.monotonic() + seconds)
            return Answer(got.status_code, body, dict(got.headers))
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        if isinstance(error.__cause__, NotPublic):
            sentence = f"{host} leads to an address that may not be asked."
            raise NoAnswer(sentence, refused=True) from error
        raise NoAnswer(_why(host, error)) from error
    finally:
        hang_up.end()
        if hang_up.sock is not None:
            hang_up.sock.close()


def _client(parts: SplitResult, hang_up: HangUp, seconds: float) -> httpx.Client:
    transport = httpx.HTTPTransport(trust_env=False)
    # httpx has no setting for who opens its connections; its pool is httpcore's.
    transport._pool = httpcore.ConnectionPool(
        ssl_context=ssl.create_default_context(),
        max_connections=1,
        network_backend=_Guard(hang_up, named=_is_origin(parts)),
    )
    return httpx.Client(
        transport=transport,
        timeout=httpx.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds)),
        follow_redirects=False,
        trust_env=False,
    )


class _Guard(httpcore.SyncBackend):
    """Opens connections to addresses that may be asked, and looks again once connected."""

    def __init__(self, hang_up: HangUp, *, named: bool) -> None:
        self.hang_up = hang_up
        self.named = named

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"{host} cannot be found.") from error
        addresses = [str(entry[4][0]) for entry in found]
        allowed = [address for address in addresses if self._may_be_asked(address)]
        if not allowed:
            raise NotPublic(host)
        stream = super().connect_tcp(allowed[0], port, timeout, local_address, socket_options)
        sock: socket.socket = stream.get_extra_info("socket")
        if not self._may_be_asked(sock.getpeername()[0]):
            stream.close()
            raise NotPublic(host)
        self.hang_up.sock = sock.dup()  # TLS takes the first one over
        return stream

    def _may_be_asked(self, address: str) -> bool:
        if is_public(address):
            return True
        return self.named and not _is_link_local(address)


def _is_link_local(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    inner = getattr(ip, "ipv4_mapped", None)
    return bool((inner or ip).is_link_local)


def _read(answer: httpx.Response, until: float) -> bytes:
    body = b""
    for chunk in answer.iter_raw():
        body += chunk
        if len(body) > MOST_BYTES:
            raise NoAnswer(f"{answer.url.host} answered more than {MOST_BYTES // 1024} kB.")
        if time.monotonic() > until:
            raise NoAnswer(f"{answer.url.host} did not finish its answer in time.")
    return body


def _is_allowed(parts: SplitResult) -> bool:
    if _is_origin(parts):
        return True
    return (
        parts.scheme == "https"
        and parts.port in (None, 443)
        and (parts.hostname or "").lower() in settings.OUTGOING_HOSTS
    )


def _is_origin(parts: SplitResult) -> bool:
    """Whether the operator has named this scheme, host and port together."""
    return parts.scheme in {"http", "https"} and any(
        _door(urlsplit(entry)) == _door(parts) for entry in settings.OUTGOING_HOSTS if "//" in entry
    )


def _door(parts: SplitResult) -> tuple[str, str, int]:
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return parts.scheme, (parts.hostname or "").lower(), port


def _why(host: str | None, error: Exception) -> str:
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return f"{host} did not answer in time."
    if "cannot be found" in str(error):
        return f"{host} cannot be found."
    if "CERTIFICATE" in str(error).upper():
        return f"The certificate of {host} is not valid."
    return f"The connection to {host} broke."
