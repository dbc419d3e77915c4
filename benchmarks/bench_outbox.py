"""Messages per second from the outbox to a mail server that takes all, beside its limits, in turns.

The server is a process of its own on loopback. The limits: smtplib alone on one open connection
(the wire), and the same with one plain UPDATE before and after each mail (a claim and a result,
which at-least-once cannot do without). The peer: Django's own `EmailMessage.send` for each row,
which opens a connection for each and keeps no record. Ours is one pass of `deliver_due`: claims
with a lease, one UPDATE for each result. Every mail has to have arrived, once.
Run: python benchmarks/bench_outbox.py [postgresql,sqlite] [messages for each way and turn]
"""

import json
import socketserver
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import crowd, stage

TURNS = 5
WAYS = ["smtplib alone", "smtplib, two plain UPDATEs", "outbox", "EmailMessage.send each"]
BODY = "Somebody has been waiting for you since half past nine.\n" * 12

Row = dict[str, Any]


def main(vendors: list[str], count: int) -> None:
    with _sink() as port:
        for vendor in vendors:
            with crowd.crowds(vendor, [crowd.TEAM]) as urls:
                (url,) = urls.values()
                process = stage.child(__file__, url, "child", str(port), str(count))
                assert process.stdout
                line = process.stdout.readline()
                if not line:
                    raise SystemExit("a child has died; its words are above")
                process.wait()
            _print(vendor, count, json.loads(line))


def _print(vendor: str, count: int, rounds: dict[str, list[tuple[float, float]]]) -> None:
    print(f"{vendor}: {count} mails, one process, median of {TURNS} turns")
    limit = median(speed for speed, _ in rounds[WAYS[1]])
    for way, turns in rounds.items():
        speed, cpu = (median(turn[i] for turn in turns) for i in (0, 1))
        print(
            f"{way:28}{speed:>8,.0f}/s  {speed / limit:6.1%} of the second {cpu:7.2f} ms CPU each"
        )


@contextmanager
def _sink() -> Iterator[int]:
    """A mail server in a process of its own, so that it does not take our time; its port."""
    process = subprocess.Popen(
        [sys.executable, __file__, "sink"], stdout=subprocess.PIPE, text=True, cwd=stage.HOME
    )
    assert process.stdout
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()


class _Session(socketserver.StreamRequestHandler):
    """Says yes to everything; keeps nothing but the number of mails, which NOOP asks for."""

    taken = 0

    def handle(self) -> None:
        self.wfile.write(b"220 sink\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                while self.rfile.readline() not in (b".\r\n", b""):
                    pass
                _Session.taken += 1
            elif verb == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            self.wfile.write(b"250 %d\r\n" % _Session.taken)


class _Sink(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128


def run_sink() -> None:
    with _Sink(("127.0.0.1", 0), _Session) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()


# --- In a child: one database ---------------------------------------------------------------------


def serve(port: int, count: int) -> None:
    from django.conf import settings

    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    ways = dict(zip(WAYS, [_alone, _with_updates, _outbox, _django], strict=True))
    rounds: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
    for _ in range(TURNS):
        for name, way in ways.items():
            _fill(count)
            before = _taken(port)
            began, used = perf_counter(), process_time()
            way(port)
            spent, worked = perf_counter() - began, process_time() - used
            assert _taken(port) - before == count, name
            rounds[name].append((count / spent, 1000 * worked / count))
    print(json.dumps(rounds), flush=True)


def _taken(port: int) -> int:
    import smtplib

    with smtplib.SMTP("127.0.0.1", port) as server:
        return int(server.noop()[1])


def _fill(count: int) -> None:
    """A full outbox, to so many people that nobody's mail is made into a digest."""
    from django.utils import timezone

    from messaging.models import Message

    Message.objects.all().delete()
    Message.objects.bulk_create(
        Message(
            event_key=f"bench:{number}",
            medium="email",
            recipient=f"person{number}@desk.example",
            kind="sla_remind",
            subject="Acme Robotics is waiting for you",
            body=BODY,
            message_id=f"<{number}@desk.example>",
            next_try_at=timezone.now(),
        )
        for number in range(count)
    )


def _waiting() -> Any:
    from messaging.models import Message

    rows = Message.objects.order_by("pk")
    return rows.values_list("pk", "recipient", "subject", "body")


def _written(recipient: str, subject: str, body: str) -> str:
    return f"From: desk@desk.example\r\nTo: {recipient}\r\nSubject: {subject}\r\n\r\n{body}"


def _alone(port: int) -> None:
    import smtplib

    with smtplib.SMTP("127.0.0.1", port) as server:
        for _, recipient, subject, body in _waiting():
            server.sendmail("desk@desk.example", [recipient], _written(recipient, subject, body))


def _with_updates(port: int) -> None:
    import smtplib

    from django.db import connection

    sql = "UPDATE messaging_message SET state = %s WHERE id = %s AND state = %s"
    with smtplib.SMTP("127.0.0.1", port) as server, connection.cursor() as cursor:
        for pk, recipient, subject, body in _waiting():
            cursor.execute(sql, ["sending", pk, "pending"])
            server.sendmail("desk@desk.example", [recipient], _written(recipient, subject, body))
            cursor.execute(sql, ["sent", pk, "sending"])


def _outbox(port: int) -> None:
    from messaging import outbox
    from messaging.models import Message

    while outbox.deliver_due()["sent"]:
        pass
    assert not Message.objects.exclude(state="sent").exists()


def _django(port: int) -> None:
    from django.core.mail import EmailMessage

    for _, recipient, subject, body in _waiting():
        EmailMessage(subject, body, "desk@desk.example", [recipient]).send()


if __name__ == "__main__":
    if sys.argv[1:2] == ["sink"]:
        run_sink()
    elif sys.argv[1:2] == ["child"]:
        crowd.at_home()
        serve(int(sys.argv[2]), int(sys.argv[3]))
    else:
        on = sys.argv[1] if len(sys.argv) > 1 else "postgresql,sqlite"
        main(on.split(","), int(sys.argv[2]) if len(sys.argv) > 2 else 300)
