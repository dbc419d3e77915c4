"""The demo: a history that was really played, and a long one that is copied from it."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.management import call_command
from django.db import ConnectionHandler, connection, transaction
from django.test import override_settings

from accounts.models import Account
from config.demo.multiply import multiply, settled, written_once
from handoffs import preparation
from handoffs.models import CalibrationCase, CalibrationRound, Handoff, HandoffEvent
from reports import facts
from reports.models import Fact
from sla import clocks
from sla.models import Clock
from tests.conftest import MONDAY_AT_TEN

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def played(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[int]:
    """A short history, played once for all tests; how many of its handoffs are settled."""
    files = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": tmp_path_factory.mktemp("demo")},
    }
    with (
        django_db_blocker.unblock(),
        time_machine.travel(MONDAY_AT_TEN, tick=False),
        transaction.atomic(),
    ):
        with override_settings(
            STORAGES={**settings.STORAGES, "default": files},
            PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        ):
            call_command("demo", "--handoffs", "45", "--months", "2", verbosity=0)
        facts.catch_up()
        yield settled().count()
        transaction.set_rollback(True)


def test_who_is_prepared_has_done_the_checklist(played: int) -> None:
    prepared = Handoff.objects.filter(prep_finished_at__isnull=False)
    assert prepared.exists()
    for handoff in prepared.select_related("preparation"):
        assert preparation.open_points(handoff, handoff.preparation) == []


def test_a_long_history_is_whole(played: int) -> None:
    drawn = settled().exclude(framework_version=None).order_by("-pk")[0]
    calibration = CalibrationRound.objects.create(
        month=date(2020, 1, 1), version=drawn.framework_version
    )
    CalibrationCase.objects.create(round=calibration, handoff=drawn, number=1)
    events = HandoffEvent.objects.filter(handoff__in=settled()).count()
    still_open = Handoff.objects.exclude(pk__in=settled()).count()
    multiply(to=Handoff.objects.count() + 3 * played)
    assert settled().count() == 4 * played
    assert Handoff.objects.exclude(pk__in=settled()).count() == still_open
    assert HandoffEvent.objects.filter(handoff__in=settled()).count() == 4 * events
    connection.check_constraints()
    domains = Account.objects.exclude(domain="").values("domain").distinct().count()
    assert domains == Account.objects.exclude(domain="").count()
    last = Handoff.objects.order_by("-pk")[0]
    assert Handoff.objects.create(sdr=last.sdr, lead_source=last.lead_source).pk > last.pk
    there = Handoff.objects.count()
    multiply(to=there)
    assert Handoff.objects.count() == there


@pytest.mark.parametrize(("others", "journal"), [(False, "delete"), (True, "wal")])
def test_a_long_copy_is_written_into_a_file_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, others: bool, journal: str
) -> None:
    own = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(tmp_path / "own.sqlite3"),
        "OPTIONS": {"timeout": 0.1, "init_command": "PRAGMA journal_mode=WAL"},
    }
    ours, theirs = (ConnectionHandler({"default": own})["default"] for _ in range(2))
    monkeypatch.setattr("config.demo.multiply.connection", ours)

    def asked(pragma: str) -> Any:
        with ours.cursor() as cursor:
            return cursor.execute(f"PRAGMA {pragma}").fetchone()[0]

    cache = asked("cache_size")
    if others:
        theirs.ensure_connection()
    with written_once(), transaction.atomic(), ours.cursor() as cursor:
        cursor.execute("CREATE TABLE some (pk integer)")
        cursor.execute("CREATE INDEX soon ON some (pk)")
        cursor.execute("DROP INDEX soon")
        assert asked("journal_mode") == journal
    assert (asked("journal_mode"), asked("cache_size")) == ("wal", cache)
    ours.close()
    theirs.close()


def test_copies_are_what_their_own_log_says(played: int) -> None:
    multiply(to=Handoff.objects.count() + played)
    copy = Handoff.objects.filter(status="qualified").order_by("-pk")[0]
    lived = list(Clock.objects.filter(handoff=copy).order_by("kind", "cycle").values())
    clocks.rebuild(copy)
    rebuilt = list(Clock.objects.filter(handoff=copy).order_by("kind", "cycle").values())
    assert lived
    for row in (*lived, *rebuilt):
        row.pop("id")
    assert rebuilt == lived
    figures = list(Fact.objects.order_by("pk").values())
    facts.rebuild()
    assert list(Fact.objects.order_by("pk").values()) == figures
