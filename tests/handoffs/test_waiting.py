"""What waiting costs: the benchmark, the team's own curve, and which of the two counts."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Account, Contact
from handoffs import lifecycle, meetings, tasks, waiting
from handoffs.models import Handoff, Reason, SpeedCurve
from handoffs.waiting import Curve, fit
from team.models import User
from tests.factories import accepted, submitted

pytestmark = pytest.mark.django_db


def lost_after(curve: Curve, hours: float) -> float:
    now = timezone.now()
    return round(curve.lost(now - timedelta(hours=hours), now), 4)


def decided(*waits: tuple[float, int, int]) -> list[tuple[float, bool]]:
    """Cases: so many hours waited, of so many cases so many converted."""
    return [(hours, number < won) for hours, cases, won in waits for number in range(cases)]


def test_by_the_benchmark_each_hour_costs_a_tenth_of_what_is_left() -> None:
    assert lost_after(Curve(), 0) == 0
    assert lost_after(Curve(), 1) == 0.1
    assert lost_after(Curve(), 2) == 0.19
    assert lost_after(Curve(), 0.5) == 0.0513
    assert lost_after(Curve(), -3) == 0


def test_five_points_from_a_hundred_cases() -> None:
    cases = decided((0.5, 20, 16), (2, 20, 12), (6, 20, 8), (24, 20, 4), (72, 20, 2))
    points = fit(cases)
    assert points == [(0.5, 0.8), (2, 0.6), (6, 0.4), (24, 0.2), (72, 0.1)]
    curve = Curve(tuple(points), 100)
    assert lost_after(curve, 0.2) == 0
    assert lost_after(curve, 4) == 0.375  # half way from 0.6 to 0.4, of 0.8
    assert lost_after(curve, 24) == 0.75
    assert lost_after(curve, 500) == 0.875


def test_ninety_nine_cases_say_nothing() -> None:
    assert fit(decided((0.5, 50, 40), (9, 49, 10))) == []
    assert fit(decided((0.5, 120, 0))) == []


def test_chance_never_makes_waiting_pay() -> None:
    points = fit(decided((1, 20, 10), (2, 20, 14), (3, 20, 6), (4, 20, 8), (5, 20, 1)))
    assert points == [(1, 0.6), (2, 0.6), (3, 0.35), (4, 0.35), (5, 0.05)]


def test_it_is_measured_from_how_the_handoffs_ended(
    sdr: User, ae: User, account: Account, contact: Contact
) -> None:
    won, lost, open_one, duplicate = (
        accepted(sdr=sdr, account=account, contact=contact) for _ in range(4)
    )
    for handoff in (won, lost, open_one, duplicate):
        lifecycle.record_contact(handoff, by=ae, channel="call", unprepared_because="They rang us.")
    for handoff in (lost, duplicate):
        why = "after_duplicate" if handoff is duplicate else "after_no_need"
        lifecycle.disqualify(handoff, by=ae, reason=Reason.objects.get(code=why))
    lifecycle.create_opportunity(won, by=ae)
    assert meetings.last_of(won) is not None
    tasks.measure_speed()
    row = SpeedCurve.objects.get()
    assert (row.cases, row.points) == (2, [])
    waiting.measure(timezone.now() + timedelta(days=366))
    assert SpeedCurve.objects.get().cases == 0


def queue_of(client: Client, user: User) -> str:
    client.force_login(user)
    return str(client.get("/queue/").content.decode())


def test_the_queue_says_what_it_costs_and_by_which_curve(
    client: Client, sdr: User, ae: User, account: Account, contact: Contact
) -> None:
    handoff = submitted(sdr=sdr, account=account, contact=contact)
    assert "none yet" in queue_of(client, ae)
    long_ago = timezone.now() - timedelta(hours=2)
    Handoff.objects.filter(pk=handoff.pk).update(submitted_at=long_ago)
    page = queue_of(client, ae)
    assert "−19 %" in page
    assert "By the benchmark of 10 % an hour" in page
    points = [[0.5, 0.8], [3.5, 0.4], [9, 0.3], [20, 0.2], [90, 0.1]]
    SpeedCurve.objects.create(pk=1, measured_at=timezone.now(), cases=140, points=points)
    page = queue_of(client, ae)
    assert "−25 %" in page
    assert "140 first contacts of the last 12 months" in page
    assert "benchmark" not in page


def test_after_the_first_contact_nothing_waits_any_more(
    client: Client, sdr: User, ae: User, account: Account, contact: Contact
) -> None:
    handoff = accepted(sdr=sdr, account=account, contact=contact)
    lifecycle.record_contact(handoff, by=ae, channel="call", unprepared_because="They rang us.")
    client.force_login(ae)
    page = client.get("/queue/?state=accepted").content.decode()
    assert "contacted" in page
    assert "none yet" not in page
