"""A policy tried on the past: the live one replays history, another one differs where it should."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.models import Account, Contact
from handoffs import lifecycle
from handoffs.models import Handoff
from sla import clocks, policies
from sla.models import Clock, PolicyVersion
from sla.simulation import Trial, try_out
from team.models import User
from tests.factories import submitted

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@pytest.fixture
def past(
    clock: time_machine.Traveller, sdr: User, ae: User, account: Account, contact: Contact
) -> list[Handoff]:
    """Four inbound requests of a Monday: accepted after 10, 40 and 90 minutes; one never."""
    handoffs = []
    for minutes in (10, 40, 90, None):
        clock.move_to(MONDAY, tick=False)
        one = submitted(sdr=sdr, account=account, contact=contact, lead_source="inbound")
        if minutes is not None:
            clock.move_to(MONDAY + timedelta(minutes=minutes), tick=False)
            one = lifecycle.accept(one, by=ae)
        handoffs.append(one)
    clock.move_to(MONDAY + timedelta(hours=4), tick=False)
    clocks.sweep(timezone.now())
    return handoffs


@pytest.fixture
def live() -> PolicyVersion:
    found = policies.active_version("inbound", None)
    assert found is not None
    return found


def tried(version: PolicyVersion, **limits: int) -> Trial:
    now = timezone.now()
    return try_out(
        version,
        since=now - timedelta(days=30),
        until=now,
        now=now,
        limits={kind: timedelta(minutes=minutes) for kind, minutes in limits.items()},
    )


def test_the_live_policy_replays_history(past: list[Handoff], live: PolicyVersion) -> None:
    trial = tried(live)
    assert trial.handoffs == 4
    assert trial.differs == 0
    missed = [clock for clock in Clock.objects.all() if clock.is_missed(timezone.now())]
    assert sum(trial.before.missed.values()) == len(missed) > 0
    assert trial.after.missed == trial.before.missed
    assert trial.after.clocks == trial.before.clocks
    assert (trial.newly_missed, trial.newly_kept) == ([], [])


def test_a_stricter_limit_misses_more_and_names_them(
    past: list[Handoff], live: PolicyVersion
) -> None:
    by_now = {limit: tried(live, accept=limit).after.missed["accept"] for limit in (5, 30, 60, 239)}
    rows = Clock.objects.filter(kind="accept", cycle=0)
    waited = sorted(row.elapsed_at(timezone.now()) for row in rows)
    cycles = Clock.objects.filter(kind="accept").exclude(cycle=0)
    assert not cycles.exists() or by_now
    expected = {
        limit: sum(
            row.elapsed_at(timezone.now()) > timedelta(minutes=limit)
            for row in Clock.objects.filter(kind="accept")
        )
        for limit in by_now
    }
    assert len(waited) == 4
    assert by_now == expected
    assert by_now[5] > by_now[239] > 0


def test_only_its_lead_source_and_window_count(past: list[Handoff], live: PolicyVersion) -> None:
    other = policies.active_version("outbound", None)
    assert other is not None and tried(other).handoffs == 0
    now = timezone.now()
    before = try_out(live, since=now - timedelta(days=9), until=MONDAY, now=now)
    assert before.handoffs == 0


def test_nothing_is_written(past: list[Handoff], live: PolicyVersion) -> None:
    before = list(Clock.objects.order_by("pk").values())
    tried(live, accept=1)
    assert list(Clock.objects.order_by("pk").values()) == before


def test_the_command_tells_it_in_words(past: list[Handoff], live: PolicyVersion) -> None:
    out = StringIO()
    call_command("simulate_policy", live.pk, "--limit", "accept=5", stdout=out)
    assert "4 handoffs submitted since" in out.getvalue()
    assert "equals history" in out.getvalue()
    assert "Missed: Accept" in out.getvalue()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((10**6,), "There is no version 1000000"),
        (("--days", "0"), "1 to 3650 days"),
        (("--limit", "lunch=5"), "PROMISE=MINUTES"),
        (("--limit", "accept=soon"), "PROMISE=MINUTES"),
    ],
)
def test_what_cannot_be_tried_is_refused_in_a_sentence(
    live: PolicyVersion, arguments: tuple[object, ...], words: str
) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("simulate_policy", *arguments)


def test_a_manager_tries_a_version_in_the_browser(
    client: Client, past: list[Handoff], live: PolicyVersion, manager: User, ae: User
) -> None:
    client.force_login(manager)
    address = f"/reports/try/policy/{live.pk}/"
    page = client.get(address, {"days": 30, "accept": 5}).content.decode()
    assert "4 handoffs" in page
    assert "equals history" in page
    refused = client.get(address, {"days": 0, "accept": "soon"})
    assert refused.status_code == 422
    assert "Enter a whole number" in refused.content.decode()
    assert client.get("/reports/try/").status_code == 200
    client.force_login(ae)
    assert client.get(address).status_code == 403
