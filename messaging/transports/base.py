"""What every way out shares: how a failure is told, and how long anything may take."""

import socket
import threading
from contextlib import suppress

CONNECT_SECONDS = 10.0
TOTAL_SECONDS = 15.0


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

    A socket's own timeout starts anew with every byte; the lease on a message does not.
    """

    def __init__(self) -> None:
        self.sock: socket.socket | None = None
        self._timer: threading.Timer | None = None

    def start(self, seconds: float) -> None:
        """Hang up `seconds` from now."""
        self.stop()
        self._timer = threading.Timer(seconds, self._hang_up)
        self._timer.daemon = True
        self._timer.start()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _hang_up(self) -> None:
        if self.sock is not None:
            with suppress(OSError):
                # The plain socket's method: a TLS one would drop its state under the reader.
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)
