"""What every way out shares: how a failure is told, and how long anything may take."""

from team.sockets import CONNECT_SECONDS, TOTAL_SECONDS, HangUp

__all__ = ["CONNECT_SECONDS", "TOTAL_SECONDS", "HangUp", "TransportError"]


class TransportError(Exception):
    """A message did not leave, or nobody knows whether it did. The text is a sentence for people.

    permanent    trying again is of no use
    unknown      it may have arrived all the same
    retry_after  seconds that the other side asked us to wait
    down         the line itself is broken: nothing else will get through now either
    setup        and it will stay so until an admin changes something
    closed       the channel's webhook is gone for good
    nobody_there the other side says that there is no such address
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
        nobody_there: bool = False,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent or closed
        self.unknown = unknown
        self.retry_after = retry_after
        self.down = down or setup
        self.setup = setup
        self.closed = closed
        self.nobody_there = nobody_there
