"""Counting days in advance never changes a figure: what the days add up to is what the facts say,
whatever happened, in whichever zone, at whichever moment."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command

from handoffs import lifecycle
from handoffs.models import Handoff, HandoffEvent, Reason
from handoffs.models.event import EventKind
from reports import along, board, days, facts, metrics, rollup, two_views
from reports.models import Chain, Day, Fact, Tally
from reports.periods import Period, last_months, month
from reports.scope import Scope
from reports.tables import Table
from team.models import User
from tests.reports.stories import Desk, instant
from tests.reports.test_recount import NOW, chaos

__all__ = ["chaos"]
pytestmark = pytest.mark.django_db
ZONES = ("UTC", "America/Los_Angeles", "Asia/Kathmandu", "Pacific/Kiritimati")


def page(now: datetime, zone: str, scope: Scope, newest: str = "2026-05") -> list[Any]:
    """Every number of the joint page."""
    period = month(newest, ZoneInfo(zone))
    shown = board.cards(period, scope, now)
    tables: list[Table] = [board.summary(shown), *(card.trend for card in shown)]
    tables += [along.along(dimension, period, scope, now) for dimension in along.TITLES]
    beside = [(card.span, card.since_submission, card.found.also, card.months) for card in shown]
    return [
        tables,
        beside,
        two_views.differences(shown, period, scope, now),
    ]


def without_days(now: datetime, zone: str, scope: Scope, newest: str = "2026-05") -> list[Any]:
    """The same with nothing counted in advance."""
    kept = list(Day.objects.all())
    Day.objects.update(rolled=0)
    try:
        return page(now, zone, scope, newest)
    finally:
        Day.objects.bulk_update(kept, ["rolled"])


def test_days_add_up_to_the_facts_in_every_zone_and_scope(
    chaos: None, sdr: User, other_sdr: User, ae: User
) -> None:
    Handoff.objects.filter(pk__in=list(Handoff.objects.values_list("pk", flat=True)[::3])).update(
        lead_source="inbound"
    )
    facts.catch_up()
    assert rollup.roll(NOW) > 150
    assert not Day.objects.stale(NOW).exists()
    for zone in ZONES:
        period = last_months(month("2026-05", ZoneInfo(zone)), 5)
        plan = days.plan(period, days.fresh(NOW))
        assert len(plan.days) > 140  # not read from the facts after all
        for scope in (Scope(), Scope(sdr=other_sdr), Scope(ae=ae), Scope(lead_source="inbound")):
            assert page(NOW, zone, scope) == without_days(NOW, zone, scope), (zone, scope)
    for scope in (
        Scope(sdr=sdr, lead_source="inbound"),
        Scope(team=frozenset((sdr.pk, ae.pk))),
        Scope(team=frozenset((other_sdr.pk,)), lead_source="mql"),
        Scope(team=frozenset((sdr.pk, ae.pk)), sdr=other_sdr.pk),
        Scope(sdr=sdr, ae=ae).remembering(),
    ):
        assert page(NOW, "UTC", scope) == without_days(NOW, "UTC", scope), scope


def test_time_alone_makes_days_stale_when_it_changes_them(chaos: None) -> None:
    """Slots pass, and 30 days pass after them: counted once early on, the figures stay right."""
    facts.catch_up()
    early = datetime(2026, 3, 3, 12, tzinfo=UTC)
    rollup.roll(early)
    for hours in (0, 1, 30, 200, 700, 900):
        now = early + timedelta(hours=hours)
        for newest in ("2026-03", "2026-05"):
            assert page(now, "UTC", Scope(), newest) == without_days(now, "UTC", Scope(), newest)
    later = early + timedelta(hours=900)
    stale = set(Day.objects.stale(later).values_list("day", flat=True))
    assert stale
    assert rollup.roll(later) == len(stale)
    assert rollup.roll(later) == 0
    # Asked about the past, the days know that they were counted later
    assert page(early, "UTC", Scope()) == without_days(early, "UTC", Scope())


def test_each_event_makes_only_its_own_days_stale(march: dict[str, Handoff], desk: Desk) -> None:
    facts.catch_up()
    rollup.roll(instant("05-20 10:00"))
    march_in_utc = ("UTC", Scope(), "2026-03")

    def check(now: datetime, *, stale: int) -> None:
        facts.catch_up()
        assert Day.objects.stale(now).count() <= stale
        assert page(now, *march_in_utc) == without_days(now, *march_in_utc)
        rollup.roll(now)
        assert page(now, *march_in_utc) == without_days(now, *march_in_utc)

    # Late corrections, months afterwards: held after all, then won, then reverted
    late = march["no outcome recorded"]
    desk.hold(late, "05-21 10:00")
    check(instant("05-21 10:00"), stale=6)
    desk.win(late, "05-21 11:00")
    check(instant("05-21 11:00"), stale=6)
    HandoffEvent.objects.create(
        handoff=late,
        kind=EventKind.DISQUALIFIED,
        actor=desk.ae,
        owner=desk.ae,
        occurred_at=desk.at("05-22 10:00"),
    )
    check(instant("05-22 10:00"), stale=7)
    # Decisions and first contacts of what still waited
    waiting = march["pending"]
    lifecycle.reject(
        waiting,
        by=desk.ae,
        reason=Reason.objects.get(code="no_need"),
        note="They only wanted the price list.",
        at=desk.at("05-22 11:00"),
    )
    check(instant("05-22 11:00"), stale=4)
    desk.contact(march["uncontacted"], "05-22 12:00")
    check(instant("05-22 12:00"), stale=5)
    # Nothing new: reading the latest lines of the log again makes nothing stale
    HandoffEvent.objects.create(
        handoff=waiting, kind=EventKind.PREP_STARTED, occurred_at=desk.at("05-22 13:00")
    )
    facts.catch_up()
    assert not Day.objects.stale(instant("05-22 13:00")).exists()


def test_a_day_that_changes_while_it_is_counted_stays_stale(
    chaos: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts.catch_up()
    row = Fact.objects.exclude(submitted_at=None).order_by("pk")[0]
    assert row.submitted_at is not None
    day = row.submitted_at.date()
    plainly = rollup.tallies_of

    def interrupted(chosen: Any, now: datetime) -> Any:
        found = plainly(chosen, now)
        if day in chosen:
            days.touch([row.submitted_at])
        return found

    monkeypatch.setattr(rollup, "tallies_of", interrupted)
    rollup.roll(NOW)
    assert [one.day for one in Day.objects.stale(NOW)] == [day]
    assert not Tally.objects.filter(day_id=day).exists()
    monkeypatch.undo()
    assert rollup.roll(NOW) == 1


def test_a_deleted_draft_leaves_the_days_it_was_counted_on(desk: Desk, sdr: User) -> None:
    draft = lifecycle.create_draft(sdr=sdr, by=sdr, account=desk.account)
    slot = instant("03-03 10:00")
    HandoffEvent.objects.create(
        handoff=draft,
        kind=EventKind.MEETING_BOOKED,
        occurred_at=instant("03-02 10:00"),
        data={"meeting": 1, "uid": "a@desk", "starts_at": slot.isoformat()},
    )
    now = desk.at("03-04 10:00")
    facts.catch_up()
    rollup.roll(now)
    period = Period(slot, slot + timedelta(days=1))
    assert metrics.show_rate(period, Scope(), now).denominator == 1
    lifecycle.delete_draft(draft, by=sdr)
    assert not Chain.objects.exists()
    assert metrics.show_rate(period, Scope(), now).denominator == 0


def test_the_rebuild_command_comes_to_the_same(
    chaos: None, capsys: pytest.CaptureFixture[str]
) -> None:
    facts.catch_up()
    rollup.roll(NOW)
    before = page(NOW, "UTC", Scope())
    call_command("rebuild_reports")
    assert json.loads(capsys.readouterr().out)["handoffs"] == Handoff.objects.count()
    assert page(NOW, "UTC", Scope()) == before
    Tally.objects.update(show_counted=0)
    call_command("rebuild_reports", "--days-only")
    assert page(NOW, "UTC", Scope()) == before
