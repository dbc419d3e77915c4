"""The contact data under the handoffs: how fresh it was handed over, how it decays by source."""

from bisect import bisect_right
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q

from accounts.models import Method, Verification, VerifiedField
from handoffs.models import Handoff
from reports.besides.promises import within
from reports.figures import rate
from reports.models import Fact
from reports.periods import Period
from reports.scope import Scope
from reports.tables import RATE, TEXT, Column, Row, Table

AGES = (7, 30, 90)
AGE_NAMES = ("up to 7 days", "8 to 30 days", "31 to 90 days", "older than 90 days")
YEAR = timedelta(days=365)


def freshness(period: Period, scope: Scope, now: datetime) -> Table:
    """How old the newest check of each contact field was when the handoff was submitted."""
    facts = Fact.objects.filter(within("submitted_at", period), scope.condition())
    handed: dict[int, Any] = dict(
        facts.filter(handoff__contact__isnull=False)
        .order_by("submitted_at")
        .values_list("handoff__contact_id", "submitted_at")
    )
    checks: dict[tuple[int, str], list[datetime]] = {}
    contacts = Handoff.objects.filter(pk__in=facts.values("pk")).values("contact_id")
    rows = Verification.objects.filter(contact__in=contacts, result="valid").order_by("verified_at")
    for contact, field, at in rows.values_list("contact_id", "field", "verified_at"):
        checks.setdefault((contact, field), []).append(at)
    found = []
    for field, label in VerifiedField.choices:
        counts = [0] * (len(AGE_NAMES) + 1)
        for contact, submitted in handed.items():
            times = checks.get((contact, field), [])
            place = bisect_right(times, submitted)
            if not place:
                counts[-1] += 1
                continue
            age = (submitted - times[place - 1]).days
            counts[sum(age > limit for limit in AGES)] += 1
        found.append(Row((str(label), *(rate(count, len(handed)) for count in counts))))
    columns = (
        Column("Field", TEXT),
        *(Column(name.capitalize(), RATE) for name in AGE_NAMES),
        Column("Never checked", RATE),
    )
    note = "When each field of the contact was last verified before the handoff was submitted."
    return Table("freshness", "Data handed over", columns, tuple(found) if handed else (), note)


def decay(period: Period, scope: Scope, now: datetime) -> Table:
    """Values that were verified in the year before the period's end and found wrong later, by the
    way they had been verified; contacts of the team's handoffs only."""
    contacts = Handoff.objects.filter(
        pk__in=Fact.objects.filter(scope.condition()).values("pk"), contact__isnull=False
    ).values("contact_id")
    later = Verification.objects.filter(
        contact=OuterRef("contact"),
        field=OuterRef("field"),
        value=OuterRef("value"),
        result=Verification.Result.INVALID,
        verified_at__gt=OuterRef("verified_at"),
    )
    rows = (
        Verification.objects.filter(
            contact__in=contacts,
            result=Verification.Result.VALID,
            verified_at__gte=period.end - YEAR,
            verified_at__lt=period.end,
        )
        .annotate(spoilt=Exists(later))
        .order_by()
        .values_list("method", "field")
        .annotate(wrong=Count("pk", filter=Q(spoilt=True)), all=Count("pk"))
    )
    methods, fields = dict(Method.choices), dict(VerifiedField.choices)
    found = tuple(
        Row((str(methods.get(m, m)), str(fields.get(f, f)), rate(wrong, count)))
        for m, f, wrong, count in sorted(rows)
    )
    columns = (
        Column("Verified by", TEXT),
        Column("Field", TEXT),
        Column("Found wrong later", RATE),
    )
    note = (
        "Checks of the last twelve months. In the field 22.5% of contact data go stale in a year."
    )
    return Table("decay", "Data decay by source", columns, found, note)
