"""`manage.py migrate`, safe to run while the previous release serves people, and twice at once."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.migration import Migration
from django.db.migrations.state import ProjectState

# Every machine that starts a release may run it: one does it, the others wait and find it done
LOCK = 0x48616E64  # any number that nothing else uses
# A change of a table waits for whoever reads it, and everybody else waits behind the change. So it
# gives up instead, and is run again when nobody holds the table.
PATIENCE = "5s"
LOCK_NOT_AVAILABLE = "55P03"  # PostgreSQL’s docs, "Error Codes"


class WholeExecutor(MigrationExecutor):
    """Has a migration and the line that says it is done in one transaction.

    Django writes the line after the transaction when indexes or foreign keys come last: whoever is
    killed between the two finds “relation already exists” at every later run.
    """

    def apply_migration(
        self,
        state: ProjectState,
        migration: Migration,
        fake: bool = False,
        fake_initial: bool = False,
    ) -> ProjectState:
        if not migration.atomic:
            return super().apply_migration(state, migration, fake, fake_initial)
        # SQLite rebuilds tables only with this off, and hears of it only outside a transaction
        whole = transaction.atomic(self.connection.alias)
        with self.connection.constraint_checks_disabled(), whole:
            return super().apply_migration(state, migration, fake, fake_initial)


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        migrate.MigrationExecutor = WholeExecutor  # type: ignore[attr-defined]
        with alone(connection):
            try:
                super().handle(*args, **options)
            except OperationalError as error:
                if getattr(error.__cause__, "sqlstate", "") != LOCK_NOT_AVAILABLE:
                    raise
                raise CommandError(
                    f"Somebody held a table for more than {PATIENCE}. What is done is done, the "
                    "rest is as it was: run it again."
                ) from error


@contextmanager
def alone(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Wait until nobody else migrates this database, and have others wait for us."""
    if connection.vendor != "postgresql":
        with (settings.VAR_DIR / "migrate.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                if not connection.in_atomic_block:
                    connection.close()  # the last one to close clears up, and is then in the way
        return
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0; SET lock_timeout = 0")
        cursor.execute("SET idle_in_transaction_session_timeout = 0")
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        cursor.execute(f"SET lock_timeout = '{PATIENCE}'")
    try:
        yield
    finally:
        connection.close()  # which gives the lock back, and the limits
