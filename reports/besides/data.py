"""The contact data under the handoffs: how fresh it was handed over, how it decays by source."""

from datetime import datetime
from operator import attrgetter

from django.db.models import Count, Q, QuerySet

from accounts.decay import fastest, half_life_years, still_right
from accounts.models import DecayRate, VerifiedField
from reports.besides.behind import Behind
from reports.besides.promises import within
from reports.figures import rate
from reports.models import Fact
from reports.periods import Period
from reports.scope import Scope
from reports.tables import RATE, SHARE, TEXT, Column, Row, Table

AGES = (7, 30, 90)
AGE_NAMES = ("up to 7 days", "8 to 30 days", "31 to 90 days", "older than 90 days")


def freshness(period: Period, scope: Scope, now: datetime) -> Table:
    """How old the newest check of each contact field was when the handoff was submitted."""
    counts = _handed(period, scope).aggregate(
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
            ),
            key=field,
        )
        for field, label in VerifiedField.choices
    ]
    columns = (
        Column("Field", TEXT),
        *(Column(name.capitalize(), RATE, part=str(n)) for n, name in enumerate(AGE_NAMES)),
        Column("Never checked", RATE, part=str(len(AGE_NAMES))),
    )
    note = "When each field of the contact was last verified before the handoff was submitted."
    return Table("freshness", "Data handed over", columns, tuple(found) if total else (), note)


def _handed(period: Period, scope: Scope) -> QuerySet[Fact]:
    return Fact.objects.filter(within("submitted_at", period), scope.condition(), has_contact=True)


def behind_freshness(row: str, part: str, period: Period, scope: Scope, now: datetime) -> Behind:
    return Behind(_handed(period, scope), _aged(f"{row}_age", int(part)), Q())


def _aged(column: str, place: int) -> Q:
    """Which rows are of one of the ages; the last place is for what was never checked."""
    if place == len(AGE_NAMES):
        return Q(**{f"{column}__isnull": True})
    older = Q(**{f"{column}__gt": AGES[place - 1]}) if place else Q(**{f"{column}__gte": 0})
    return older & Q(**{f"{column}__lte": AGES[place]}) if place < len(AGES) else older


def decay(period: Period, scope: Scope, now: datetime) -> Table:
    """How fast values go wrong by who vouched for them, as the last night measured it (accounts.
    decay): over all contacts and all time, whatever the report is narrowed to."""
    rows = sorted(DecayRate.objects.all(), key=attrgetter("per_year"), reverse=True)
    found = tuple(
        Row(
            (
                row.source,
                row.get_field_display(),
                row.wrong,
                round(row.contact_years, 1),
                1 - still_right(365, row.per_year),
                f"{half_life_years(row.per_year):.1f} years",
            )
        )
        for row in rows
    )
    columns = (
        Column("Vouched for by", TEXT),
        Column("Field", TEXT),
        Column("Found wrong"),
        Column("Contact-years watched"),
        Column("Wrong within a year", SHARE),
        Column("Half-life", TEXT),
    )
    words = "Nothing was found wrong often enough to name a source."
    if worst := fastest(rows):
        name, watched = worst
        share = 1 - still_right(365, watched.hazard)
        words = (
            f"The data of {name} decay fastest: {share:.0%} a year, {watched.wrong} values found "
            f"wrong in {watched.years:.0f} contact-years."
        )
    note = (
        f"{words} Measured every night from all checks, bounces and departures; each estimate "
        "starts at the 22.5% a year of contact data at large and counts that for 20 contact-years."
    )
    empty = "Nothing was checked twice yet. What is verified again or bounces is measured at night."
    return Table("decay", "Data decay by source", columns, found, note, empty)
