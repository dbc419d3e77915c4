"""A mail server on loopback that behaves as badly as it is told to.

    with FakeSMTP("421") as server:
        server.port, server.mails, server.mode = "ok"

Modes: ok; hang_banner; hang_after_data; 421, 451, 452, 550, 554 (the answer to RCPT); 554_data
(the answer to the message); refuse:ADDRESS (that recipient only); drop_mid_data (hangs up while
the message comes in); accept_then_drop (takes the message, then hangs up without an answer);
drop_idle (hangs up after every message, having said 250); no_starttls; bad_tls (a certificate
that nobody trusts, for another host); garbled_tls; auth_535; drip (a byte of the banner at a
time, for ever).
"""

import socketserver
import ssl
import threading
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

CERTIFICATE = Path(__file__).with_name("selfsigned.pem")
TLS_MODES = {"bad_tls", "garbled_tls"}


class Mail(NamedTuple):
    sender: str
    recipients: list[str]
    content: bytes


class FakeSMTP(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    block_on_close = False

    def __init__(self, mode: str = "ok", port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Session)
        self.mode = mode
        self.mails: list[Mail] = []
        self.connections = 0
        self.closing = threading.Event()
        self.port: int = self.server_address[1]

    def __enter__(self) -> "FakeSMTP":
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

    def to(self, address: str) -> list[Mail]:
        return [mail for mail in self.mails if address in mail.recipients]


class _HungUp(Exception):
    pass


class _Session(socketserver.StreamRequestHandler):
    server: FakeSMTP

    def handle(self) -> None:
        self.server.connections += 1
        self.sender, self.recipients = "", []
        try:
            if self.mode == "hang_banner":
                self.hang()
            while self.mode == "drip":
                self.wfile.write(b"2")
                if self.server.closing.wait(0.05):
                    return
            self.say("220 fake.example ready")
            while line := self.rfile.readline():
                self.command(line.decode("utf-8", "replace").rstrip("\r\n"))
        except _HungUp:
            pass

    @property
    def mode(self) -> str:
        return self.server.mode

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def hang(self) -> None:
        """Say nothing more until the test ends."""
        self.server.closing.wait()
        raise _HungUp

    def command(self, line: str) -> None:
        verb = line.split(" ")[0].split(":")[0].upper()
        answer = getattr(self, f"do_{verb.lower()}", None)
        if answer is None:
            self.say("250 fine")
        else:
            answer(line)

    def do_ehlo(self, line: str) -> None:
        extra = ["STARTTLS"] if self.mode in TLS_MODES else []
        extra += ["AUTH PLAIN LOGIN"] if self.mode == "auth_535" else []
        for name in ("fake.example", *extra):
            self.say(f"250-{name}")
        self.say("250 8BITMIME")

    def do_starttls(self, line: str) -> None:
        self.say("220 go ahead")
        if self.mode == "garbled_tls":
            self.wfile.write(b"250 this is no TLS\r\n")
            raise _HungUp
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
        self.request = context.wrap_socket(self.request, server_side=True)

    def do_auth(self, line: str) -> None:
        self.say("535 5.7.8 who are you")

    def do_mail(self, line: str) -> None:
        self.sender, self.recipients = line.partition("<")[2].partition(">")[0], []
        self.say("250 sender fine")

    def do_rcpt(self, line: str) -> None:
        address = line.partition("<")[2].partition(">")[0]
        if self.mode in {"421", "451", "452", "550", "554"}:
            self.say(f"{self.mode} no {address} here")
            if self.mode == "421":
                raise _HungUp
        elif self.mode == f"refuse:{address}":
            self.say(f"550 no {address} here")
        else:
            self.recipients.append(address)
            self.say("250 recipient fine")

    def do_data(self, line: str) -> None:
        self.say("354 go ahead")
        if self.mode == "drop_mid_data":
            self.rfile.readline()
            raise _HungUp
        lines = []
        while (got := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(got.removeprefix(b".") if got.startswith(b"..") else got)
        if self.mode == "554_data":
            self.say("554 5.7.1 looks like spam")
            return
        self.server.mails.append(Mail(self.sender, self.recipients, b"".join(lines)))
        if self.mode == "hang_after_data":
            self.hang()
        if self.mode == "accept_then_drop":
            raise _HungUp
        self.say("250 taken")
        if self.mode == "drop_idle":
            raise _HungUp

    def do_quit(self, line: str) -> None:
        self.say("221 bye")
        raise _HungUp
