"""Random histories, sensible or not: every numerator is a part of its denominator, and a second,
independent count of the log comes to the same."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handoffs.models import Handoff, HandoffEvent, Reason
from handoffs.models.event import EventKind
from reports import facts, metrics
from reports.counting import Counting, rows_of
from reports.models import Chain
from reports.periods import Period, month
from reports.scope import Scope
from team.models import User
from tests.reports.recount import recount

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 10, 12, tzinfo=UTC)


def history(dice: random.Random, pk: int, people: list[int], reasons: list[Any]) -> Iterator[Any]:
    """A life that the verbs might never allow, so that no count may rely on them."""
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=dice.randrange(150 * 24 * 60))
    meeting = pk * 100
    uid, slot = "", at

    def event(kind: EventKind, **more: Any) -> HandoffEvent:
        return HandoffEvent(handoff_id=pk, kind=kind, occurred_at=at, **more)

    for kind in dice.choices(list(EventKind), k=dice.randrange(2, 16)):
        at += timedelta(minutes=dice.choice((0, 5, 90, 1440, 9000, 30000)))
        actor = dice.choice([*people, None])
        data: dict[str, Any] = {}
        reason = None
        if kind.startswith("meeting"):
            if kind == EventKind.MEETING_BOOKED or not uid:
                uid, meeting = f"{pk}-{meeting}@desk", meeting + 1
                slot = at + timedelta(hours=dice.randrange(1, 200))
            elif kind == EventKind.MEETING_MOVED:
                meeting, slot = meeting + 1, at + timedelta(hours=dice.randrange(1, 700))
            data = {"meeting": meeting, "uid": uid, "starts_at": slot.isoformat()}
            data["side"] = dice.choice(("ours", "theirs", ""))
        if kind in (EventKind.REJECTED, EventKind.DISQUALIFIED):
            reason = dice.choice(reasons)
            data = {"counts": reason.counts}
        yield event(kind, actor_id=actor, owner_id=dice.choice(people), data=data, reason=reason)


@pytest.fixture
def chaos(sdr: User, ae: User, backup: User, other_sdr: User) -> None:
    dice = random.Random(7)
    Handoff.objects.bulk_create(
        [Handoff(sdr=dice.choice((sdr, other_sdr)), lead_source="mql") for _ in range(400)]
    )
    reasons = list(Reason.objects.all())
    events = [
        event
        for pk in Handoff.objects.values_list("pk", flat=True)
        for event in history(dice, pk, [ae.pk, backup.pk], reasons)
    ]
    HandoffEvent.objects.bulk_create(events)


def behind(counting: Counting, period: Period) -> tuple[set[Any], set[Any]]:
    columns = ("fact_id", "uid") if counting.table is Chain else ("pk",)
    found = []
    for part in (counting.numerator, counting.denominator):
        rows = rows_of(counting, period, Scope()).filter(part).values_list(*columns)
        found.append({row if len(row) > 1 else row[0] for row in rows})
    return found[0], found[1]


def test_numerators_are_parts_of_denominators_and_equal_a_second_count(chaos: None) -> None:
    facts.catch_up()
    seen = 0
    for number in range(1, 8):
        period = month(f"2026-{number:02}")
        twice = recount(period.start, period.end, NOW)
        for name, counting, metric in (
            ("opportunity", metrics.by_first_slot(NOW), metrics.meeting_to_opportunity),
            ("show", metrics.shows(NOW), metrics.show_rate),
            ("call", metrics.by_held_date(NOW), metrics.first_call_to_opportunity),
            ("rejection", metrics.by_submission(NOW), metrics.rejection_rate),
        ):
            numerator, denominator = behind(counting, period)
            assert numerator <= denominator
            assert (numerator, denominator) == twice[name], (name, number)
            found = metric(period, Scope(), NOW)
            assert (found.numerator, found.denominator) == (len(numerator), len(denominator))
            seen += found.numerator
        waited = metrics.time_to_first_contact(period, Scope(), NOW)
        contacted, accepted = twice["contact"]
        assert (waited.count, waited.uncontacted) == (
            len(accepted),
            len(accepted - contacted),
        )
        metrics.identity(metrics.show_rate(period, Scope(), NOW))
    assert seen > 40, "too little happened to say anything"


def test_months_in_one_query_equal_months_one_by_one(chaos: None) -> None:
    facts.catch_up()
    months = [month(f"2026-{number:02}") for number in range(1, 8)]
    asked = [metrics.by_first_slot(NOW), metrics.shows(NOW), metrics.by_submission(NOW)]
    functions = (metrics.meeting_to_opportunity, metrics.show_rate, metrics.rejection_rate)
    together = metrics.by_period(asked, months, Scope())
    for counting, metric in zip(asked, functions, strict=True):
        for period, found in zip(months, together[counting.key], strict=True):
            assert found == metric(period, Scope(), NOW)
            split = metrics.by_value([counting], "sdr", [period], Scope())[0][counting.key].values()
            assert sum(part.numerator for part in split) == found.numerator
            assert sum(part.denominator for part in split) == found.denominator
