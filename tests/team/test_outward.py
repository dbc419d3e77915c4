"""Asking other systems: only those that are named, only at addresses that may be asked."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpcore
import pytest
from django.core.exceptions import ValidationError

from team import outward
from team.outward import NoAnswer


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    asked = 0
    answer: Callable[[BaseHTTPRequestHandler], None]

    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked += 1
        self.server.answer(self)

    do_POST = do_GET

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server(settings: Any) -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as found:
        settings.OUTGOING_HOSTS = [found.origin()]
        threading.Thread(target=found.serve_forever, args=(0.01,), daemon=True).start()
        yield found
        found.shutdown()


def say(status: int, body: bytes = b"ok", **headers: str) -> Callable[..., None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def test_an_origin_that_the_operator_names_is_asked(server: Server) -> None:
    server.answer = say(200, b'{"a": 1}')
    answer = outward.ask("POST", f"{server.origin()}/x", content=b"{}")
    assert (answer.status, answer.body) == (200, b'{"a": 1}')


def test_a_redirect_is_not_followed(server: Server) -> None:
    server.answer = say(302, Location=f"{server.origin()}/elsewhere")
    assert outward.ask("GET", f"{server.origin()}/x").status == 302
    assert server.asked == 1


def test_more_than_64_kb_is_no_answer(server: Server) -> None:
    server.answer = say(200, b"x" * (outward.MOST_BYTES + 1))
    with pytest.raises(NoAnswer, match="64 kB"):
        outward.ask("GET", f"{server.origin()}/x")


def test_a_slow_drip_is_cut_off(server: Server) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for _ in range(100):
            try:
                handler.wfile.write(b"X-Slow: 1\r\n")
            except OSError:
                return
            time.sleep(0.1)  # the other side's slowness, not the test's patience

    server.answer = drip
    began = time.monotonic()
    with pytest.raises(NoAnswer):
        outward.ask("GET", f"{server.origin()}/x", seconds=0.5)
    assert time.monotonic() - began < 5


def test_a_connection_that_breaks_is_no_answer(server: Server) -> None:
    server.answer = lambda handler: handler.connection.close()
    with pytest.raises(NoAnswer, match=r"The connection to 127\.0\.0\.1 broke"):
        outward.ask("GET", f"{server.origin()}/x")


@pytest.mark.parametrize(
    "url",
    [
        "https://other.example.com/x",
        "http://hooks.example.com/x",
        "https://hooks.example.com:8443/x",
        "https://user:pw@hooks.example.com/x",
        "https://hooks.example.com.evil.example/x",
        "ftp://hooks.example.com/x",
        "file:///etc/passwd",
        "https://[::1/x",
        "https://hooks.example.com\n.evil/x",
        "http://127.0.0.1:1/x",
        "",
    ],
)
def test_what_is_not_named_is_not_asked(settings: Any, url: str) -> None:
    settings.OUTGOING_HOSTS = ["hooks.example.com", "http://127.0.0.1:9999"]
    with pytest.raises(ValidationError):
        outward.check_url(url)
    with pytest.raises(ValidationError):
        outward.ask("GET", url)


def test_a_named_host_may_be_asked(settings: Any) -> None:
    settings.OUTGOING_HOSTS = ["hooks.example.com"]
    outward.check_url("https://hooks.example.com/x?y=1")
    outward.check_url("https://HOOKS.example.com:443/x")


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "192.168.0.9", "169.254.169.254", "100.64.0.1", "224.0.0.1",
     "0.0.0.0", "::1", "fe80::1", "fd00:ec2::254", "::ffff:127.0.0.1", "64:ff9b::7f00:1",
     "2002:7f00:0001::"],
)  # fmt: skip
def test_a_public_name_that_leads_inside_is_not_connected_to(
    settings: Any, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    settings.OUTGOING_HOSTS = ["hooks.example.com"]
    monkeypatch.setattr(socket, "getaddrinfo", lookup(address))
    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", _never)
    with pytest.raises(NoAnswer, match=r"hooks\.example\.com leads to an address") as caught:
        outward.ask("GET", "https://hooks.example.com/x")
    assert caught.value.refused and address not in str(caught.value)


def test_a_name_that_changes_between_look_and_connection_gets_nothing(
    settings: Any, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked up it is public; the socket ends up at our own machine."""
    settings.OUTGOING_HOSTS = ["hooks.example.com"]
    port = server.server_address[1]

    def inside(*args: object, **kwargs: object) -> socket.socket:
        sock = socket.socket()
        sock.connect(("127.0.0.1", port))
        return sock

    monkeypatch.setattr(socket, "getaddrinfo", lookup("93.184.215.14"))
    monkeypatch.setattr(socket, "create_connection", inside)
    with pytest.raises(NoAnswer) as caught:
        outward.ask("GET", "https://hooks.example.com/x")
    assert caught.value.refused
    assert server.asked == 0


def test_keys_of_the_cloud_are_never_asked_for(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OUTGOING_HOSTS = ["http://metadata.internal"]
    monkeypatch.setattr(socket, "getaddrinfo", lookup("169.254.169.254"))
    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", _never)
    with pytest.raises(NoAnswer) as caught:
        outward.ask("GET", "http://metadata.internal/latest/meta-data/")
    assert caught.value.refused


def test_a_name_that_is_not_found_is_said_so(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    settings.OUTGOING_HOSTS = ["hooks.example.com"]
    monkeypatch.setattr(socket, "getaddrinfo", missing)
    with pytest.raises(NoAnswer, match=r"hooks\.example\.com cannot be found"):
        outward.ask("GET", "https://hooks.example.com/x")


def test_proxies_of_the_environment_are_not_used(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    server.answer = say(204, b"")
    assert outward.ask("GET", f"{server.origin()}/x").status == 204


def lookup(address: str) -> Callable[..., Any]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return lambda *args, **kwargs: [(family, socket.SOCK_STREAM, 6, "", (address, 443))]


def _never(*args: object, **kwargs: object) -> None:
    raise AssertionError("a connection was opened")
