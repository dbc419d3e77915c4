"""What waiting costs: the benchmark at first, then the team's own curve, which never rises."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import Account, Contact
from handoffs import lifecycle, waiting
from handoffs.models import SpeedCurve
from handoffs.waiting import CASES_NEEDED, Curve
from team.models import User
from tests.factories import accepted, submitted


def test_by_the_benchmark_each_hour_costs_a_tenth_of_what_is_left() -> None:
    now = timezone.now()
    lost = [Curve().lost(now, now + timedelta(hours=hours)) for hours in (0, 1, 2, 24)]
    assert lost == pytest.approx([0, 0.1, 0.19, 1 - 0.9**24])


def test_too_few_cases_have_no_curve() -> None:
    assert waiting.fit([(1.0, True)] * (CASES_NEEDED - 1)) == []


def test_the_curve_goes_through_the_shares_of_equal_buckets() -> None:
    cases = []
    for hours, won in ((1, 16), (2, 12), (4, 8), (8, 6), (16, 4)):
        cases += [(float(hours), number < won) for number in range(20)]
    points = waiting.fit(cases)
    assert points == [(1, 0.8), (2, 0.6), (4, 0.4), (8, 0.3), (16, 0.2)]
    curve, now = Curve(tuple(points), len(cases)), timezone.now()
    assert curve.lost(now, now + timedelta(hours=1)) == 0
    assert curve.lost(now, now + timedelta(hours=3)) == pytest.approx(1 - 0.5 / 0.8)
    assert curve.lost(now, now + timedelta(days=9)) == pytest.approx(0.75)


def test_chance_does_not_make_waiting_pay() -> None:
    cases = []
    for hours, won in ((1, 10), (2, 14), (4, 8), (8, 8), (16, 2)):
        cases += [(float(hours), number < won) for number in range(20)]
    shares = [share for _, share in waiting.fit(cases)]
    assert shares == pytest.approx([0.6, 0.6, 0.4, 0.4, 0.1])


def test_nothing_ever_converted_says_nothing() -> None:
    assert waiting.fit([(float(hours), False) for hours in range(CASES_NEEDED)]) == []


@pytest.mark.django_db
def test_it_is_measured_from_handoffs_with_an_outcome(
    clock: time_machine.Traveller, sdr: User, ae: User, account: Account, contact: Contact
) -> None:
    won = accepted(sdr=sdr, account=account, contact=contact)
    clock.shift(timedelta(hours=2))
    won = lifecycle.record_contact(won, by=ae, channel="call", note="We spoke.")
    accepted(sdr=sdr, account=account, contact=contact)  # never contacted, so no case
    lifecycle.create_opportunity(won, by=ae)
    assert waiting.measure(timezone.now()).cases == 1
    assert not waiting.current().is_measured


@pytest.mark.django_db
def test_the_queue_says_by_which_curve(
    client: Client,
    sdr: User,
    ae: User,
    account: Account,
    contact: Contact,
    clock: time_machine.Traveller,
) -> None:
    submitted(sdr=sdr, account=account, contact=contact)
    clock.shift(timedelta(hours=2))
    client.force_login(ae)
    page = client.get("/queue/").content.decode()
    assert "−19 %" in page
    assert "benchmark of 10 % an hour" in page
    SpeedCurve.objects.create(
        pk=1, measured_at=timezone.now(), cases=120, points=[[1, 0.8], [3, 0.4]]
    )
    page = client.get("/queue/").content.decode()
    assert "−25 %" in page
    assert "your own team’s 120 first contacts" in page
