"""A mail server on loopback that takes everything, slowly enough to be interrupted, and counts."""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.faults.harness import free_port

PAUSE = 0.02  # seconds for each mail: time for a kill to fall into


class PostOffice:
    """How often each message, by its Message-ID and recipient, has arrived."""

    def __init__(self) -> None:
        self.arrived: Counter[tuple[str, str]] = Counter()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        await asyncio.sleep(PAUSE)
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content)
        for recipient in envelope.rcpt_tos:
            self.arrived[str(message["Message-ID"]), recipient] += 1
        return "250 OK"

    def repeats(self, of: str = "") -> int:
        """How many came once too often to recipients whose address begins with `of`."""
        return sum(
            count - 1 for (_, recipient), count in self.arrived.items() if recipient.startswith(of)
        )


@contextmanager
def open_post_office() -> Iterator[tuple[PostOffice, str]]:
    """A mail server and its EMAIL_URL."""
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    office, port = PostOffice(), free_port()
    controller = Controller(office, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield office, f"smtp://127.0.0.1:{port}"
    finally:
        controller.stop()
