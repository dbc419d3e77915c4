"""The queue: handoffs that wait for somebody, due next first, as flat rows."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from handoffs import waiting
from handoffs.filters import QueueFilter
from handoffs.masking import Reader, mask_name
from handoffs.models import Handoff, LeadSource
from handoffs.querysets import HandoffQuerySet
from handoffs.time_left import TimeLeft, hours_of, time_left
from handoffs.waiting import Curve
from team.business_time import BusinessHours
from team.doors import person, with_role
from team.models import User
from team.pages import page

ROWS_A_PAGE = 50
COLUMNS = (
    "pk",
    "status",
    "lead_source",
    "next_due_at",
    "next_warn_at",
    "next_due_calendar_id",
    "next_step_at",
    "submitted_at",
    "accepted_at",
    "first_contact_at",
    "account__name",
    "contact__title",
    "contact__first_name",
    "contact__last_name",
    "sdr_id",
    "sdr__first_name",
    "sdr__last_name",
    "owner_id",
    "owner__first_name",
    "owner__last_name",
    "territory_id",
    "territory__name",
    "territory__manager_id",
)
LEAD_SOURCES = dict(LeadSource.choices)
STATUSES = dict(Handoff.Status.choices)
BENCHMARK = Curve()


class Row(NamedTuple):
    """One line of the queue, ready to be shown; `note` is what the page adds to it."""

    pk: int
    left: TimeLeft
    status: str
    status_words: str
    lead_source: str
    company: str
    title: str
    contact: str
    agreed_at: datetime | None
    submitted_at: datetime | None
    sdr: str
    owner: str
    is_mine: bool
    territory: str
    may_accept: bool
    may_reassign: bool
    lost: int | None  # the percentage of the chance that waiting has cost; None: contacted
    note: str = ""

    @property
    def is_closed(self) -> bool:
        return self.status not in Handoff.OPEN


@require_GET
@with_role
def queue(request: HttpRequest) -> HttpResponse:
    """The whole page, or with the header X-Part the rows alone, for the page to refresh itself."""
    user, now = person(request), timezone.now()
    asked = request.GET.copy()
    if works_the_queue(user) and "state" not in asked:
        asked["state"] = Handoff.Status.SUBMITTED.value
    filters = QueueFilter(asked, queryset=rows_for(user), request=request)
    refused = filters.form.errors
    found = filters.qs.due_next_first() if not refused else Handoff.objects.none()
    sheet = Paginator(found.values_list(*COLUMNS, named=True), ROWS_A_PAGE).get_page(
        asked.get("page")
    )
    curve = waiting.current()
    rows = rows_of(sheet, Reader(user), now, curve)
    accepts = any(row.may_accept for row in rows)
    reassigns = any(row.may_reassign for row in rows)
    context = {
        "filters": filters.form,
        "rows": rows,
        "accepts": accepts,
        "reassigns": reassigns,
        "selects": accepts or reassigns,
        "curve": curve,
        "benchmark": round(100 * waiting.LOST_PER_HOUR),
        "cases_needed": waiting.CASES_NEEDED,
        "sheet": sheet,
        "pages": sheet.paginator.get_elided_page_range(sheet.number, on_each_side=2, on_ends=1),
        "now": now,
        "is_narrowed": any(request.GET.get(name) for name in ("q", "source", "territory", "owner")),
        "state": asked.get("state", ""),
        "works_the_queue": works_the_queue(user),
        "address": _address(request),
    }
    status = 400 if refused else 200
    if request.headers.get("X-Part") == "rows":
        return render(request, "handoffs/queue_rows.html", context, status=status)
    return page(request, "handoffs/queue.html", context, title="Queue", status=status)


def works_the_queue(user: User) -> bool:
    """Whether this person comes here to take handoffs, rather than to look after a team."""
    return user.is_ae and not (user.is_manager or user.is_revops or user.is_superuser)


def rows_for(user: User) -> HandoffQuerySet:
    """What stands in this person's queue: open, submitted, and not written by themselves."""
    rows = Handoff.objects.visible_to(user).filter(status__in=["submitted", "returned", "accepted"])
    return rows.exclude(sdr=user) if works_the_queue(user) else rows


def rows_of(
    values: Iterable[Any], reader: Reader, now: datetime, curve: Curve = BENCHMARK
) -> list[Row]:
    """Flat rows from `.values_list(*COLUMNS, named=True)`, masked for whoever reads them."""
    shown = list(values)
    hours = hours_of(value.next_due_calendar_id for value in shown)
    return [
        _row(value, reader, hours.get(value.next_due_calendar_id), now, curve) for value in shown
    ]


def _row(
    value: Any, reader: Reader, hours: BusinessHours | None, now: datetime, curve: Curve
) -> Row:
    contact = f"{value.contact__first_name or ''} {value.contact__last_name or ''}".strip()
    whose: dict[str, Any] = {
        "sdr_id": value.sdr_id,
        "owner_id": value.owner_id,
        "territory_manager_id": value.territory__manager_id,
        "is_unplaced": value.owner_id is None and value.territory_id is None,
    }
    sees = reader.sees_people(accepted_at=value.accepted_at, **whose)
    waits = value.submitted_at is not None and value.first_contact_at is None
    user = reader.user
    is_mine = value.owner_id == user.pk
    waits_for_ae = value.status == Handoff.Status.SUBMITTED and value.sdr_id != user.pk
    return Row(
        pk=value.pk,
        left=time_left(value.next_due_at, value.next_warn_at, now, hours),
        status=value.status,
        status_words=STATUSES[value.status],
        lead_source=LEAD_SOURCES.get(value.lead_source, value.lead_source),
        company=value.account__name or "No account yet",
        title=value.contact__title or "",
        contact=contact if sees else mask_name(contact),
        agreed_at=value.next_step_at,
        submitted_at=value.submitted_at,
        sdr=f"{value.sdr__first_name} {value.sdr__last_name}".strip(),
        owner=f"{value.owner__first_name or ''} {value.owner__last_name or ''}".strip(),
        is_mine=is_mine,
        territory=value.territory__name or "",
        may_accept=waits_for_ae
        and user.is_ae
        and (is_mine or value.territory_id in reader.takes_from),
        may_reassign=reader.may_reassign(**whose),
        lost=round(100 * curve.lost(value.submitted_at, now)) if waits else None,
    )


def _address(request: HttpRequest) -> str:
    """The query string without the page number, for links to other pages."""
    kept = request.GET.copy()
    kept.pop("page", None)
    return kept.urlencode()
