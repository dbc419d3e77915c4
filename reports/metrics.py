"""The five metrics: one function each, whose docstring is the definition. Counts only.

Each takes a period [start, end), a scope, and `now`, by default the present; docs/metrics.md says
the same to whoever reads the numbers. A rate's numerator is taken from its own denominator, so it
cannot be anything but a part of it. Which handoffs stand behind a number: `two_views.behind`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone

from reports import facts, tally
from reports.counting import Counting
from reports.figures import Rate, Span, rate
from reports.models import Chain, Fact
from reports.periods import Period
from reports.reading import WINDOW
from reports.scope import Scope


def meeting_to_opportunity(period: Period, scope: Scope, now: datetime | None = None) -> Rate:
    """Of the meetings whose first slot was in the period, how many became an opportunity.

    Counted: meeting chains, that is a booking with all its reschedules, once. By cohort: the first
    scheduled slot is in the period. Denominator: that slot is in the past. Numerator: somebody of
    the prospect's side attended (see Show rate) and the AE qualified the opportunity after it,
    within 30 days of the first slot.
    Left out: what we cancelled before the day of the slot, duplicates, and follow-up meetings
    booked after another one of the handoff was held: the opportunity belongs to the first held.
    An opportunity without a held meeting is none of a meeting's and is printed apart.
    """
    facts.catch_up()
    return rate_of(by_first_slot(_now(now)), period, scope)


def time_to_first_contact(
    period: Period,
    scope: Scope,
    now: datetime | None = None,
    *,
    since: str = "accepted",
) -> Span:
    """How long prospects waited for their AE, from acceptance to the first outreach.

    Counted: handoffs accepted in the period; asked since submission, those submitted in it and the
    wait from there, which is what the SLA binds. First contact is the first outreach by a person
    after the handoff; what the product sends by itself never counts. Full business minutes of the
    territory's hours as they were at submission, the calendar's beside them.
    Those without a contact are counted: in the percentiles as waiting at least as long as they
    have waited so far (Kaplan and Meier), in the share within SLA as not within. That share is
    over all handoffs with a promised first contact, whose clock stands still during returns.
    Left out: what was withdrawn, or rejected, before its limit had passed.
    """
    facts.catch_up()
    return span_of(period, scope, _now(now), since)


def show_rate(period: Period, scope: Scope, now: datetime | None = None) -> Rate:
    """Of the meetings whose first slot was in the period, how many took place.

    Counted: meeting chains, once each, by cohort of the first scheduled slot. Denominator: the
    last slot is in the past; a cancellation by the prospect stays in, as a meeting that did not
    take place (the rate without those more than 24 hours ahead is printed beside). Numerator: held
    in any of the slots, as the AE recorded it; held more than 14 days after a slot that was missed
    it stays a no-show.
    Left out: meetings that we cancelled, duplicates and follow-ups, slots still to come. A past
    slot without an outcome counts as not held, and is printed apart.
    """
    facts.catch_up()
    return rate_of(shows(_now(now)), period, scope)


def first_call_to_opportunity(period: Period, scope: Scope, now: datetime | None = None) -> Rate:
    """Of the first meetings held in the period, how many became an opportunity.

    Counted: held meeting chains, by the date of the slot in which they were held. Denominator: at
    least 30 days ago, or decided already (qualified or disqualified). Numerator: the opportunity
    was qualified within 30 days of the meeting.
    Left out: duplicates and follow-ups; meetings held less than 30 days ago that nobody has decided
    on yet, which are printed apart. Those held more than 14 days after a no-show are not shows, so
    not here either.
    """
    facts.catch_up()
    return rate_of(by_held_date(_now(now)), period, scope)


def rejection_rate(period: Period, scope: Scope, now: datetime | None = None) -> Rate:
    """Of the handoffs submitted in the period and decided on, how many were rejected.

    Counted: handoffs, by cohort of their submission. Denominator: accepted, or rejected with a
    reason that counts, as the reason stood at the time. Numerator: rejected, finally. Returned
    and then accepted is an acceptance and a return.
    Left out: those not decided yet; rejections that say nothing about the handoff (duplicate,
    another territory, an existing customer, no capacity) or that a manager overturned. Both are
    printed apart.
    """
    facts.catch_up()
    return rate_of(by_submission(_now(now)), period, scope)


# --- What each counts, for one question or many -----------------------------------------------


def by_first_slot(now: datetime) -> Counting:
    """Meeting-to-opportunity, see there."""
    ours_in_time = Q(cancelled_by="ours", is_before_the_day=True)
    judged = Q(first_slot__lte=now) & MEANT & ~ours_in_time
    return Counting(
        "opportunity",
        now,
        Chain,
        "first_slot",
        judged,
        judged & HELD & Q(is_won_of_slot=True),
        (
            ("cancelled by us before the day", MEANT & ours_in_time),
            ("still to come", MEANT & Q(first_slot__gt=now)),
            ("open less than 30 days", judged & Q(decided_at=None, first_slot__gt=now - WINDOW)),
            ("duplicates", Q(is_follow_up=False, is_duplicate=True)),
        ),
    )


def shows(now: datetime) -> Counting:
    """Show rate, see there."""
    judged = Q(last_slot__lte=now) & MEANT & ~Q(cancelled_by="ours")
    theirs = judged & Q(cancelled_by="theirs")
    return Counting(
        "show",
        now,
        Chain,
        "first_slot",
        judged,
        judged & HELD,
        (
            (WON, judged & HELD & Q(is_won_of_slot=True)),
            ("no-show, the prospect", judged & Q(held_at=None, no_shows_theirs__gt=0)),
            ("no-show, us", judged & Q(held_at=None, no_shows_ours__gt=0)),
            ("cancelled by the prospect", theirs),
            ("of these more than 24 hours ahead", theirs & Q(is_with_notice=True)),
            ("held too long after a no-show", judged & Q(is_late_show=True)),
            ("rescheduled", judged & Q(attempts__gt=1)),
            ("without an outcome", judged & Q(is_settled=False)),
            ("cancelled by us", MEANT & Q(cancelled_by="ours")),
            ("still to come", MEANT & Q(last_slot__gt=now)),
        ),
    )


def by_held_date(now: datetime) -> Counting:
    """First-call-to-opportunity, see there."""
    meant = MEANT & HELD
    judged = meant & (Q(held_at__lte=now - WINDOW) | Q(decided_at__lte=now))
    return Counting(
        "call",
        now,
        Chain,
        "held_at",
        judged,
        judged & Q(is_won_of_call=True),
        (("not decided yet", meant & Q(decided_at=None, held_at__gt=now - WINDOW)),),
    )


def by_submission(now: datetime) -> Counting:
    """Rejection rate, see there."""
    judged = Q(outcome="accepted") | Q(outcome="rejected", counts=True)
    return Counting(
        "rejection",
        now,
        Fact,
        "submitted_at",
        judged,
        judged & Q(outcome="rejected"),
        (
            ("returned at least once", judged & Q(returns__gt=0)),
            ("rejected for reasons that do not count", Q(outcome="rejected", counts=False)),
            ("not decided yet", Q(outcome="", closed_at=None)),
            ("withdrawn", Q(outcome="", closed_at__isnull=False)),
        ),
    )


def in_time(now: datetime) -> Counting:
    """The share within SLA of time to first contact, see there, as a rate by acceptance."""
    promised = Q(is_promised=True)
    kept = promised & Q(in_time=True, contacted_at__isnull=False)
    return Counting("contact", now, Fact, "accepted_at", promised, kept)


# Chains that are meetings of their own, about something that is no duplicate
MEANT = Q(is_follow_up=False, is_duplicate=False)
HELD = Q(held_at__isnull=False, is_late_show=False)
WON = "of those held, an opportunity"

# The date on which the counted of a metric happened, whenever their cohort’s was
HAPPENED = {
    "opportunity": "qualified_at",
    "contact": "contacted_at",
    "show": "held_at",
    "rejection": "decided_at",
}


def countings(now: datetime) -> list[Counting]:
    """All that is counted, by cohort and by the date of what happened."""
    cohorts = [one(now) for one in (by_first_slot, shows, by_held_date, by_submission, in_time)]
    return cohorts + [happened(one) for one in cohorts if one.key in HAPPENED]


def happened(cohort: Counting) -> Counting:
    """The counted of a metric, by the date on which it happened."""
    return Counting(
        f"{cohort.key}_happened",
        cohort.now,
        cohort.table,
        HAPPENED[cohort.key],
        cohort.numerator,
        cohort.numerator,
    )


def identity(show: Rate) -> tuple[Rate, Rate, Rate]:
    """Meeting-to-opportunity, show rate and first-call-to-opportunity of one and the same cohort:
    the first is the product of the other two.

    The cohort is that of the show rate: first slot in the period, last slot past, not cancelled by
    us. AssertionError where the identity does not hold.
    """
    won = dict(show.also)[WON]
    whole, call = rate(won, show.denominator), rate(won, show.numerator)
    if whole.value is not None:
        product = (show.value or 0) * (call.value or 0)
        if abs(whole.value - product) > 1e-9:
            raise AssertionError(f"{whole.value} is not {show.value} times {call.value}")
    return whole, show, call


# --- From facts that are up to date: for many periods, or each value of a dimension ---------------


def rate_of(counting: Counting, period: Period, scope: Scope) -> Rate:
    """The rate of one period with what is printed beside it."""
    return by_period([counting], [period], scope)[counting.key][0]


def by_period(
    asked: Sequence[Counting], periods: Sequence[Period], scope: Scope
) -> dict[str, list[Rate]]:
    """The rates of each of these periods, by what is asked."""
    found = tally.by_period(asked, periods, scope)
    return {one.key: [_rate(one, counts[one.key]) for counts in found] for one in asked}


def by_value(
    asked: Sequence[Counting], dimension: str, periods: Sequence[Period], scope: Scope
) -> list[dict[str, dict[Any, Rate]]]:
    """For each of these periods the rates of each value of a dimension (an id or a code), by what
    is asked."""
    return [
        {
            one.key: {value: _share(counts[one.key]) for value, counts in found.items()}
            for one in asked
        }
        for found in tally.by_value(asked, dimension, periods, scope)
    ]


def span_of(period: Period, scope: Scope, now: datetime, since: str = "accepted") -> Span:
    """Time to first contact from facts that are up to date."""
    return spans_of(period, scope, now, [since])[since]


def spans_of(period: Period, scope: Scope, now: datetime, sinces: Sequence[str]) -> dict[str, Span]:
    """The same since each of `sinces`."""
    found = tally.waits_by_period([period], scope, now, sinces)
    return {since: found[since][0].span() for since in sinces}


def spans_by_period(periods: Sequence[Period], scope: Scope, now: datetime) -> list[Span]:
    """Time to first contact of each of these periods, in business time."""
    found = tally.waits_by_period(periods, scope, now, ["accepted"], calendar=False)
    return [waited.span() for waited in found["accepted"]]


def spans_by_value(dimension: str, period: Period, scope: Scope, now: datetime) -> dict[Any, Span]:
    """Time to first contact for each value of a dimension, in business time."""
    found = tally.waits_by_value(dimension, period, scope, now, "accepted")
    return {value: waited.span() for value, waited in found.items()}


def _rate(one: Counting, counts: Sequence[int]) -> Rate:
    counted, of, *apart = counts
    return rate(counted, of, zip((name for name, _ in one.apart), apart, strict=True))


def _share(counts: Sequence[int]) -> Rate:
    counted, of, *_ = counts
    return rate(counted, of)


def _now(now: datetime | None) -> datetime:
    return now or timezone.now()
