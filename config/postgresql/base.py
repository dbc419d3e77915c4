"""A connection to PostgreSQL that is given up when the server does not answer anybody any more.

`statement_timeout` is kept by the server, and TCP’s own limits by the kernels: neither ends the
wait for a server whose processes stand still. See docs/decisions/0016-a-server-that-hangs.md.
"""

import time
from collections.abc import Generator
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from django.db.utils import OperationalError

SILENCE = 4.0  # seconds after which a statement that runs makes us look whether the server lives
ANSWERS = 3  # seconds that it has for that
HANGS = "the server does not answer"


class Connection(psycopg.Connection[Any]):
    """Waits for as long as the server is there, and no longer."""

    given_up = False

    def wait(
        self, gen: Generator[Any, Any, Any], interval: float = 0.1, timeout: float | None = None
    ) -> Any:
        """Every wait of psycopg’s goes through here."""
        return super().wait(self._watched(gen), interval, timeout)

    def _watched(self, gen: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        """`gen`, looking at the server whenever it has said nothing for a while."""
        try:
            wanted = next(gen)
            heard = time.monotonic()
            while True:
                ready = yield wanted
                if ready:
                    heard = time.monotonic()
                elif time.monotonic() - heard >= SILENCE:
                    self._give_up_unless_it_lives()
                    heard = time.monotonic()
                wanted = gen.send(ready)
        except StopIteration as done:
            return done.value

    def _give_up_unless_it_lives(self) -> None:
        """Raises where a newcomer gets no answer either; a refusal is one."""
        try:
            psycopg.connect(
                self.info.dsn, password=self.info.password, connect_timeout=ANSWERS
            ).close()
        except psycopg.errors.ConnectionTimeout:
            self.given_up = True
            self.close()  # a rollback on it would wait as well
            raise psycopg.OperationalError(HANGS) from None
        except psycopg.Error:
            return


class DatabaseWrapper(base.DatabaseWrapper):
    """Django’s, with connections of ours."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> psycopg.Connection[Any]:
        connection = super().get_new_connection(conn_params)
        connection.__class__ = Connection  # Django has no way to name it
        return connection

    def close_if_health_check_failed(self) -> None:
        """As Django’s, but a server that hangs is not asked for a new connection at once."""
        before = self.connection
        super().close_if_health_check_failed()
        if self.connection is None and before is not None and before.given_up:
            raise OperationalError(HANGS)
