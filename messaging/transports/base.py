"""What every way out shares: how a failure is told, and how long anything may take."""

import socket
import threading
import time
from contextlib import suppress

CONNECT_SECONDS = 10.0
TOTAL_SECONDS = 15.0
TICK_SECONDS = 0.1


class TransportError(Exception):
    """A message did not leave, or nobody knows whether it did. The text is a sentence for people.

    permanent    trying again is of no use
    unknown      it may have arrived all the same
    retry_after  seconds that the other side asked us to wait
    down         the line itself is broken: nothing else will get through now either
    setup        and it will stay so until an admin changes something
    closed       the channel's webhook is gone for good
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        unknown: bool = False,
        retry_after: float | None = None,
        down: bool = False,
        setup: bool = False,
        closed: bool = False,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent or closed
        self.unknown = unknown
        self.retry_after = retry_after
        self.down = down or setup
        self.setup = setup
        self.closed = closed


class HangUp:
    """Ends a conversation that takes too long, however slowly the other side drips.

    A socket's own timeout starts anew with every byte; the lease on a message does not. One
    thread watches one connection from its first `start` to `end`.
    """

    def __init__(self) -> None:
        self.sock: socket.socket | None = None
        self._deadline: float | None = None
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, seconds: float) -> None:
        """Hang up `seconds` from now, unless `start` or `stop` is called before."""
        self._deadline = time.monotonic() + seconds
        if self._thread is None:
            self._thread = threading.Thread(target=self._watch, daemon=True)
            self._thread.start()

    def stop(self) -> None:
        self._deadline = None

    def end(self) -> None:
        """The connection is closed; there is nothing left to watch."""
        self._deadline = None
        self._over.set()

    def _watch(self) -> None:
        while not self._over.wait(TICK_SECONDS):
            deadline = self._deadline
            if deadline is not None and time.monotonic() >= deadline:
                self._hang_up()
                return

    def _hang_up(self) -> None:
        if self.sock is not None:
            with suppress(OSError):
                # The plain socket's method: a TLS one would drop its state under the reader.
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)
