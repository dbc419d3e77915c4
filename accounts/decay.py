"""Measures how fast contact data go wrong, by field and by who vouched for them.

Contact data of companies decay by about 22.5 % a year (the source article: MarketingSherpa’s
2.1 % a month, compounded). That is where each estimate starts; what the team itself finds wrong
moves it.

The estimate is that of an exponential life with a Gamma prior, the usual conjugate pair
(Gelman et al., Bayesian Data Analysis, 3rd ed., section 2.6):

    hazard = (H0 · N + d) / (N + T)    half-life = ln 2 / hazard    still right = exp(−hazard · t)

H0 = −ln 0.775 = 0.2549 a year; N = 20 contact-years, what the prior is worth; d = values found
wrong; T = contact-years for which we know that a value was right. A value is watched between two
looks at it: from a check that found it right to the next that says anything about it. Where that
one finds it wrong, nobody knows when it became so, and half of the time between counts. After the
last look nothing counts: what nobody looks at tells nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from math import exp, log
from operator import attrgetter
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q

from accounts.models import ContactChange, DecayRate, Method, Verification, VerifiedField

STILL_RIGHT_AFTER_A_YEAR = 0.775
BENCHMARK = -log(STILL_RIGHT_AFTER_A_YEAR)  # hazard per year
PRIOR_YEARS = 20.0
YEAR_SECONDS = 365 * 86_400
# Fewer than this and a source is not named: it would be chance.
ENOUGH_WRONG = 5
OURS = "Our own checks"
PROFILES = "Social profiles"
BATCH = 2000

Key = tuple[str, str]  # source, field
Rates = dict[Key, float]


class Look(NamedTuple):
    """One look at one value: by whom, when, and whether it was right."""

    source: str
    at: datetime
    is_right: bool


class Watched(NamedTuple):
    """What is known of one source and field."""

    wrong: int = 0
    years: float = 0.0

    @property
    def hazard(self) -> float:
        return hazard(self.wrong, self.years)


def hazard(wrong: int, years: float) -> float:
    """Per year, from what was found wrong in so many contact-years and the benchmark.

    >>> round(hazard(0, 0), 4), round(hazard(10, 20), 4)
    (0.2549, 0.3774)
    """
    return (BENCHMARK * PRIOR_YEARS + wrong) / (PRIOR_YEARS + years)


def half_life_years(per_year: float) -> float:
    """The time after which half of the values are wrong.

    >>> round(half_life_years(BENCHMARK), 2)
    2.72
    """
    return log(2) / per_year


def still_right(days: float, per_year: float = BENCHMARK) -> float:
    """The share of values, 0 to 1, expected to be right so long after they were found right.

    >>> round(still_right(365), 3)
    0.775
    """
    return exp(-per_year * max(0.0, days) / 365)


def source_of(method: str, source: str) -> str:
    """Under whose name a check counts: a vendor’s by the vendor, ours together."""
    if method == Method.VENDOR:
        return source or "Vendors without a name"
    return PROFILES if method == Method.SOCIAL else OURS


def rates() -> Rates:
    """The measured hazards per year, by source and field; one query."""
    return {
        (row.source, row.field): row.per_year
        for row in DecayRate.objects.only("source", "field", "per_year")
    }


def measure(now: datetime) -> int:
    """Estimate every hazard anew from all checks up to `now`; how many there are."""
    found: dict[Key, Watched] = defaultdict(Watched)
    for field, looks in _histories(now):
        for source, wrong, years in watch(looks):
            before = found[source, field]
            found[source, field] = Watched(before.wrong + wrong, before.years + years)
    rows = [
        DecayRate(
            source=source[:80],
            field=field,
            per_year=watched.hazard,
            wrong=watched.wrong,
            contact_years=watched.years,
            measured_at=now,
        )
        for (source, field), watched in found.items()
    ]
    with transaction.atomic():
        DecayRate.objects.all().delete()
        DecayRate.objects.bulk_create(rows)
    return len(rows)


def watch(looks: Iterable[Look]) -> Iterator[tuple[str, int, float]]:
    """What the looks at one value tell: for each time it was watched, whose word it was, whether
    it turned out wrong (0 or 1), and for how many years it is known to have been right."""
    before: Look | None = None
    for look in sorted(looks, key=lambda one: (one.at, not one.is_right)):
        if before is not None:
            years = (look.at - before.at).total_seconds() / YEAR_SECONDS
            yield before.source, int(not look.is_right), years if look.is_right else years / 2
        before = look if look.is_right else None


def fastest(rows: Iterable[DecayRate]) -> tuple[str, Watched] | None:
    """The named source whose data decay fastest over all fields, of those with enough cases."""
    sums: dict[str, Watched] = defaultdict(Watched)
    for row in rows:
        before = sums[row.source]
        sums[row.source] = Watched(before.wrong + row.wrong, before.years + row.contact_years)
    named = {
        source: watched
        for source, watched in sums.items()
        if source not in (OURS, PROFILES) and watched.wrong >= ENOUGH_WRONG
    }
    return max(named.items(), key=lambda pair: pair[1].hazard, default=None)


def _histories(now: datetime) -> Iterator[tuple[str, list[Look]]]:
    """The looks at each value that was ever checked, with its field; contact by contact."""
    last = 0
    while True:
        ids = list(
            Verification.objects.filter(contact__gt=last)
            .order_by("contact")
            .values_list("contact", flat=True)
            .distinct()[:BATCH]
        )
        if not ids:
            return
        last = ids[-1]
        yield from _of_contacts(ids, now)


def _of_contacts(ids: list[int], now: datetime) -> Iterator[tuple[str, list[Look]]]:
    ended = _endings(ids, now)
    checks = Verification.objects.filter(contact__in=ids, verified_at__lte=now)
    checks = checks.order_by("contact", "field", "value", "verified_at", "pk")
    for (contact, field, value), group in groupby(
        checks.iterator(), key=attrgetter("contact_id", "field", "value")
    ):
        looks = [
            Look(
                source_of(row.method, row.source),
                row.verified_at,
                row.result == Verification.Result.VALID and row.method != Method.BOUNCE,
            )
            for row in group
            if row.method != Method.SOCIAL or field in (VerifiedField.TITLE, VerifiedField.EMPLOYER)
        ]
        looks += [
            Look(OURS, at, is_right=False)
            for of_field, of_value, at in ended[contact]
            if of_field in ("", field) and of_value in ("", value)
        ]
        yield field, looks


def _endings(ids: list[int], now: datetime) -> dict[int, list[tuple[str, str, datetime]]]:
    """When a contact left, which ends all of it, and when a title or employer became another.

    A new e-mail or number says nothing about the old one; found wrong, that is a check of its own.
    """
    Kind = ContactChange.Kind
    became_other = Q(
        kind=Kind.CHANGED, field__in=(VerifiedField.TITLE, VerifiedField.EMPLOYER)
    ) & ~Q(old="")
    rows = ContactChange.objects.filter(
        Q(kind=Kind.LEFT) | became_other, contact__in=ids, changed_at__lte=now
    )
    found: dict[int, list[tuple[str, str, datetime]]] = defaultdict(list)
    for row in rows:
        ending = ("", "") if row.kind == Kind.LEFT else (row.field, row.old)
        found[row.contact_id].append((*ending, row.changed_at))
    return found
