"""How a report can be narrowed down; every choice stands in the address of the page."""

from datetime import datetime, tzinfo
from typing import Any

import django_filters
from django.conf import settings
from django.http import HttpRequest

from handoffs.models import FrameworkVersion, LeadSource
from reports.models import Fact
from reports.periods import Period, last_months, month, month_of
from reports.scope import Scope, scope_of
from team.models import Territory, User
from team.zones import zone_named

MONTHS_BACK = 24
DIMENSIONS = [
    ("month", "Month"),
    ("sdr", "SDR"),
    ("ae", "AE"),
    ("manager", "Manager"),
    ("territory", "Territory"),
    ("lead_source", "Lead source"),
    ("framework_version", "Standard"),
]


def _one_of(label: str, everything: str) -> django_filters.ChoiceFilter:
    return django_filters.ChoiceFilter(label=label, empty_label=everything, method="ignore")


class ReportFilter(django_filters.FilterSet):
    """Month and six dimensions, and the one that the last table is cut along.

    It reads the choices; `reports.scope` turns them into a condition. What there is to choose
    from, `Question` fills in.
    """

    month = django_filters.ChoiceFilter(label="Month", empty_label=None, method="ignore")
    sdr = _one_of("SDR", "All SDRs")
    ae = _one_of("AE", "All AEs")
    manager = _one_of("Manager", "All managers")
    territory = _one_of("Territory", "All territories")
    source = django_filters.ChoiceFilter(
        label="Lead source",
        choices=LeadSource.choices,
        empty_label="All lead sources",
        method="ignore",
    )
    standard = _one_of("Standard", "All standards")
    by = django_filters.ChoiceFilter(
        label="Table by", choices=DIMENSIONS, empty_label=None, method="ignore"
    )

    class Meta:
        model = Fact
        fields: list[str] = []

    def ignore(self, rows: Any, name: str, value: Any) -> Any:
        return rows


class Question:
    """What was asked for in an address: a month, a scope, and what the table is cut by.

    `errors` holds what could not be understood; then the whole team’s last full month is shown.
    """

    def __init__(self, request: HttpRequest, user: User, now: datetime) -> None:
        zone: tzinfo = user.zone
        self.now = now
        self.this_month = month_of(now, zone)
        whole = scope_of(user)
        default = self.this_month.before()
        asked = request.GET.copy()
        asked.setdefault("month", default.key)
        asked.setdefault("by", "month")
        self.filters = ReportFilter(asked, queryset=Fact.objects.none(), request=request)
        form = self.filters.form
        for name, choices in self._choices(whole.team).items():
            field: Any = form.fields[name]
            field.choices = choices
        chosen = form.cleaned_data if form.is_valid() else {}
        self.errors = form.errors
        self.period: Period = month(chosen["month"], zone) if chosen.get("month") else default
        self.dimension: str = chosen.get("by") or "month"
        self.scope: Scope = (
            whole.narrowed(
                sdr=_number(chosen.get("sdr")),
                ae=_number(chosen.get("ae")),
                manager=_number(chosen.get("manager")),
                territory=_number(chosen.get("territory")),
                lead_source=chosen.get("source") or "",
                framework_version=_number(chosen.get("standard")),
            )
            .resolved()
            .remembering()
        )
        self.is_narrowed = any(
            chosen.get(name) for name in ("sdr", "ae", "manager", "territory", "source", "standard")
        )
        kept = request.GET.copy()
        for name in ("page", "metric", "table", "row", "part", "side", "file"):
            kept.pop(name, None)
        kept["month"] = self.period.key
        self.address = kept.urlencode()

    def of_all_teams(self, key: str) -> None:
        """Ask for everybody’s month instead, in the site’s own zone, as the joint review does.

        Nothing narrows it down: people are not looked up across teams. ValueError: no month.
        """
        self.period = month(key, zone_named(settings.TIME_ZONE))
        self.scope, self.is_narrowed = Scope().remembering(), False
        self.errors.clear()
        self.address = f"month={self.period.key}&teams=all"

    def _choices(self, team: frozenset[int] | None) -> dict[str, list[tuple[Any, str]]]:
        """What there is to choose from, in three queries; people of the reader’s team only."""
        months = last_months(self.this_month, MONTHS_BACK)[::-1]
        people = User.objects.all() if team is None else User.objects.filter(pk__in=team)
        staff = list(people)
        standards = FrameworkVersion.objects.exclude(state="draft").select_related("framework")
        return {
            "month": [(each.key, each.name) for each in months],
            "sdr": [(one.pk, str(one)) for one in staff if one.is_sdr],
            "ae": [(one.pk, str(one)) for one in staff if one.is_ae],
            "manager": [(one.pk, str(one)) for one in staff if one.is_manager],
            "territory": [(one.pk, str(one)) for one in Territory.objects.all()],
            "standard": [(one.pk, str(one)) for one in standards],
        }


def _number(choice: str | None) -> int | None:
    return int(choice) if choice else None
