"""The demo: a history that was really played, and a long one that is copied from it."""

import pytest
from django.core.management import call_command
from django.db import connection

from accounts.models import Account
from config.demo.multiply import multiply, settled
from handoffs import preparation
from handoffs.models import Handoff, HandoffEvent
from reports import facts
from reports.models import Fact
from sla import clocks
from sla.models import Clock

pytestmark = pytest.mark.django_db


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


def test_a_long_history_is_whole(played: int) -> None:
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
