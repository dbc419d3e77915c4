"""What a PostgreSQL server ends for us: long waits, and transactions that do nothing."""

import os
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import psycopg
import pytest
from django.db import InternalError, connection, transaction
from django.test import Client

from accounts.models import Contact
from config.backups import postgres
from config.backups.archive import Summed
from config.views import is_trouble
from handoffs.models import Handoff
from team.models import User
from team.sheets import bulk
from tests.factories import submitted
from tests.test_settings import start

pytestmark = pytest.mark.django_db(transaction=True)

SHORT = "SET idle_in_transaction_session_timeout = '300ms'"
STILL_THERE = "SELECT pid FROM pg_stat_activity, pg_sleep(0.05) WHERE pid = %s"
ASK = """
from django.db import connection
with connection.cursor() as cursor:
    for name in settings.SERVER_LIMITS:
        cursor.execute("SHOW " + name)
        print(cursor.fetchone()[0])
"""


@pytest.fixture(autouse=True)
def on_postgres() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no server that could end anything")


@pytest.fixture
def other() -> Iterator[psycopg.Connection]:
    """Somebody else’s connection to the same database."""
    connection.ensure_connection()
    info = connection.connection.info
    with psycopg.connect(info.dsn, password=info.password, autocommit=True) as other:
        yield other


def pause(other: psycopg.Connection, pid: int, looks: int) -> bool:
    """Let time pass, as the server counts it, until the connection `pid` is gone; whether it is."""
    return any(other.execute(STILL_THERE, [pid]).fetchone() is None for _ in range(looks))


def our_pid() -> int:
    return int(connection.connection.info.backend_pid)


def test_a_connection_of_ours_has_the_limits_that_are_documented(tmp_path: Path) -> None:
    environment = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": os.environ["DATABASE_URL"],
    }
    assert start(tmp_path, ASK, **environment).stdout.split() == ["30s", "10s", "1min"]


def test_a_transaction_that_does_nothing_is_ended_and_holds_nobody_up(
    client: Client, other: psycopg.Connection, ae: User, sdr: User, contact: Contact
) -> None:
    waiting = submitted(sdr=sdr, account=contact.account, contact=contact)
    client.force_login(ae)
    with pytest.raises(InternalError) as ended, transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(SHORT)
        Handoff.objects.select_for_update().get(pk=waiting.pk)
        assert pause(other, our_pid(), 200)
        other.execute(
            "SELECT id FROM handoffs_handoff WHERE id = %s FOR UPDATE NOWAIT", [waiting.pk]
        )
        Handoff.objects.get(pk=waiting.pk)
    assert is_trouble(ended.value)
    assert client.post(f"/handoffs/{waiting.pk}/accept/").status_code == 302


def test_an_import_and_a_backup_may_pause(other: psycopg.Connection) -> None:
    with connection.cursor() as cursor:
        cursor.execute(SHORT)
    with bulk.unhurried():
        assert not pause(other, our_pid(), 15)
        assert Handoff.objects.count() == 0

    class Slow(BytesIO):
        paused = False

        def write(self, data: object) -> int:
            if not self.paused:
                self.paused = True
                assert not pause(other, our_pid(), 15)
            return super().write(data)  # type: ignore[arg-type]

    facts = postgres.copy(Summed(out := Slow()), Path())
    assert out.paused and facts.rows["handoffs_handoff"] == 0
    connection.close()  # and with it the short limit
