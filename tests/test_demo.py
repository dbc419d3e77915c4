"""The demo: a history that was really played, and a long one that is copied from it."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from accounts.models import Account, Contact
from config.demo.lists import bring_lists
from config.demo.multiply import multiply, settled
from handoffs import preparation
from handoffs.models import CalibrationCase, CalibrationRound, Handoff, HandoffEvent
from reports import facts
from reports.models import Fact
from sla import clocks
from sla.models import Clock
from team.models import Import, User
from tests.factories import make_account, make_contact

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def files_elsewhere(tmp_path: Path, settings: Any) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path},
        },
    }


@pytest.fixture
def played(db: None) -> int:
    """A short history; how many of its handoffs are settled."""
    call_command("demo", "--handoffs", "45", "--months", "2", verbosity=0)
    facts.catch_up()
    return settled().count()


def test_who_is_prepared_has_done_the_checklist(played: int) -> None:
    prepared = Handoff.objects.filter(prep_finished_at__isnull=False)
    assert prepared.exists()
    for handoff in prepared.select_related("preparation"):
        assert preparation.open_points(handoff, handoff.preparation) == []


def test_of_its_imports_one_is_done_one_is_refused_and_one_undone(revops: User, sdr: User) -> None:
    accounts = [make_account(name=f"Firm {n}", sdr=sdr) for n in range(8)]
    known = [make_contact(account, email=f"known@{account.domain}") for account in accounts]
    bring_lists(accounts, {"sdr": sdr, "revops": revops}, timezone.now())
    fair, bought, old = Import.objects.all()
    assert (old.state, old.summary) == ("undone", "Undone: 5 removed, 0 set back, 0 kept")
    assert bought.state == "refused"
    assert [row[:2] for row in bought.report["problems"]] == [
        [2, "Email Address"],
        [4, "Email Address"],
    ]
    assert (fair.state, fair.summary) == ("done", "8 new, 8 changed, 0 the same, 0 wrong")
    assert Contact.objects.exclude(pk__in=[one.pk for one in known]).count() == 8


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
