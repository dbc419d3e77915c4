"""The five metrics: one function each, whose docstring is the definition. Counts only.

Each takes a period [start, end), a scope, and `now`, by default the present. Sources:
definitions.md 4.7, product.md section 7. A rate's numerator is taken from its own denominator, so
it cannot be anything but a part of it. Which handoffs stand behind a number: `handoffs_behind`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Value, When
from django.utils import timezone

from handoffs.models import Handoff
from reports import facts
from reports.figures import Rate, Span, quantile, rate, wilson
from reports.models import Chain, Fact
from reports.periods import Period
from reports.reading import WINDOW
from reports.scope import Scope


class Counting(NamedTuple):
    """What is counted over what, on one table.

    `date` says which period a row belongs to. `denominator` are the rows that can be judged,
    `numerator` those of the denominator that are counted; `apart` is what is printed beside.
    """

    table: type[Chain] | type[Fact]
    date: str
    denominator: Q
    numerator: Q
    apart: tuple[tuple[str, Q], ...] = ()

    @property
    def to_fact(self) -> str:
        return "fact__" if self.table is Chain else ""


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
    after the handoff; what the product sends by itself never counts. Business minutes of the
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
    another territory, an existing customer, no capacity). Both are printed apart.
    """
    facts.catch_up()
    return rate_of(by_submission(_now(now)), period, scope)


# --- What each counts, for one question or many -----------------------------------------------


def by_first_slot(now: datetime) -> Counting:
    """Meeting-to-opportunity, see there."""
    ours_in_time = Q(cancelled_by="ours", is_before_the_day=True)
    judged = Q(first_slot__lte=now) & MEANT & ~ours_in_time
    return Counting(
        Chain,
        "first_slot",
        judged,
        judged & HELD & Q(is_won_of_slot=True),
        (
            ("cancelled by us before the day", MEANT & ours_in_time),
            ("still to come", MEANT & Q(first_slot__gt=now)),
            ("open less than 30 days", judged & Q(decided_at=None, first_slot__gt=now - WINDOW)),
            ("duplicates", Q(is_follow_up=False, fact__is_duplicate=True)),
        ),
    )


def shows(now: datetime) -> Counting:
    """Show rate, see there."""
    judged = Q(last_slot__lte=now) & MEANT & ~Q(cancelled_by="ours")
    theirs = judged & Q(cancelled_by="theirs")
    return Counting(
        Chain,
        "first_slot",
        judged,
        judged & HELD,
        (
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
        Chain,
        "held_at",
        judged,
        judged & Q(is_won_of_call=True),
        (("not decided yet", meant & Q(decided_at=None, held_at__gt=now - WINDOW)),),
    )


def by_submission(now: datetime) -> Counting:
    """Rejection rate, see there."""
    return _rejections("submitted_at")


def by_decision(now: datetime) -> Counting:
    """The rejection rate by the date of the decision: what happened in the period."""
    return _rejections("decided_at")


# Chains that are meetings of their own, about something that is no duplicate
MEANT = Q(is_follow_up=False, fact__is_duplicate=False)
HELD = Q(held_at__isnull=False, is_late_show=False)


def waited_for(since: str) -> Q:
    """Handoffs whose prospect was owed a contact: see `time_to_first_contact`."""
    ended_in_time = Q(contacted_at=None, accepted_at=None, closed_at__isnull=False) & ~Q(
        in_time=False
    )
    return ~ended_in_time if since == "submitted" else Q()


def _rejections(date: str) -> Counting:
    judged = Q(outcome="accepted") | Q(outcome="rejected", counts=True)
    return Counting(
        Fact,
        date,
        judged,
        judged & Q(outcome="rejected"),
        (
            ("returned at least once", judged & Q(returns__gt=0)),
            ("rejected for reasons that do not count", Q(outcome="rejected", counts=False)),
            ("not decided yet", Q(outcome="", closed_at=None)),
            ("withdrawn", Q(outcome="", closed_at__isnull=False)),
        ),
    )


def identity(period: Period, scope: Scope, now: datetime | None = None) -> tuple[Rate, Rate, Rate]:
    """Meeting-to-opportunity, show rate and first-call-to-opportunity of one and the same cohort:
    the first is the product of the other two.

    The cohort is that of the show rate: first slot in the period, last slot past, not cancelled by
    us. AssertionError where the identity does not hold.
    """
    facts.catch_up()
    return identity_of(period, scope, _now(now))


def identity_of(period: Period, scope: Scope, now: datetime) -> tuple[Rate, Rate, Rate]:
    """The same from facts that are up to date, in one query."""
    shown = shows(now)
    found = _rows(shown, period, scope).aggregate(
        booked=Count("pk", filter=shown.denominator),
        held=Count("pk", filter=shown.numerator),
        won=Count("pk", filter=shown.numerator & Q(is_won_of_slot=True)),
    )
    whole = rate(found["won"], found["booked"])
    show = rate(found["held"], found["booked"])
    call = rate(found["won"], found["held"])
    if whole.value is not None:
        product = (show.value or 0) * (call.value or 0)
        if abs(whole.value - product) > 1e-9:
            raise AssertionError(f"{whole.value} is not {show.value} times {call.value}")
    return whole, show, call


# --- From facts that are up to date: for many periods, or each value of a dimension ---------------


def rate_of(counting: Counting, period: Period, scope: Scope) -> Rate:
    """The rate of one period with what is printed beside it, in one query."""
    found = _rows(counting, period, scope).aggregate(
        numerator=Count("pk", filter=counting.numerator),
        denominator=Count("pk", filter=counting.denominator),
        **_apart(counting),
    )
    apart = [(name, found[f"apart_{n}"]) for n, (name, _) in enumerate(counting.apart)]
    return rate(found["numerator"], found["denominator"], apart)


def by_period(counting: Counting, periods: Sequence[Period], scope: Scope) -> list[Rate]:
    """The rate of each of these periods, in one query."""
    rows = (
        _rows(counting, _around(periods), scope)
        .annotate(bucket=_bucket(counting.date, periods))
        .values_list("bucket")
        .annotate(
            numerator=Count("pk", filter=counting.numerator),
            denominator=Count("pk", filter=counting.denominator),
            **_apart(counting),
        )
        .order_by()
    )
    names = [name for name, _ in counting.apart]
    none = (0, 0, *(0 for _ in names))
    found = {bucket: counts for bucket, *counts in rows}
    return [
        rate(numerator, denominator, zip(names, apart, strict=True))
        for numerator, denominator, *apart in (found.get(n, none) for n in range(len(periods)))
    ]


def by_value(counting: Counting, dimension: str, period: Period, scope: Scope) -> dict[Any, Rate]:
    """The rate of each value of a dimension (an id or a code), in one query."""
    rows = (
        _rows(counting, period, scope)
        .order_by()
        .values_list(f"{counting.to_fact}{dimension}")
        .annotate(
            numerator=Count("pk", filter=counting.numerator),
            denominator=Count("pk", filter=counting.denominator),
        )
    )
    return {value: rate(numerator, denominator) for value, numerator, denominator in rows}


def span_of(period: Period, scope: Scope, now: datetime, since: str = "accepted") -> Span:
    """Time to first contact from facts that are up to date, in one query."""
    return spans_by_value("", period, scope, now, since).get("", _span_of([], now))


def in_time(now: datetime) -> Counting:
    """The share within SLA of time to first contact, see there, as a rate by acceptance."""
    promised = Q(is_promised=True)
    return Counting(
        Fact,
        "accepted_at",
        promised,
        promised & Q(in_time=True, contacted_at__isnull=False),
    )


def spans_by_period(
    periods: Sequence[Period], scope: Scope, now: datetime, since: str = "accepted"
) -> list[Span]:
    """Time to first contact of each of these periods, in one query."""
    bucket = _bucket(f"{since}_at", periods)
    found = _spans(bucket, _around(periods), scope, now, since)
    return [found.get(n, _span_of([], now)) for n in range(len(periods))]


def spans_by_value(
    dimension: str, period: Period, scope: Scope, now: datetime, since: str = "accepted"
) -> dict[Any, Span]:
    """Time to first contact for each value of a dimension ("": over all), in one query."""
    return _spans(F(dimension) if dimension else Value(""), period, scope, now, since)


def rows_behind(counting: Counting, part: Q, period: Period, scope: Scope) -> QuerySet[Any]:
    """The chains or facts behind a number, for drilling down."""
    return _rows(counting, period, scope).filter(part)


def handoffs_behind(counting: Counting, part: Q, period: Period, scope: Scope) -> QuerySet[Handoff]:
    """The handoffs behind a number; `part` is the counting's numerator or denominator."""
    rows = rows_behind(counting, part, period, scope).order_by()
    column = "fact_id" if counting.table is Chain else "pk"
    found: QuerySet[Handoff] = Handoff.objects.filter(pk__in=rows.values(column))
    return found


def _apart(counting: Counting) -> dict[str, Count]:
    return {
        f"apart_{n}": Count("pk", filter=condition)
        for n, (_, condition) in enumerate(counting.apart)
    }


def _rows(counting: Counting, period: Period, scope: Scope) -> QuerySet[Any]:
    return counting.table._default_manager.filter(
        _within(counting.date, period), scope.condition(counting.to_fact)
    )


def _within(date: str, period: Period) -> Q:
    return Q(**{f"{date}__gte": period.start, f"{date}__lt": period.end})


def _around(periods: Sequence[Period]) -> Period:
    return Period(min(each.start for each in periods), max(each.end for each in periods))


def _bucket(date: str, periods: Sequence[Period]) -> Case:
    """Which of `periods` a row is in, by number; -1 for none."""
    whens = [When(_within(date, each), then=Value(n)) for n, each in enumerate(periods)]
    return Case(*whens, default=Value(-1), output_field=IntegerField())


def _spans(by: Any, period: Period, scope: Scope, now: datetime, since: str) -> dict[Any, Span]:
    name = {"accepted": "contact", "submitted": "whole"}[since]
    counted = Fact.objects.filter(
        _within(f"{since}_at", period), scope.condition(), waited_for(since)
    )
    rows = counted.annotate(by=by).values_list(
        "by",
        f"{since}_at",
        "contacted_at",
        "closed_at",
        f"{name}_business",
        f"{name}_calendar",
        "in_time",
        "is_promised",
        "calendar_version_id",
    )
    found: dict[Any, list[tuple[Any, ...]]] = {}
    for value, *row in rows:
        found.setdefault(value, []).append(tuple(row))
    return {value: _span_of(group, now) for value, group in found.items()}


def _span_of(rows: Sequence[tuple[Any, ...]], now: datetime) -> Span:
    reached = [row for row in rows if row[1] is not None]
    waiting = [row for row in rows if row[1] is None]
    hours = facts.hours_by_version({row[7] for row in waiting})
    waited, waited_wall = [], []
    for since, _, closed, _, _, _, _, version in waiting:
        until = max(min(closed or now, now), since)
        waited.append(hours[version].elapsed(since, until).total_seconds() / 60)
        waited_wall.append((until - since).total_seconds() / 60)
    business = [row[3] / 60 for row in reached]
    wall = [row[4] / 60 for row in reached]
    promised = [row for row in rows if row[6]]
    in_time = sum(1 for row in promised if row[1] is not None and row[5])
    low, high = wilson(in_time, len(promised)) if promised else (None, None)
    return Span(
        median=quantile(business, waited, 0.5),
        p90=quantile(business, waited, 0.9),
        count=len(rows),
        within_sla=in_time / len(promised) if promised else None,
        uncontacted=len(waiting),
        calendar_median=quantile(wall, waited_wall, 0.5),
        calendar_p90=quantile(wall, waited_wall, 0.9),
        in_time=in_time,
        promised=len(promised),
        low=low,
        high=high,
        mean=sum(business) / len(business) if business else None,
    )


def _now(now: datetime | None) -> datetime:
    return now or timezone.now()
