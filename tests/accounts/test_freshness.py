"""Freshness of a contact's fields: from the newest check of what stands there now."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from accounts.decay import still_right
from accounts.freshness import LIMIT_DAYS, State, state, states
from accounts.models import Account, Contact, Method, Verification, VerifiedField
from tests.factories import make_contact

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@pytest.fixture
def person(account: Account) -> Contact:
    """Somebody of whom nothing was ever verified."""
    return make_contact(account, verified=False)


def check(person: Contact, field: str, days: float, **fields: Any) -> Verification:
    values = {"method": Method.SPOKE, "verified_at": NOW - timedelta(days=days)} | fields
    return Verification.objects.create(contact=person, field=field, **values)


def test_nothing_is_known_of_a_field_never_checked(person: Contact) -> None:
    fresh = state(person, VerifiedField.EMAIL, NOW)

    assert fresh.state is State.NEVER and not fresh.is_usable
    assert fresh.verified_at is fresh.method is fresh.age_days is fresh.expected_validity is None
    assert fresh.state.label == "never verified"


@pytest.mark.parametrize(
    ("field", "days", "expected"),
    [
        ("email", 0, State.FRESH),
        ("email", 44, State.FRESH),
        ("email", 45, State.AGEING),
        ("email", 89, State.AGEING),
        ("email", 90, State.STALE),
        ("dial", 44, State.FRESH),
        ("dial", 90, State.STALE),
        ("title", 89, State.FRESH),
        ("title", 90, State.AGEING),
        ("title", 180, State.STALE),
        ("employer", 179, State.AGEING),
        ("employer", 180, State.STALE),
    ],
)
def test_a_field_ages_at_half_its_limit_and_is_stale_at_it(
    person: Contact, field: str, days: int, expected: State
) -> None:
    row = check(person, field, days)

    fresh = state(person, field, NOW)

    assert fresh.state is expected
    assert fresh.is_usable == (expected is not State.STALE)
    assert (fresh.verified_at, fresh.method, fresh.age_days) == (row.verified_at, "spoke", days)


def test_every_verifiable_field_has_a_limit() -> None:
    assert set(LIMIT_DAYS) == set(VerifiedField)


def test_a_changed_value_was_never_verified(person: Contact) -> None:
    check(person, "email", 3)
    person.email = "new@acme-robotics.example"

    assert state(person, "email", NOW).state is State.NEVER


def test_the_newest_check_decides(person: Contact) -> None:
    check(person, "email", 3)
    check(person, "email", 1, result=Verification.Result.INVALID)
    assert state(person, "email", NOW).state is State.WRONG
    assert state(person, "email", NOW).expected_validity == 0

    check(person, "email", 0, method=Method.REPLIED)
    assert state(person, "email", NOW).state is State.FRESH


def test_a_bounce_is_wrong_whatever_was_recorded_with_it(person: Contact) -> None:
    check(person, "dial", 1, method=Method.BOUNCE)

    assert state(person, "dial", NOW).state is State.WRONG


def test_a_check_in_the_future_does_not_count_yet(person: Contact) -> None:
    check(person, "email", -1)

    assert state(person, "email", NOW).state is State.NEVER
    assert state(person, "email", NOW + timedelta(days=1)).state is State.FRESH


@pytest.mark.parametrize("field", ["email", "dial"])
@pytest.mark.parametrize("days", [0, 20])
def test_a_profile_vouches_for_no_email_and_no_dial(person: Contact, field: str, days: int) -> None:
    check(person, field, days, method=Method.SOCIAL)

    fresh = state(person, field, NOW)

    assert fresh.state is State.NEVER
    assert fresh.method == Method.SOCIAL


def test_a_profile_vouches_for_a_title_but_not_on_the_day_of_booking(person: Contact) -> None:
    check(person, "title", 5, method=Method.SOCIAL)

    assert state(person, "title", NOW).state is State.FRESH
    assert state(person, "title", NOW, booked_on=date(2026, 2, 25)).state is State.NEVER


def test_a_profile_does_not_undo_an_earlier_call(person: Contact) -> None:
    check(person, "title", 10)
    check(person, "title", 0, method=Method.SOCIAL)

    fresh = state(person, "title", NOW)

    assert (fresh.method, fresh.age_days) == ("spoke", 10)


def test_an_employer_is_checked_by_the_accounts_name(person: Contact) -> None:
    check(person, "employer", 1)
    assert state(person, "employer", NOW).state is State.FRESH

    assert person.account is not None
    person.account.name = "Globex"
    assert state(person, "employer", NOW).state is State.NEVER


def test_an_empty_field_is_never_verified(person: Contact) -> None:
    check(person, "email", 1)
    person.email = ""

    assert state(person, "email", NOW).state is State.NEVER


def test_data_decays_by_22_and_a_half_percent_a_year() -> None:
    assert still_right(0) == 1
    assert still_right(365) == pytest.approx(0.775)
    assert still_right(730) == pytest.approx(0.775**2)
    assert still_right(-5) == 1


def test_the_expected_validity_goes_by_the_age(person: Contact) -> None:
    check(person, "title", 73)

    assert state(person, "title", NOW).expected_validity == pytest.approx(0.775**0.2)


def test_the_expected_validity_goes_by_how_fast_such_data_decayed_here(person: Contact) -> None:
    check(person, "email", 365, method=Method.VENDOR, source="Clearfeed")

    fresh = states(person, NOW, rates={("Clearfeed", "email"): 1.0})[VerifiedField.EMAIL]

    assert fresh.expected_validity == pytest.approx(0.3679, abs=1e-4)


def test_all_fields_of_many_contacts_cost_one_query_more(
    account: Account, django_assert_num_queries: Any
) -> None:
    for _ in range(5):
        make_contact(account)
    people = Contact.objects.select_related("account").prefetch_related("verifications")

    with django_assert_num_queries(2):
        verdicts = [states(person, NOW) for person in people]

    assert len(verdicts) == 5
    assert all(one.state is State.FRESH for verdict in verdicts for one in verdict.values())
