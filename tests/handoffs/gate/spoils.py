"""Ways to spoil a complete package, each as a function of the handoff; a case names one."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import QuerySet

from accounts.models import Account, Contact, Method, Verification
from handoffs.models import (
    CommitteeMember,
    Criterion,
    FrameworkVersion,
    Handoff,
    LeadSourceRule,
)
from tests.factories import make_account, make_contact

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)

Spoil = Callable[[Handoff], Any]


class Case(NamedTuple):
    rule: str
    field: str
    says: str
    spoil: Spoil


def write(**fields: Any) -> Spoil:
    return lambda handoff: Handoff.objects.filter(pk=handoff.pk).update(**fields)


def contact(**fields: Any) -> Spoil:
    return lambda handoff: Contact.objects.filter(pk=handoff.contact_id).update(**fields)


def account_says(**fields: Any) -> Spoil:
    return lambda handoff: Account.objects.filter(pk=handoff.account_id).update(**fields)


def answer(code: str, **fields: Any) -> Spoil:
    return lambda handoff: handoff.answers.filter(criterion__code=code).update(**fields)


def criterion(code: str, **fields: Any) -> Spoil:
    """Change the standard itself, past its lock, to reach what a team's own may hold."""

    def spoil(handoff: Handoff) -> None:
        unguarded = QuerySet(Criterion)
        unguarded.filter(version=handoff.framework_version, code=code).update(**fields)

    return spoil


def rows(model: Any, **fields: Any) -> Spoil:
    return lambda handoff: model.objects.filter(handoff=handoff).update(**fields)


def no_rows(model: Any) -> Spoil:
    return lambda handoff: model.objects.filter(handoff=handoff).delete()


def checked(field: str, **fields: Any) -> Spoil:
    """The field has one verification only: this one."""

    def spoil(handoff: Handoff) -> None:
        person = handoff.contact
        assert person is not None
        person.verifications.filter(field=field).delete()
        if fields:
            values = {"method": Method.SPOKE, "verified_at": NOW - timedelta(days=3)} | fields
            Verification.objects.create(contact=person, field=field, **values)

    return spoil


def rule(requires: str, lead_source: str = "meeting", **fields: Any) -> Spoil:
    """A rule of the lead source in the standard itself, past its lock."""

    def spoil(handoff: Handoff) -> None:
        QuerySet(LeadSourceRule).bulk_create(
            [
                LeadSourceRule(
                    version=handoff.framework_version,
                    lead_source=lead_source,
                    requires=requires,
                    **fields,
                )
            ]
        )

    return spoil


def both(*spoils: Spoil) -> Spoil:
    def spoil(handoff: Handoff) -> None:
        for one in spoils:
            one(handoff)

    return spoil


def of_another_account(handoff: Handoff) -> None:
    stranger = make_contact(make_account(name="Globex", domain="globex.example"))
    write(contact=stranger)(handoff)


def an_unsigned_standard(handoff: Handoff) -> None:
    write(framework_version=FrameworkVersion.objects.get(framework__code="spiced"))(handoff)


def primary_in_the_committee(handoff: Handoff) -> None:
    rows(CommitteeMember, name="  priya   NAIR ", title="")(handoff)
