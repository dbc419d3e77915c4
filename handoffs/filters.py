"""How the queue can be narrowed down; every choice stands in the address of the page."""

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from handoffs.models import Contest, Handoff, LeadSource, Reason
from handoffs.querysets import HandoffQuerySet
from team.models import Territory, User

STATES = [
    (Handoff.Status.SUBMITTED.value, "Waiting for an AE"),
    (Handoff.Status.RETURNED.value, "Returned to the SDR"),
    (Handoff.Status.ACCEPTED.value, "Accepted"),
]
NOBODY = "none"


def _territories(request: HttpRequest) -> object:
    return Territory.objects.filter(is_active=True)


def _owners(request: HttpRequest) -> object:
    return User.objects.active().filter(Q(is_ae=True) | Q(is_manager=True))


class QueueFilter(django_filters.FilterSet):
    """Lead source, territory, state, owner and text. Text looks at company and title only: a
    filter must not answer questions about what it hides."""

    q = django_filters.CharFilter(
        label="Company or title",
        method="search",
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Company or title"}),
    )
    source = django_filters.ChoiceFilter(
        label="Lead source",
        field_name="lead_source",
        choices=LeadSource.choices,
        empty_label="All lead sources",
    )
    territory = django_filters.ModelChoiceFilter(
        label="Territory", queryset=_territories, empty_label="All territories"
    )
    state = django_filters.ChoiceFilter(
        label="State", field_name="status", choices=STATES, empty_label="All open"
    )
    owner = django_filters.ModelChoiceFilter(
        label="Owner",
        queryset=_owners,
        empty_label="All owners",
        null_label="Nobody yet",
        null_value=NOBODY,
    )

    class Meta:
        model = Handoff
        fields: list[str] = []

    def search(self, rows: HandoffQuerySet, name: str, value: str) -> HandoffQuerySet:
        found = Q(account__name__icontains=value) | Q(contact__title__icontains=value)
        number = value.removeprefix("#")
        if number.isascii() and number.isdigit() and len(number) < 18:
            found |= Q(pk=int(number))
        return rows.filter(found)


def _criteria() -> list[tuple[str, str]]:
    """The criteria that were ever ruled on, under their newest name."""
    rows = Contest.objects.exclude(ruling="").filter(criterion__isnull=False).order_by("pk")
    return sorted(dict(rows.values_list("criterion__code", "criterion__name")).items())


def _reasons(request: HttpRequest) -> object:
    return Reason.objects.filter(use=Reason.Use.REJECT)


class RulingFilter(django_filters.FilterSet):
    """Criterion, ruling, reason of the rejection, and words; the words are for the page to find."""

    q = django_filters.CharFilter(
        label="Words",
        method="leave",
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Words of the ruling"}),
    )
    criterion = django_filters.ChoiceFilter(
        label="Criterion",
        field_name="criterion__code",
        choices=_criteria,
        empty_label="All criteria",
    )
    ruling = django_filters.ChoiceFilter(
        label="Ruling", choices=Contest.Ruling.choices, empty_label="All rulings"
    )
    reason = django_filters.ModelChoiceFilter(
        label="Reason",
        field_name="rejection__reason",
        queryset=_reasons,
        empty_label="All reasons",
    )

    class Meta:
        model = Contest
        fields: list[str] = []

    def leave(self, rows: QuerySet[Contest], name: str, value: str) -> QuerySet[Contest]:
        return rows
