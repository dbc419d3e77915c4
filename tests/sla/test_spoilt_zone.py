"""A time zone that the machine’s data no longer knows, or hours spoilt behind our back."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import Account, Contact
from handoffs import feedback, lifecycle
from handoffs.models import Handoff
from sla import health
from sla.clocks import sweep
from team.models import CalendarVersion, User, WorkCalendar
from tests.factories import submitted

pytestmark = pytest.mark.django_db

GONE = "US/Pacific-New"  # dropped from the data in 2020


@pytest.fixture
def handoff(sdr: User, account: Account, contact: Contact) -> Handoff:
    return submitted(sdr=sdr, account=account, contact=contact, lead_source="outbound")


@pytest.fixture(params=["zone", "hours"])
def spoilt(request: pytest.FixtureRequest, handoff: Handoff, calendar: WorkCalendar) -> Handoff:
    """A handoff whose clocks run in hours that can no longer be read."""
    if request.param == "zone":
        WorkCalendar.objects.update(time_zone=GONE)
        CalendarVersion.objects.update(time_zone=GONE)
        User.objects.update(time_zone=GONE)
    else:
        calendar.intervals.all().delete()
        CalendarVersion.objects.update(weekly_hours={})
    return handoff


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("ae", "/"),
        ("ae", "/queue/"),
        ("ae", "/handoffs/{pk}/"),
        ("manager", "/"),
        ("manager", "/queue/"),
        ("manager", "/sla/attention/"),
        ("manager", "/sla/coverage/"),
        ("manager", "/sla/coverage/?when=night"),
        ("manager", "/sla/map/"),
        ("manager", "/sla/handoffs/{pk}/minutes/"),
        ("manager", "/sla/health/"),
        ("manager", "/reports/"),
        ("revops", "/admin/handoffs/handoff/"),
        ("revops", "/admin/team/workcalendar/"),
    ],
)
def test_no_page_breaks(
    spoilt: Handoff,
    client: Client,
    revops: User,
    clock: time_machine.Traveller,
    who: str,
    path: str,
) -> None:
    clock.shift(timedelta(hours=5))
    sweep()
    client.force_login(User.objects.get(username=who))
    assert client.get(path.format(pk=spoilt.pk)).status_code == 200


def test_the_health_page_names_what_cannot_be_read(spoilt: Handoff, calendar: WorkCalendar) -> None:
    (found,) = [one for one in health.findings(timezone.now()) if one.name == "Calendars"]
    assert found.light is health.Light.AMBER
    assert str(calendar) in found.words


def test_with_readable_hours_it_is_green(handoff: Handoff) -> None:
    (found,) = [one for one in health.findings(timezone.now()) if one.name == "Calendars"]
    assert found.light is health.Light.GREEN


def test_people_in_a_zone_that_is_gone_are_counted(handoff: Handoff, ae: User) -> None:
    User.objects.filter(pk=ae.pk).update(time_zone=GONE)
    (found,) = [one for one in health.findings(timezone.now()) if one.name == "Calendars"]
    assert found.light is health.Light.AMBER
    assert "One person has a time zone that no longer exists" in found.words


def test_a_rejection_may_still_be_contested(spoilt: Handoff, ae: User) -> None:
    lifecycle.reject(
        spoilt, by=ae, reason="duplicate", note="They have no budget before next spring."
    )
    rejection = feedback.rejection_of(spoilt)
    assert rejection is not None
    until = feedback.contest_until(rejection)
    assert until is not None and until > rejection.occurred_at
