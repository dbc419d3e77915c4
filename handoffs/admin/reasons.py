"""The reasons for returning, rejecting and disqualifying: a short list that RevOps keeps."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from unfold.contrib.filters.admin import BooleanRadioFilter, ChoicesDropdownFilter
from unfold.decorators import display

from handoffs.models import Contest, Reason
from team.admin_kit import KeptAdmin
from team.wording import counted

RULINGS = Coalesce(
    Subquery(
        Contest.objects.exclude(ruling="")
        .filter(rejection__reason=OuterRef("pk"))
        .order_by()
        .values("rejection__reason")
        .annotate(n=Count("pk"))
        .values("n")
    ),
    0,
)


@admin.register(Reason)
class ReasonAdmin(KeptAdmin):
    """A reason that was given once stays, switched off if need be: events point at it."""

    help_words = {
        "code": "Short, for exports, such as wrong-territory.",
        "label": "As people choose it, such as “Wrong territory”.",
        "use": "Which decision offers it.",
        "position": "Lower numbers stand first.",
        "is_active": "Off: past handoffs keep it, new decisions do not offer it.",
    }
    instead = "Switch “offered” off instead: nobody can choose it any more."
    empty_words = "Without reasons nobody can reject or disqualify. Add the first."
    list_display = [
        "code",
        "label",
        "use",
        "position",
        "counts",
        "gives_back",
        "is_active",
        "times_given",
        "ruled_on",
    ]
    list_editable = ["label", "position", "counts", "gives_back", "is_active"]
    list_filter = [("use", ChoicesDropdownFilter), ("is_active", BooleanRadioFilter)]
    search_fields = ["code", "label"]
    search_help_text = "Code or label"
    fields = ["code", "label", "use", "hint", "counts", "gives_back", "position", "is_active"]
    prepopulated_fields = {"code": ["label"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reason]:
        return super().get_queryset(request).annotate(given=Count("events"), rulings=RULINGS)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """What reports count by stays as it was once it has been given."""
        return ["code", "use"] if obj is not None and obj.given else []

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        return {} if obj else dict(self.prepopulated_fields)

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        form = super().get_changelist_form(request, **kwargs)
        form.base_fields["label"].widget.attrs["class"] += " min-w-56"
        return form

    @display(description="given", ordering="given")
    def times_given(self, obj: Any) -> str:
        return counted(obj.given, "time") if obj.given else "never"

    @display(description="contested")
    def ruled_on(self, obj: Any) -> str:
        """Where to read how rejections for this reason were ruled on."""
        if not obj.rulings:
            return "never"
        return format_html(
            '<a class="underline" href="{}?reason={}">{}</a>',
            reverse("rulings"),
            obj.pk,
            counted(obj.rulings, "ruling"),
        )
