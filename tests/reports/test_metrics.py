"""The five metrics on a month worked out by hand."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from handoffs.models import Handoff
from reports import facts, metrics, two_views
from reports.board import BY_KEY
from reports.models import Chain, Fact
from reports.periods import month
from reports.scope import Scope, scope_of
from team.models import User
from tests.reports.stories import Desk, instant

BERLIN = month("2026-03", ZoneInfo("Europe/Berlin"))
EVERYBODY = Scope()
CHAIN_COLUMNS = [field.name for field in Chain._meta.concrete_fields if field.name != "id"]

pytestmark = pytest.mark.django_db


def named(march: dict[str, Handoff], metric: str, part: str, now: datetime) -> set[str]:
    """What the page of the handoffs behind a figure lists."""
    rows = two_views.behind(BY_KEY[metric], part, BERLIN, EVERYBODY, now)
    behind = Handoff.objects.filter(pk__in=rows)
    names = {handoff.pk: name for name, handoff in march.items()}
    return {names[handoff.pk] for handoff in behind}


def test_meeting_to_opportunity_by_hand(march: dict[str, Handoff], desk: Desk) -> None:
    found = metrics.meeting_to_opportunity(BERLIN, EVERYBODY)
    may = instant("05-20 10:00")
    assert named(march, "opportunity", "denominator", may) == {
        "won",
        "lost",
        "rescheduled",
        "no-show, then held",
        "no-show, held 15 days later",
        "cancelled by us on the day",
        "cancelled by them",
        "won after 32 days",
        "first hour of March",
        "no outcome recorded",
        "reverted",
    }
    assert named(march, "opportunity", "numerator", may) == {
        "won",
        "rescheduled",
        "no-show, then held",
        "first hour of March",
    }
    assert (found.numerator, found.denominator) == (4, 11)
    assert found.value == pytest.approx(4 / 11)
    assert dict(found.also) == {
        "cancelled by us before the day": 1,
        "still to come": 0,
        "open less than 30 days": 0,
        "duplicates": 1,
    }


def test_show_rate_and_first_call_to_opportunity_by_hand(march: dict[str, Handoff]) -> None:
    found = metrics.show_rate(BERLIN, EVERYBODY)
    assert named(march, "show", "numerator", instant("05-20 10:00")) == {
        "won",
        "lost",
        "rescheduled",
        "no-show, then held",
        "won after 32 days",
        "first hour of March",
        "reverted",
    }
    assert (found.numerator, found.denominator) == (7, 10)
    apart = dict(found.also)
    assert apart["held too long after a no-show"] == 1
    assert apart["cancelled by the prospect"] == 1
    assert apart["of these more than 24 hours ahead"] == 1
    assert apart["cancelled by us"] == 2
    assert apart["rescheduled"] == 3
    assert apart["without an outcome"] == 1

    found = metrics.first_call_to_opportunity(BERLIN, EVERYBODY)
    assert (found.numerator, found.denominator) == (4, 7)
    # The identity, on the cohort of the show rate
    whole, show, call = metrics.identity(metrics.show_rate(BERLIN, EVERYBODY))
    assert (whole.numerator, whole.denominator) == (4, 10)
    assert (show.numerator, show.denominator) == (7, 10)
    assert (call.numerator, call.denominator) == (4, 7)
    assert show.value is not None and call.value is not None
    assert whole.value == pytest.approx(show.value * call.value)


def test_rejections_and_waiting_times_by_hand(march: dict[str, Handoff]) -> None:
    found = metrics.rejection_rate(BERLIN, EVERYBODY)
    # 17 accepted of those submitted in March, and the one rejected for a reason that counts
    assert (found.numerator, found.denominator) == (1, 18)
    assert dict(found.also) == {
        "returned at least once": 1,
        "rejected for reasons that do not count": 2,
        "not decided yet": 1,
        "withdrawn": 1,
    }

    found = metrics.time_to_first_contact(BERLIN, EVERYBODY)
    # 10, 20, eleven times 30, 45, 60, 60 minutes, and one who still waits
    assert (found.count, found.uncontacted) == (17, 1)
    assert (found.median, found.p90) == (30, 60)
    # Late: the one over the weekend, accepted after more than its four hours; and the one who waits
    assert (found.in_time, found.promised) == (15, 17)
    assert found.within_sla == pytest.approx(15 / 17)
    assert (found.calendar_median, found.calendar_p90) == (30, 3900)

    found = metrics.time_to_first_contact(BERLIN, EVERYBODY, since="submitted")
    # The 17 accepted ones and the one nobody has decided on; four ended within their limit
    assert (found.count, found.uncontacted) == (18, 2)
    assert found.median == 60
    # A month of another zone: without the first hour of Berlin’s March, with that of its April
    london = metrics.show_rate(month("2026-03"), EVERYBODY)
    assert (london.numerator, london.denominator) == (7, 10)
    february = metrics.show_rate(month("2026-02"), EVERYBODY)
    assert (february.numerator, february.denominator) == (1, 1)


def test_recent_meetings_are_not_judged_before_their_time(desk: Desk) -> None:
    held = desk.taken("03-03 10:00", slot="03-05 10:00")
    desk.hold(held, "03-05 10:40")
    coming = desk.taken("03-04 10:00", slot="03-20 10:00")
    desk.at("03-10 10:00")
    assert metrics.first_call_to_opportunity(BERLIN, EVERYBODY).denominator == 0
    assert metrics.show_rate(BERLIN, EVERYBODY).denominator == 1
    desk.at("04-04 10:00")  # 30 days after the call: now it counts as not won
    found = metrics.first_call_to_opportunity(BERLIN, EVERYBODY)
    assert (found.numerator, found.denominator) == (0, 1)
    assert coming.meetings.get().status == "confirmed"


def test_scopes_and_reading_the_log_anew(
    march: dict[str, Handoff],
    desk: Desk,
    ae: User,
    backup: User,
    manager: User,
    director: User,
    other_manager: User,
    other_sdr: User,
) -> None:
    def decisions(scope: Scope) -> int:
        return metrics.rejection_rate(BERLIN, scope).denominator

    # Credit stays with who accepted: the reassigned one is Ana’s
    assert [decisions(Scope(ae=ae)), decisions(Scope(ae=backup))] == [18, 0]
    assert decisions(Scope(sdr=other_sdr)) == 0
    # A manager counts the whole team, however it is asked
    for leader, expected in ((manager, 18), (director, 18), (other_manager, 0)):
        assert decisions(Scope(manager=leader)) == expected
        assert decisions(Scope(manager=leader.pk).resolved()) == expected
        assert decisions(scope_of(leader)) == expected
    assert decisions(scope_of(ae)) == decisions(scope_of(desk.sdr)) == 18
    assert decisions(scope_of(other_sdr)) == 0

    before = list(Fact.objects.order_by("pk").values())
    chains = list(Chain.objects.order_by("fact", "uid").values_list(*CHAIN_COLUMNS))
    assert facts.catch_up() == 0
    assert facts.rebuild() == len(march)
    assert list(Fact.objects.order_by("pk").values()) == before
    assert list(Chain.objects.order_by("fact", "uid").values_list(*CHAIN_COLUMNS)) == chains

    # A late correction is read
    shown = metrics.show_rate(BERLIN, EVERYBODY)
    desk.hold(march["no outcome recorded"], "05-21 10:00")
    after = metrics.show_rate(BERLIN, EVERYBODY)
    assert (after.numerator, after.denominator) == (shown.numerator + 1, shown.denominator)
