"""The proxy of `deploy/Caddyfile` in front: who sends a byte a second keeps nobody else waiting."""

import os
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from tests.faults.harness import IN_THE_END, ROOT, Installation, free_port, until
from tests.faults.test_several_machines import web
from tests.postgres import missing

pytestmark = pytest.mark.faults

CROWD = 50
THREADS = 4  # of one process: far fewer than the slow ones
HELD_UP = 20  # seconds; without the proxy others wait for a minute and more


@pytest.fixture
def desk(on_sqlite: Installation) -> Iterator[Installation]:
    on_sqlite.environment |= {
        "PORT": str(free_port()), "WEB_CONCURRENCY": "1", "WEB_THREADS": str(THREADS),
    }  # fmt: skip
    on_sqlite.manage("collectstatic", "-v0", "--noinput")
    with web(on_sqlite):
        yield on_sqlite


class Proxy(NamedTuple):
    port: int
    in_the_clear: int  # the port on which a deployment would listen for http


@contextmanager
def proxy(desk: Installation) -> Iterator[Proxy]:
    """A Caddy with the Caddyfile of a deployment, without TLS; ended afterwards."""
    if not shutil.which("caddy"):
        missing("caddy")
    found = Proxy(free_port(), free_port())
    file = desk.folder / "Caddyfile"
    file.write_text(caddyfile(desk, found))
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(desk.folder),
        "XDG_CONFIG_HOME": str(desk.folder / "config"), "XDG_DATA_HOME": str(desk.folder / "data"),
    }  # fmt: skip
    with (desk.folder / "caddy.log").open("wb") as log:
        process = subprocess.Popen(
            ["caddy", "run", "--config", file, "--adapter", "caddyfile"],
            cwd=desk.folder, env=environment, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip

    def passes_on() -> bool:
        assert process.poll() is None, (desk.folder / "caddy.log").read_text()
        try:
            return page(found.port) == 200
        except httpx.TransportError:
            return False

    try:
        until(passes_on, IN_THE_END, "the proxy passes requests on")
        yield found
    finally:
        process.kill()
        process.wait()


def caddyfile(desk: Installation, proxy: Proxy) -> str:
    """The one we ship, on ports of this machine and without Caddy’s own port for its set-up."""
    changes = [
        (r"^http://\{\$DOMAIN\} ", f"http://127.0.0.1:{proxy.in_the_clear} "),
        (r"^\{\$DOMAIN\} ", f"http://127.0.0.1:{proxy.port} "),
        (r"\bweb:8000\b", f"127.0.0.1:{desk.environment['PORT']}"),
    ]
    version = subprocess.run(["caddy", "version"], capture_output=True, text=True).stdout
    if tuple(int(part) for part in re.findall(r"\d+", version)[:3]) < (2, 6, 4):  # as in Debian 12
        changes.append((r"request_buffers (\S+)", r"buffer_requests\n\t\tmax_buffer_size \1"))
    text = Path(ROOT, "deploy", "Caddyfile").read_text()
    for pattern, instead in changes:
        text, found = re.subn(pattern, instead, text, flags=re.MULTILINE)
        assert found == 1, pattern
    return "{\n\tadmin off\n}\n" + text


def page(port: int) -> int:
    return httpx.get(f"http://127.0.0.1:{port}/admin/login/", timeout=HELD_UP).status_code


class Slow:
    """Somebody who has begun a request and goes on with a byte a second."""

    def __init__(self, port: int, *, in_the_body: bool) -> None:
        host = f"127.0.0.1:{port}"
        self.body = b"username=" + b"a" * 991
        head = (
            f"POST /admin/login/ HTTP/1.1\r\nHost: {host}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(self.body)}\r\nConnection: close\r\n\r\n"
        ).encode()
        whole = head + self.body
        begun = len(head) + 1 if in_the_body else 20
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=IN_THE_END)
        self.socket.sendall(whole[:begun])
        self.rest = whole[begun:]

    def one_more(self) -> None:
        self.socket.sendall(self.rest[:1])
        self.rest = self.rest[1:]

    def status(self) -> int:
        """Of the answer, once it has sent all that is left."""
        self.socket.sendall(self.rest)
        with self.socket.makefile("rb") as answer:
            return int(answer.readline().split()[1])

    def close(self) -> None:
        self.socket.close()


@contextmanager
def drip(crowd: list[Slow]) -> Iterator[None]:
    """Each of them sends a byte a second meanwhile."""
    done = threading.Event()

    def send() -> None:
        while not done.wait(1):
            for slow in crowd:
                slow.one_more()

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def test_66_fifty_who_send_a_byte_a_second_keep_nobody_else_waiting(desk: Installation) -> None:
    with ExitStack() as stack:
        port = stack.enter_context(proxy(desk)).port
        crowd = [Slow(port, in_the_body=number % 2 == 0) for number in range(CROWD)]
        for slow in crowd:
            stack.callback(slow.close)
        with drip(crowd):
            assert [page(port) for _ in range(30)] == [200] * 30
        # They were slow, and not cut off: each gets its answer in the end, for want of a token
        assert [slow.status() for slow in crowd] == [403] * CROWD


def test_the_proxy_sends_pages_on_to_https_and_refuses_what_machines_post(
    desk: Installation,
) -> None:
    with proxy(desk) as ports:
        clear = f"http://127.0.0.1:{ports.in_the_clear}"
        sent_on = httpx.get(f"{clear}/queue/?x=1")
        assert (sent_on.status_code, sent_on.headers["Location"]) == (
            301, "https://127.0.0.1/queue/?x=1",
        )  # fmt: skip
        assert httpx.post(f"{clear}/hooks/enrichment/clearfeed/").status_code == 403
        for inside in ("/metrics", "/readyz"):
            assert httpx.get(f"http://127.0.0.1:{ports.port}{inside}").status_code == 404
