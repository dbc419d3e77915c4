"""How far a contact's fields can still be trusted; what a package needs of it is the gate's."""

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from accounts.decay import BENCHMARK, Rates, source_of, still_right
from accounts.models import Contact, Method, Verification, VerifiedField

# The one table of limits: days after which a field counts as stale; it is ageing from half of it.
# People keep their title longer than a list keeps its numbers right.
LIMIT_DAYS: dict[str, int] = {
    VerifiedField.EMAIL: 90,
    VerifiedField.DIAL: 90,
    VerifiedField.TITLE: 180,
    VerifiedField.EMPLOYER: 180,
}

# A profile shows who somebody says they are; it rings no phone and delivers no mail.
NOT_PROVED_BY_A_PROFILE = frozenset({VerifiedField.EMAIL, VerifiedField.DIAL})


class State(StrEnum):
    """What a rep may think of a field before the first dial."""

    FRESH = "fresh"
    AGEING = "ageing"
    STALE = "stale"
    NEVER = "never"
    WRONG = "wrong"

    @property
    def label(self) -> str:
        return "never verified" if self is State.NEVER else self.value


class Freshness(NamedTuple):
    """The verdict on one field, with the check that it rests on.

    "Never" with the method SOCIAL: somebody looked at a profile, which does not count.
    """

    state: State
    verified_at: datetime | None = None  # UTC
    method: Method | None = None
    age_days: int | None = None
    expected_validity: float | None = None  # share 0 to 1

    @property
    def is_usable(self) -> bool:
        """Verified within the field's limit, and not found wrong."""
        return self.state in (State.FRESH, State.AGEING)


def state(
    contact: Contact, field: VerifiedField | str, now: datetime, booked_on: date | None = None
) -> Freshness:
    """How fresh `field` of `contact` is at `now`, from the newest check of its present value.

    Reads `contact.verifications` as prefetched. A check that says the value is wrong gives
    "wrong", whatever was said before it. A social profile never vouches for an e-mail or a dial,
    and on `booked_on`, the UTC day of booking (default: the day of `now`), it vouches for
    nothing: "verified and not copied from LinkedIn on the day of booking" (source article).
    """
    return _judge(contact, field, contact.verifications.all(), now, booked_on)


def states(
    contact: Contact,
    now: datetime,
    booked_on: date | None = None,
    rates: Rates | None = None,
) -> dict[VerifiedField, Freshness]:
    """`state` of every verifiable field; one query at most.

    With `rates` (accounts.decay) the validity that is expected goes by how fast such data have
    decayed here; without them by the benchmark of 22.5 % a year.
    """
    rows = list(contact.verifications.all())
    return {field: _judge(contact, field, rows, now, booked_on, rates) for field in VerifiedField}


def _judge(
    contact: Contact,
    field: VerifiedField | str,
    rows: Iterable[Verification],
    now: datetime,
    booked_on: date | None,
    rates: Rates | None = None,
) -> Freshness:
    value = contact.verified_value(field)
    day = booked_on or now.date()
    checks = [
        row
        for row in rows
        if row.field == field and value and row.value == value and row.verified_at <= now
    ]
    newest_last = sorted(checks, key=lambda row: (row.verified_at, row.pk or 0))
    newest = next((row for row in reversed(newest_last) if _vouches(row, day)), None)
    if newest is None:
        return Freshness(State.NEVER, method=Method.SOCIAL if checks else None)
    age = newest.age_days(now)
    limit = LIMIT_DAYS[newest.field]
    if _found_wrong(newest):
        verdict, share = State.WRONG, 0.0
    else:
        key = (source_of(newest.method, newest.source), newest.field)
        share = still_right(age, (rates or {}).get(key, BENCHMARK))
        if age * 2 < limit:
            verdict = State.FRESH
        else:
            verdict = State.AGEING if age < limit else State.STALE
    return Freshness(verdict, newest.verified_at, Method(newest.method), age, share)


def _vouches(row: Verification, booked_on: date) -> bool:
    """Whether this check says anything about the value."""
    if row.method != Method.SOCIAL:
        return True
    return row.field not in NOT_PROVED_BY_A_PROFILE and row.verified_at.date() != booked_on


def _found_wrong(row: Verification) -> bool:
    return row.result == Verification.Result.INVALID or row.method == Method.BOUNCE
