"""How ready an account is for the first dial: a score from 0 to 100, and what is missing."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from accounts.freshness import state
from accounts.models import Account, CommitteeRole, Contact, VerifiedField

# What `of` reads beside the account itself, for lists.
PREFETCH = ("technologies", "signals", "contacts__verifications")
RECENT = timedelta(days=365)
DECIDES = frozenset({CommitteeRole.ECONOMIC, CommitteeRole.DECISION, CommitteeRole.SPONSOR})


class Part(NamedTuple):
    """One thing worth knowing, what it counts, and whether we know it."""

    name: str  # as somebody would say what is missing
    points: int
    is_known: bool


class Readiness(NamedTuple):
    """`score` of 100, and the names of the parts that are missing, the weightiest first."""

    score: int
    missing: list[str]

    @property
    def tone(self) -> str:
        if self.score >= 80:
            return "success"
        return "warning" if self.score >= 50 else "danger"

    @property
    def words(self) -> str:
        if not self.missing:
            return f"{self.score} of 100"
        return f"{self.score} of 100. Missing: {', '.join(self.missing)}."


def of(account: Account, now: datetime) -> Readiness:
    """The readiness of `account` at `now`. Reads PREFETCH as prefetched."""
    parts = list(_parts(account, now))
    score = sum(part.points for part in parts if part.is_known)
    gaps = sorted((part for part in parts if not part.is_known), key=lambda part: -part.points)
    return Readiness(score, [part.name for part in gaps])


def _parts(account: Account, now: datetime) -> Iterable[Part]:
    people = [one for one in account.contacts.all() if one.left_on is None]
    roles = {one.role for one in people} - {CommitteeRole.UNKNOWN}
    recent = [one for one in account.signals.all() if one.happened_on >= (now - RECENT).date()]
    is_judged = account.fit != Account.Fit.UNKNOWN and bool(account.fit_reason)
    # Firmographics
    yield Part("domain", 5, bool(account.domain))
    yield Part("industry", 5, bool(account.industry))
    yield Part("size", 5, bool(account.employees))
    yield Part("country", 5, bool(account.country))
    # What they run, how they grow, whether they fit
    yield Part("what they run", 15, bool(account.technologies.all()))
    yield Part("a growth signal of the last year", 15, bool(recent))
    yield Part("how well they fit, and why", 15, is_judged)
    # Who decides, and who can be reached
    yield Part("who decides", 10, bool(roles & DECIDES))
    yield Part("two roles in the purchase", 5, len(roles) >= 2)
    yield Part("a fresh e-mail", 10, _reaches(people, VerifiedField.EMAIL, now))
    yield Part("a fresh direct dial", 10, _reaches(people, VerifiedField.DIAL, now))


def _reaches(people: Iterable[Contact], field: VerifiedField, now: datetime) -> bool:
    return any(state(one, field, now).is_usable for one in people)
