"""Which contacts to check again and which accounts to enrich first: those at work stand first."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from accounts import readiness
from accounts.decay import rates
from accounts.freshness import LIMIT_DAYS, Freshness, State, states
from accounts.models import Account, Contact, Method, Verification, VerifiedField
from accounts.readiness import Readiness
from handoffs.models import Handoff, Meeting
from handoffs.querysets import HandoffQuerySet
from team.models import User

MOST_HANDOFFS = 300
MOST_FIRST = 100
MOST_REST = 25
OPEN = (
    Handoff.Status.DRAFT,
    Handoff.Status.SUBMITTED,
    Handoff.Status.RETURNED,
    Handoff.Status.ACCEPTED,
)
COMING = (Meeting.Status.TENTATIVE, Meeting.Status.CONFIRMED)
# What one click may say of a field, and how the button calls it.
WAYS: dict[str, tuple[tuple[str, str], ...]] = {
    VerifiedField.EMAIL: ((Method.REPLIED, "They replied"), (Method.BOUNCE, "Bounced")),
    VerifiedField.DIAL: ((Method.SPOKE, "Spoke with them"), (Method.BOUNCE, "Wrong number")),
    VerifiedField.TITLE: ((Method.SPOKE, "They say so"), (Method.WEBSITE, "On their website")),
    VerifiedField.EMPLOYER: ((Method.SPOKE, "They say so"), (Method.WEBSITE, "On their website")),
}


class Work(NamedTuple):
    """Why a record is wanted now: the handoff it belongs to, and the meeting that is coming."""

    handoff: Handoff
    meets_at: datetime | None


class Field(NamedTuple):
    """One field to look at again."""

    field: VerifiedField
    value: str
    freshness: Freshness
    ways: tuple[tuple[str, str], ...]


class Recheck(NamedTuple):
    """A contact with the fields that can no longer be trusted; `work` where somebody is at it."""

    contact: Contact
    fields: list[Field]
    work: Work | None


class ToEnrich(NamedTuple):
    """An account that somebody works on and that we know too little of."""

    account: Account
    readiness: Readiness
    work: Work


def to_recheck(user: User, now: datetime) -> tuple[list[Recheck], list[Recheck]]:
    """Contacts to check again that `user` sees: at work first, then the others."""
    work = _work_by_contact(user, now)
    seen = Contact.objects.visible_to(user).filter(left_on=None)
    measured = rates()
    at_work = {row.pk: row for row in _with_checks(seen.filter(pk__in=work))}
    first = [
        Recheck(at_work[pk], fields, work[pk])
        for pk in work
        if pk in at_work and (fields := _due(at_work[pk], now, measured))
    ]
    stale = ~Exists(
        Verification.objects.filter(
            contact=OuterRef("pk"),
            field=VerifiedField.EMAIL,
            verified_at__gt=now - timedelta(days=LIMIT_DAYS[VerifiedField.EMAIL]),
        )
    )
    others = seen.exclude(pk__in=work).exclude(email="").filter(stale).order_by("pk")
    rest = [
        Recheck(contact, fields, None)
        for contact in _with_checks(others)[:MOST_REST]
        if (fields := _due(contact, now, measured))
    ]
    return first[:MOST_FIRST], rest


def to_enrich(user: User, now: datetime) -> list[ToEnrich]:
    """Accounts at work that are not ready, the next meeting first, then the least ready."""
    work: dict[int, Work] = {}
    for one in _at_work(user, now):
        if one.handoff.account_id:
            work.setdefault(one.handoff.account_id, one)
    rows = Account.objects.visible_to(user).filter(pk__in=work)
    found = [
        ToEnrich(account, ready, work[account.pk])
        for account in rows.prefetch_related(*readiness.PREFETCH)
        if (ready := readiness.of(account, now)).missing
    ]
    never = now + timedelta(days=36_500)
    return sorted(found, key=lambda row: (row.work.meets_at or never, row.readiness.score))


def _work_by_contact(user: User, now: datetime) -> dict[int, Work]:
    """Each contact of a handoff at work, the most urgent first."""
    found: dict[int, Work] = {}
    for one in _at_work(user, now):
        seats = [member.contact_id for member in one.handoff.committee.all()]
        for pk in (one.handoff.contact_id, *seats):
            if pk:
                found.setdefault(pk, one)
    return found


def _at_work(user: User, now: datetime) -> list[Work]:
    """Open handoffs and those with a meeting coming: by meeting, then by what is due next."""
    coming = Meeting.objects.filter(
        handoff=OuterRef("pk"), status__in=COMING, starts_at__gte=now
    ).order_by("starts_at")
    rows: HandoffQuerySet = Handoff.objects.visible_to(user)
    rows = (
        rows.filter(Q(status__in=OPEN) | Exists(coming))
        .annotate(meets_at=Subquery(coming.values("starts_at")[:1]))
        .select_related("owner", "sdr")
        .prefetch_related("committee")
        .order_by(F("meets_at").asc(nulls_last=True), F("next_due_at").asc(nulls_last=True), "pk")
    )
    return [Work(handoff, handoff.meets_at) for handoff in rows[:MOST_HANDOFFS]]


def _with_checks(rows: QuerySet[Contact]) -> QuerySet[Contact]:
    return rows.select_related("account").prefetch_related("verifications")


def _due(contact: Contact, now: datetime, measured: dict[tuple[str, str], float]) -> list[Field]:
    """The fields with a value that is not fresh."""
    found: Iterable[tuple[VerifiedField, Freshness]] = states(contact, now, rates=measured).items()
    return [
        Field(field, value, fresh, WAYS[field])
        for field, fresh in found
        if fresh.state is not State.FRESH and (value := contact.verified_value(field))
    ]
