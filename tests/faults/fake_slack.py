"""A Slack on loopback that behaves as badly as it is told to.

    with FakeSlack("429:30") as slack:
        slack.url(), slack.texts, slack.mode = "ok"

Modes: ok; 429:SECONDS (the Retry-After; empty sends none); a status alone, such as 500, 404, 410
or 302; STATUS:WORDS, such as 410:channel_is_archived or 200:no; hang; reset. A path of its own,
`slack.url("404")`, sets the mode for that webhook alone.
"""

import json
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import quote, unquote


class FakeSlack(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, mode: str = "ok", port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.mode = mode
        self.texts: list[str] = []  # what it said ok to
        self.asked = 0  # how often anything was asked of it
        self.closing = threading.Event()
        self.port: int = self.server_address[1]

    def url(self, mode: str = "") -> str:
        return f"http://127.0.0.1:{self.port}/{quote(mode, safe='')}"

    def __enter__(self) -> "FakeSlack":
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.closing.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: FakeSlack

    def do_GET(self) -> None:
        """Only somebody who followed a redirect comes here."""
        self.server.asked += 1
        self.answer(200, "ok", {})

    def do_POST(self) -> None:
        self.server.asked += 1
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        mode = unquote(self.path[1:]) or self.server.mode
        if mode == "hang":
            self.server.closing.wait()
            return
        if mode == "reset":
            # A linger of zero seconds makes close() send RST instead of FIN.
            self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.request.shutdown(socket.SHUT_RDWR)
            self.request.close()
            return
        if mode == "ok":
            self.server.texts.append(body["text"])
            self.answer(200, "ok", {})
            return
        status, _, rest = mode.partition(":")
        headers = {}
        if status == "429" and rest:
            headers["Retry-After"] = rest
        if status.startswith("3"):
            headers["Location"] = self.server.url("ok")
        self.answer(int(status), rest or "words", headers)

    def answer(self, status: int, words: str, headers: dict[str, str]) -> None:
        content = words.encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        """Nothing on the test's output."""
