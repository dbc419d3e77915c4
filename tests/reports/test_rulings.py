"""A rejection that a manager overturned is none in the reports; one that stands still counts."""

from zoneinfo import ZoneInfo

import pytest

from handoffs import feedback, lifecycle
from handoffs.models import Reason
from reports import facts, metrics
from reports.models import Fact
from reports.periods import month
from reports.scope import Scope
from team.models import User
from tests.reports.stories import Desk

MARCH = month("2026-03", ZoneInfo("Europe/Berlin"))
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("ruling", "counted"), [("upheld", (1, 2)), ("overturned", (0, 1))])
def test_an_overturned_rejection_is_none(
    desk: Desk, manager: User, ruling: str, counted: tuple[int, int]
) -> None:
    desk.accept(desk.submit("03-03 10:00"), "03-03 10:20")
    handoff = desk.submit("03-03 11:00")
    desk.at("03-03 11:30")
    reason = Reason.objects.filter(use=Reason.Use.REJECT, counts=True).first()
    assert reason is not None
    handoff = lifecycle.reject(
        handoff, by=desk.ae, reason=reason, note="There is only a wish behind it."
    )
    before = metrics.rejection_rate(MARCH, Scope())
    assert (before.numerator, before.denominator) == (1, 2)
    case = feedback.contest(handoff, by=desk.sdr, argument="She named the sum and the month.")
    feedback.rule(case, by=manager, ruling=ruling, because="The evidence is in the package.")
    after = metrics.rejection_rate(MARCH, Scope())
    assert (after.numerator, after.denominator) == counted
    read = Fact.objects.get(handoff=handoff).counts
    facts.rebuild()
    assert Fact.objects.get(handoff=handoff).counts is read is (ruling == "upheld")
