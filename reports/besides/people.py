"""Speed, preparation and load: what waiting costs, who was unprepared, how work was shared out."""

from collections import Counter
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from reports import charts, tally
from reports.besides.behind import Behind
from reports.besides.promises import SOURCES, within
from reports.counting import Counting, rows_of
from reports.figures import rate
from reports.models import Fact
from reports.periods import Period, last_months
from reports.scope import Scope
from reports.tables import COUNT, RATE, SHARE, TEXT, Column, Row, Table
from team.models import User

COST_OF_AN_HOUR = 0.9  # each hour of delay costs a tenth of the conversion (source article)
# Up to so many hours, and the middle that the benchmark is computed for
BANDS = ((1, 0.5), (2, 1.5), (4, 3.0), (8, 6.0), (24, 16.0), (48, 36.0))
MONTHS = 12


def speed(period: Period, scope: Scope, now: datetime) -> Table:
    """The team's own decay curve: opportunities among closed handoffs by how long the prospect
    waited from submission to the first contact, over twelve months, beside 10% an hour."""
    _, _, *parts = tally.by_period([by_wait(now)], [_year(period)], scope)[0]["speed"]
    counted = {
        n: rate(won, count)
        for n, (won, count) in enumerate(zip(parts[::2], parts[1::2], strict=True))
        if count
    }
    start = next((counted[n].value for n in range(len(BANDS)) if n in counted), None)
    first = next((BANDS[n][1] for n in range(len(BANDS)) if n in counted), 0.0)
    found = []
    for n in range(len(BANDS) + 2):
        if n not in counted:
            continue
        expected = None
        if n < len(BANDS) and start is not None:
            expected = start * COST_OF_AN_HOUR ** (BANDS[n][1] - first)
        found.append(Row((_band(n), counted[n], expected), key=str(n)))
    columns = (
        Column("First contact after", TEXT),
        Column("Became an opportunity", RATE, part="won"),
        Column("If an hour cost 10%", SHARE),
    )
    note = (
        "Closed handoffs of the last twelve months by the prospect’s wait from submission, on the "
        "calendar. Dashed, and in the last column: what the first row would come to if each hour "
        "cost a tenth."
    )
    chart = charts.steps(
        "What waiting costs",
        "time until the first contact",
        [_short(n) for n in range(len(BANDS) + 2) if n in counted],
        [row.cells[1] for row in found],
        [row.cells[2] for row in found],
        "If each hour cost a tenth",
    )
    return Table("speed", "What waiting costs", columns, tuple(found), note, chart=chart)


def by_wait(now: datetime) -> Counting:
    """Opportunities among closed handoffs, and the same apart for each band of the wait."""
    closed = Q(accepted_at__isnull=False, closed_at__isnull=False)
    won = closed & Q(qualified_at__isnull=False)
    bands, after = [], Q()
    for hours, _ in BANDS:
        until = Q(whole_calendar__lte=hours * 3600)
        bands.append(after & until)
        after = Q(whole_calendar__gt=hours * 3600)
    bands += [after & Q(contacted_at__isnull=False), Q(contacted_at=None)]
    apart = [
        part
        for n, band in enumerate(bands)
        for part in ((f"{_band(n)}, won", won & band), (_band(n), closed & band))
    ]
    return Counting("speed", now, Fact, "submitted_at", closed, won, tuple(apart), is_beside=True)


def _year(period: Period) -> Period:
    return Period(last_months(period, MONTHS)[0].start, period.end)


def behind_speed(row: str, part: str, period: Period, scope: Scope, now: datetime) -> Behind:
    counting, n = by_wait(now), int(row)
    (_, won), (_, closed) = counting.apart[2 * n : 2 * n + 2]
    return Behind(rows_of(counting, _year(period), scope), won, closed)


def unprepared(period: Period, scope: Scope, now: datetime) -> Table:
    """First contacts made in the period before the preparation was finished."""
    rows = (
        _contacted(period, scope)
        .order_by()
        .values_list("lead_source")
        .annotate(some=Count("pk", filter=UNPREPARED), all=Count("pk"))
    )
    found = tuple(
        Row((SOURCES.get(source, source), rate(some, count)), key=source)
        for source, some, count in sorted(rows)
    )
    columns = (
        Column("Lead source", TEXT),
        Column("Contacted unprepared", RATE, part="unprepared"),
    )
    note = "A hot inbound may be worth calling at once; it is asked why and counted here."
    return Table("unprepared", "Unprepared contacts", columns, found, note)


UNPREPARED = Q(is_unprepared=True)


def _contacted(period: Period, scope: Scope) -> QuerySet[Fact]:
    return Fact.objects.filter(within("contacted_at", period), scope.condition())


def behind_unprepared(row: str, part: str, period: Period, scope: Scope, now: datetime) -> Behind:
    return Behind(_contacted(period, scope).filter(lead_source=row), UNPREPARED, Q())


def load(period: Period, scope: Scope, now: datetime) -> Table:
    """How the handoffs submitted in the period were shared out, by territory: each AE's share of
    their territory beside an even one. By name, not by rank."""
    found_rows = (
        _routed(period, scope)
        .order_by()
        .values_list("territory__name", "ae_id", "territory_id")
        .annotate(
            all=Count("pk"),
            open=Count("pk", filter=OPEN),
        )
    )
    rows = list(found_rows)
    people = {user.pk: user for user in User.objects.filter(pk__in={row[1] for row in rows})}
    totals: Counter[str | None] = Counter()
    heads: Counter[str | None] = Counter()
    for territory, _, _, count, _ in rows:
        totals[territory] += count
        heads[territory] += 1
    found = sorted(
        (
            Row(
                (
                    territory or "No territory",
                    str(people[ae]),
                    rate(count, totals[territory]),
                    1 / heads[territory],
                    left,
                    people[ae].capacity,
                ),
                key=f"{place or ''}-{ae}",
            )
            for territory, ae, place, count, left in rows
        ),
        key=lambda row: row.cells[:2],
    )
    columns = (
        Column("Territory", TEXT),
        Column("AE", TEXT),
        Column("Handoffs", RATE, part="handoffs"),
        Column("An even share", SHARE),
        Column("of these open", COUNT, part="open"),
        Column("Capacity", COUNT),
    )
    note = "Who had the handoffs submitted in the month. A primary AE has more than an even share."
    return Table("load", "Load and fairness of routing", columns, tuple(found), note)


OPEN = Q(closed_at=None)


def _routed(period: Period, scope: Scope) -> QuerySet[Fact]:
    return Fact.objects.filter(within("submitted_at", period), scope.condition(), ae__isnull=False)


def behind_load(row: str, part: str, period: Period, scope: Scope, now: datetime) -> Behind:
    place, _, ae = row.partition("-")
    rows = _routed(period, scope).filter(territory=int(place) if place else None)
    own = Q(ae=int(ae))
    return Behind(rows, own & OPEN) if part == "open" else Behind(rows, own, Q())


def _band(n: int) -> str:
    if n == 0:
        return "up to 1 h"
    if n < len(BANDS):
        return f"{BANDS[n - 1][0]} to {BANDS[n][0]} h"
    return f"more than {BANDS[-1][0]} h" if n == len(BANDS) else "never"


def _short(n: int) -> str:
    """The band as it stands below the chart."""
    if n < len(BANDS):
        return f"{BANDS[n][0]} h"
    return "more" if n == len(BANDS) else "never"
