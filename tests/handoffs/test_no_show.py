"""The no-show risk: points one can count, each with its way out, graded by what happened."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, Contact
from handoffs import meetings, no_show
from handoffs.models import Handoff, HandoffEvent, Meeting, ShowRecord
from handoffs.no_show import Facts, band_of, factors
from handoffs.refusal import TransitionRefused
from team.models import User
from tests.factories import accepted

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
CALM = Facts(
    days_ahead=2, answered=True, introduced=True, dial_verified=True, moved=0, missed=0, others=1
)


def points(**facts: object) -> int:
    return sum(factor.points for factor in factors(CALM._replace(**facts)))


def test_the_worked_example_of_the_docstring() -> None:
    assert points(days_ahead=10, answered=False, introduced=False, moved=1) == 7


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, 0),
        ({"days_ahead": 3}, 0),
        ({"days_ahead": 4}, 1),
        ({"days_ahead": 8}, 2),
        ({"days_ahead": 15}, 3),
        ({"answered": False}, 2),
        ({"introduced": False}, 2),
        ({"dial_verified": False}, 1),
        ({"moved": 1}, 1),
        ({"missed": 1}, 2),
        ({"moved": 4, "missed": 2}, 3),
        ({"others": 0}, 1),
    ],
)
def test_each_factor_has_its_points(facts: dict[str, object], expected: int) -> None:
    assert points(**facts) == expected


@pytest.mark.parametrize(
    ("count", "band"), [(0, "low"), (3, "low"), (4, "medium"), (6, "medium"), (7, "high")]
)
def test_the_bands_begin_where_they_say(count: int, band: str) -> None:
    assert band_of(count).key == band


def test_every_factor_names_what_takes_it_away() -> None:
    worst = factors(Facts(20, False, False, False, 1, 1, 0))
    assert [factor.points for factor in worst] == [3, 3, 2, 2, 1, 1]
    assert all(factor.remedy for factor in worst)


@pytest.fixture
def meeting(sdr: User, account: Account, contact: Contact) -> Meeting:
    """Agreed for Wednesday, two days ahead; confirmed by the submission."""
    handoff = accepted(sdr=sdr, account=account, contact=contact, lead_source="meeting")
    return handoff.meetings.get()


def brief(user: User, handoff: Handoff) -> str:
    client = Client()
    client.force_login(user)
    return client.get(reverse("handoff", args=[handoff.pk])).content.decode()


def test_a_yes_is_noted_once_and_takes_its_points_away(
    meeting: Meeting, ae: User, sdr: User
) -> None:
    page = brief(ae, meeting.handoff)
    assert "Medium: 4 points" in page
    assert "They have not said yes to the invitation" in page
    assert reverse("handoff_introduction", args=[meeting.handoff_id]) in page
    meetings.answer_invitation(meeting, by=sdr, note="Accepted the invitation.")
    page = brief(ae, meeting.handoff)
    assert "Low: 2 points" in page
    assert "Sam Ortiz noted that they said yes to the meeting." in page
    with pytest.raises(TransitionRefused, match="noted already"):
        meetings.answer_invitation(meeting, by=sdr)


def test_a_new_time_needs_a_new_yes(meeting: Meeting, sdr: User) -> None:
    meetings.answer_invitation(meeting, by=sdr)
    moved = meetings.reschedule(meeting, by=sdr, starts_at=NOW + timedelta(days=5))
    assert moved.answered_at is None
    risk = no_show.risk_of(moved, moved.handoff, introduced=True, now=NOW)
    assert [factor.points for factor in risk.factors] == [2, 1, 1]


def test_a_yes_after_the_time_is_refused(meeting: Meeting, sdr: User, clock) -> None:  # type: ignore[no-untyped-def]
    clock.move_to(meeting.starts_at, tick=False)
    with pytest.raises(TransitionRefused, match="Its time has come"):
        meetings.answer_invitation(meeting, by=sdr)


def test_the_number_counts_only_while_it_is_the_one_that_was_checked(
    meeting: Meeting, contact: Contact
) -> None:
    Contact.objects.filter(pk=contact.pk).update(phone="+493090182999")
    handoff = Handoff.objects.get(pk=meeting.handoff_id)
    risk = no_show.risk_of(meeting, handoff, introduced=True, now=NOW)
    assert "Nobody has verified their number" in [factor.words for factor in risk.factors]


# --- Its own record ------------------------------------------------------------------------------


def judged(handoff: Handoff, came: int, missed: int, *, side: str = "theirs") -> None:
    """Meetings of the past week that all were in the same band, as far as rows go."""
    for number in range(came + missed):
        held = number < came
        Meeting.objects.create(
            handoff=Handoff.objects.create(sdr=handoff.sdr, lead_source="meeting"),
            starts_at=NOW - timedelta(days=3, minutes=number),
            booked_at=NOW - timedelta(days=5),
            status="held" if held else "no_show",
            by_side="" if held else side,
        )


def test_a_band_is_graded_by_who_came(meeting: Meeting) -> None:
    """Nobody introduced, no yes, no number, nobody else: 2 + 2 + 1 + 1 = 6, medium."""
    judged(meeting.handoff, came=15, missed=9)
    judged(meeting.handoff, came=0, missed=5, side="ours")
    record = no_show.measure(NOW)
    assert record.bands == {"low": [0, 0], "medium": [15, 24], "high": [0, 0]}
    risk = no_show.risk_of(meeting, meeting.handoff, introduced=False, now=NOW)
    assert (risk.came, risk.of, risk.observed) == (15, 24, 15 / 24)


def test_under_twenty_nothing_is_said_of_it(meeting: Meeting, ae: User) -> None:
    judged(meeting.handoff, came=15, missed=4)
    no_show.measure(NOW)
    page = brief(ae, meeting.handoff)
    assert "We assume that 70 % come at this risk" in page
    assert "an assumption until 20 such meetings of your own are over, 19 so far" in page
    assert "Of your own" not in page
    judged(meeting.handoff, came=1, missed=0)
    no_show.measure(NOW)
    assert "Of your own 20 such meetings in 12 months, 80 % came." in brief(ae, meeting.handoff)
    assert "an assumption until" not in brief(ae, meeting.handoff)


def test_a_meeting_is_judged_by_the_risk_of_the_day_before(meeting: Meeting) -> None:
    """An introduction in the last hours comes too late to count; one the day before does."""
    judged(meeting.handoff, came=1, missed=0)
    row = Meeting.objects.get(status="held")
    HandoffEvent.objects.create(
        handoff=row.handoff, kind="introduced", occurred_at=row.starts_at - timedelta(hours=2)
    )
    assert no_show.measure(NOW).bands["medium"] == [1, 1]
    Meeting.objects.filter(pk=row.pk).update(answered_at=row.starts_at - timedelta(hours=25))
    HandoffEvent.objects.create(
        handoff=row.handoff, kind="introduced", occurred_at=row.starts_at - timedelta(hours=25)
    )
    assert no_show.measure(NOW).bands["low"] == [1, 1]


def test_there_is_one_record(meeting: Meeting) -> None:
    no_show.measure(NOW)
    no_show.measure(timezone.now())
    assert ShowRecord.objects.count() == 1


def test_measuring_takes_the_same_queries_for_more_meetings(
    meeting: Meeting, django_assert_max_num_queries
) -> None:  # type: ignore[no-untyped-def]
    judged(meeting.handoff, came=20, missed=10)
    with django_assert_max_num_queries(14):
        no_show.measure(NOW)
