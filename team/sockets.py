"""What all connections to other systems share: limits that hold, which addresses are public."""

import ipaddress
import socket
import threading
import time
from contextlib import suppress

CONNECT_SECONDS = 10.0
TOTAL_SECONDS = 15.0
TICK_SECONDS = 0.1


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


def is_public(address: str) -> bool:
    """Whether a machine of the open internet can have `address`.

    is_global says yes to multicast and to IPv6 forms that carry a private IPv4 address inside.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if inner := ip.ipv4_mapped or ip.sixtofour:
            return is_public(str(inner))
        if ip in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
    return ip.is_global and not ip.is_multicast


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
