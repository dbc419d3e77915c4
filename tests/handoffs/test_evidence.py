"""What the prospect said grows old: budgets after 90 days, who decides after 180."""

from datetime import date, timedelta

import pytest

from accounts.freshness import State
from accounts.models import Account, Contact
from handoffs import evidence
from handoffs.completeness import gaps, load
from handoffs.models import Answer, Criterion, Handoff
from team.models import User
from tests.factories import complete_package

SAID = date(2026, 3, 2)


@pytest.fixture
def package(sdr: User, account: Account, contact: Contact) -> Handoff:
    return complete_package(sdr=sdr, account=account, contact=contact)


def answer_to(package: Handoff, code: str) -> tuple[Criterion, Answer]:
    answer = package.answers.select_related("criterion").get(criterion__code=code)
    answer.said_on = SAID
    return answer.criterion, answer


@pytest.mark.parametrize(
    ("code", "days", "state"),
    [
        ("budget", 44, State.FRESH),
        ("budget", 45, State.AGEING),
        ("budget", 90, State.AGEING),
        ("budget", 91, State.STALE),
        ("authority", 89, State.FRESH),
        ("authority", 90, State.AGEING),
        ("authority", 180, State.AGEING),
        ("authority", 181, State.STALE),
    ],
)
def test_budget_counts_for_90_days_and_authority_for_180(
    package: Handoff, code: str, days: int, state: State
) -> None:
    criterion, answer = answer_to(package, code)
    known = evidence.age(criterion, answer, SAID + timedelta(days=days))

    assert known is not None
    assert known.state is state


def test_the_words_say_how_old_and_how_long_it_counts(package: Handoff) -> None:
    criterion, answer = answer_to(package, "budget")
    words = [
        age.words
        for days in (1, 60, 91)
        if (age := evidence.age(criterion, answer, SAID + timedelta(days=days)))
    ]
    assert words == ["", "60 days old", "91 days old, counts for 90"]


def test_what_was_confirmed_too_long_ago_is_only_stated(package: Handoff) -> None:
    criterion, answer = answer_to(package, "budget")

    assert evidence.standing(criterion, answer, SAID + timedelta(days=90)) == "confirmed"
    assert evidence.standing(criterion, answer, SAID + timedelta(days=91)) == "stated"
    assert answer.status == "confirmed"


def test_a_need_does_not_age_and_neither_does_what_nobody_said(package: Handoff) -> None:
    criterion, answer = answer_to(package, "need")
    assert evidence.age(criterion, answer, SAID + timedelta(days=999)) is None

    criterion, answer = answer_to(package, "budget")
    answer.said_on = None
    assert evidence.age(criterion, answer, SAID) is None
    answer.said_on, answer.status = SAID, Answer.Status.UNKNOWN
    assert evidence.age(criterion, answer, SAID) is None


def test_a_said_day_ahead_of_ours_is_no_age(package: Handoff) -> None:
    criterion, answer = answer_to(package, "budget")
    known = evidence.age(criterion, answer, SAID - timedelta(days=1))
    assert known is not None and known.days == 0


def test_an_old_budget_does_not_stop_a_package_that_may_estimate_it(package: Handoff) -> None:
    package.answers.filter(criterion__code="budget").update(said_on=SAID - timedelta(days=200))
    assert gaps(load(package.pk)) == []
