"""The contact data under the handoffs: how fresh it was handed over, how it decays by source."""

from datetime import datetime, timedelta

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
    handed = Fact.objects.filter(
        within("submitted_at", period), scope.condition(), has_contact=True
    )
    counts = handed.aggregate(
        all=Count("pk"),
        **{
            f"{field}_{place}": Count("pk", filter=_aged(f"{field}_age", place))
            for field in VerifiedField.values
            for place in range(len(AGE_NAMES) + 1)
        },
    )
    total = counts["all"]
    found = [
        Row(
            (
                str(label),
                *(rate(counts[f"{field}_{n}"], total) for n in range(len(AGE_NAMES) + 1)),
            )
        )
        for field, label in VerifiedField.choices
    ]
    columns = (
        Column("Field", TEXT),
        *(Column(name.capitalize(), RATE) for name in AGE_NAMES),
        Column("Never checked", RATE),
    )
    note = "When each field of the contact was last verified before the handoff was submitted."
    return Table("freshness", "Data handed over", columns, tuple(found) if total else (), note)


def _aged(column: str, place: int) -> Q:
    """Which rows are of one of the ages; the last place is for what was never checked."""
    if place == len(AGE_NAMES):
        return Q(**{f"{column}__isnull": True})
    older = Q(**{f"{column}__gt": AGES[place - 1]}) if place else Q(**{f"{column}__gte": 0})
    return older & Q(**{f"{column}__lte": AGES[place]}) if place < len(AGES) else older


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
