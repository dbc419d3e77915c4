"""How fast contact data go wrong: worked by hand, from checks, bounces and departures."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts import decay, tasks
from accounts.decay import BENCHMARK, OURS, Look, half_life_years, hazard, watch
from accounts.models import Account, Contact, ContactChange, DecayRate, Method, Verification
from tests.factories import make_contact

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def check(person: Contact, days: float, field: str = "email", **fields: Any) -> None:
    values = {"method": Method.VENDOR, "source": "Clearfeed", "verified_at": ago(days)} | fields
    Verification.objects.create(contact=person, field=field, **values)


def test_without_anything_of_our_own_the_benchmark_holds() -> None:
    assert hazard(0, 0) == pytest.approx(0.254892, abs=1e-6)  # -ln 0.775
    assert half_life_years(BENCHMARK) == pytest.approx(2.7194, abs=1e-4)  # ln 2 / 0.254892


def test_what_we_find_wrong_moves_the_estimate() -> None:
    # (0.254892 x 20 + 10) / (20 + 20) = 15.09784 / 40
    assert hazard(10, 20) == pytest.approx(0.377446, abs=1e-6)
    # (5.09784 + 0) / (20 + 180): ten times the prior without a single one wrong
    assert hazard(0, 180) == pytest.approx(0.025489, abs=1e-6)


def test_a_value_is_watched_between_two_looks_and_half_when_it_was_wrong() -> None:
    looks = [
        Look("Clearfeed", ago(730), True),
        Look(OURS, ago(365), True),
        Look(OURS, ago(0), False),
    ]
    assert list(watch(looks)) == [("Clearfeed", 0, 1.0), (OURS, 1, 0.5)]


def test_nobody_knows_anything_after_the_last_look_or_before_the_first() -> None:
    assert list(watch([Look("Clearfeed", ago(900), True)])) == []
    assert list(watch([Look(OURS, ago(900), False), Look(OURS, ago(1), False)])) == []


def test_bounces_and_departures_are_measured_by_source_and_field(
    account: Account, contact: Contact
) -> None:
    Verification.objects.all().delete()
    bounced = make_contact(account, verified=False)
    check(bounced, 365)
    check(bounced, 0, method=Method.BOUNCE, source="", result=Verification.Result.INVALID)
    left = make_contact(account, verified=False)
    check(left, 365)
    check(left, 365, "employer")
    ContactChange.objects.create(
        contact=left, kind="left", field="employer", old=account.name, source="x", changed_at=NOW
    )
    right = make_contact(account, verified=False)
    check(right, 365)
    check(right, 0, method=Method.SPOKE, source="Call")
    check(right, 0, "title", method=Method.SPOKE)

    assert decay.measure(NOW) == 2

    email = DecayRate.objects.get(field="email")
    assert (email.source, email.wrong, email.contact_years) == ("Clearfeed", 2, 2.0)
    assert email.per_year == pytest.approx((5.097848 + 2) / 22, abs=1e-6)
    employer = DecayRate.objects.get(field="employer")
    assert (employer.wrong, employer.contact_years) == (1, 0.5)
    assert decay.rates() == {
        ("Clearfeed", "email"): email.per_year,
        ("Clearfeed", "employer"): employer.per_year,
    }


def test_a_new_title_says_that_the_old_one_was_wrong_and_a_new_number_nothing(
    contact: Contact,
) -> None:
    Verification.objects.all().delete()
    for field in ("title", "dial"):
        check(contact, 100, field)
        ContactChange.objects.create(
            contact=contact,
            field=field,
            old=contact.verified_value(field),
            new="another",
            source="x",
            changed_at=NOW,
        )
    decay.measure(NOW)
    assert [(row.field, row.wrong) for row in DecayRate.objects.all()] == [("title", 1)]


def test_measuring_again_replaces_what_was_measured(contact: Contact) -> None:
    check(contact, 400)
    tasks.measure_decay()
    first = DecayRate.objects.count()
    tasks.measure_decay()
    assert DecayRate.objects.count() == first > 0


def test_the_fastest_is_named_only_with_enough_cases() -> None:
    rows = [
        DecayRate(source="Clearfeed", field="email", wrong=4, contact_years=1),
        DecayRate(source="List house", field="email", wrong=4, contact_years=10),
        DecayRate(source="List house", field="dial", wrong=2, contact_years=2),
        DecayRate(source=OURS, field="dial", wrong=90, contact_years=2),
    ]
    found = decay.fastest(rows)
    assert found is not None
    name, watched = found
    assert (name, watched.wrong, watched.years) == ("List house", 6, 12)
    assert decay.fastest(rows[:1]) is None
