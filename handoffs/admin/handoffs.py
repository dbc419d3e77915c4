"""The list of all handoffs that somebody may see; its rows lead to the brief.

Nothing is edited here: what a machine writes belongs to handoffs.lifecycle, the package to the
SDR's form.
"""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
    DropdownFilter,
    RelatedDropdownFilter,
)
from unfold.decorators import display
from unfold.views import ChangeList

from handoffs import lifecycle, rights
from handoffs.masking import Reader
from handoffs.models import Handoff
from handoffs.time_left import time_left
from team.admin_kit import KeptAdmin, viewer
from team.models import Role, User

Status = Handoff.Status
COLOURS = {
    Status.DRAFT: "default",
    Status.SUBMITTED: "info",
    Status.RETURNED: "warning",
    Status.ACCEPTED: "primary",
    Status.REJECTED: "danger",
    Status.WITHDRAWN: "default",
    Status.QUALIFIED: "success",
    Status.DISQUALIFIED: "danger",
}


class StateFilter(DropdownFilter):
    title = "status"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", "Open"), ("unassigned", "Unassigned"), *Status.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Handoff]) -> QuerySet[Handoff]:
        wanted = self.value()
        if wanted == "open":
            return queryset.filter(status__in=[Status.SUBMITTED, Status.RETURNED, Status.ACCEPTED])
        if wanted == "unassigned":
            return queryset.filter(status=Status.SUBMITTED, owner=None)
        return queryset.filter(status=wanted) if wanted in Status.values else queryset


class OwnerFilter(DropdownFilter):
    """The AEs whose handoffs this person sees anyway; no directory for the others."""

    title = "AE"
    parameter_name = "owner"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        me = viewer(request)
        people = User.objects.filter(is_ae=True)
        if not (me.is_revops or me.is_superuser):
            near = Q(pk=me.pk) | Q(owned__sdr=me)
            if me.is_manager:
                near |= Q(pk__in=me.team_ids())
            people = people.filter(near).distinct()
        return [(str(person.pk), str(person)) for person in people]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Handoff]) -> QuerySet[Handoff]:
        chosen = self.value() or ""
        return queryset.filter(owner=int(chosen)) if chosen.isdecimal() else queryset


class BriefList(ChangeList):
    """Rows lead to our own pages."""

    def url_for_result(self, result: Handoff) -> str:
        return reverse("handoff", args=[result.pk])


@admin.register(Handoff)
class HandoffAdmin(KeptAdmin):
    empty_words = (
        "No handoffs yet. An SDR starts one with “New handoff”; it stands here from its first word."
    )
    list_display = ["about", "sdr_name", "ae_name", "source", "state", "due"]
    preserve_filters = False
    list_filter = [
        StateFilter,
        ("lead_source", ChoicesDropdownFilter),
        ("territory", RelatedDropdownFilter),
        OwnerFilter,
    ]
    list_select_related = ["account", "sdr", "owner", "next_due_calendar"]
    search_fields = ["account__name"]
    search_help_text = "Account name"
    ordering = ["-pk"]

    keeps_last_values = False

    def shows_values(self, request: HttpRequest, row: Handoff) -> bool:
        """Before and after are the prospect’s words."""
        return Reader(viewer(request)).sees_people_of(row)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return BriefList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Handoff]:
        return super().get_queryset(request) & Handoff.objects.visible_to(viewer(request))

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        return HttpResponseRedirect(reverse("handoff_new"))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return HttpResponseRedirect(self.page_of(self.row(request, object_id)))

    def page_of(self, obj: Handoff) -> str:
        return reverse("handoff", args=[obj.pk])

    def has_change_permission(self, request: HttpRequest, obj: Handoff | None = None) -> bool:
        """The SDR's form changes a package, never this page."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Handoff | None = None) -> bool:
        allowed = super().has_delete_permission(request, obj)
        if not isinstance(obj, Handoff):
            return allowed
        return allowed and rights.may(viewer(request), rights.DELETE, obj)

    def keeps(self, obj: Handoff) -> str:
        return ""

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        names = [str(obj) for obj in objs]
        return names, {"drafts": len(names)}, set(), []

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        handoff = self.row(request, object_id)
        try:
            return super().delete_view(request, object_id, extra_context)
        except PermissionDenied:
            if sentence := rights.why_not(viewer(request), rights.DELETE, handoff):
                self.message_user(request, sentence, messages.ERROR)
                return HttpResponseRedirect(self.page_of(handoff))
            raise
        except lifecycle.TransitionRefused as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return HttpResponseRedirect(self.page_of(handoff))

    def delete_model(self, request: HttpRequest, obj: Handoff) -> None:
        lifecycle.delete_draft(obj, by=viewer(request))

    @display(description="account", ordering="account__name")
    def about(self, obj: Handoff) -> str:
        return str(obj)

    @display(description=Role.SDR.label, ordering="sdr__first_name")
    def sdr_name(self, obj: Handoff) -> str:
        return str(obj.sdr)

    @display(description=Role.AE.label, ordering="owner__first_name")
    def ae_name(self, obj: Handoff) -> str:
        return str(obj.owner or ("unassigned" if obj.is_unassigned else "–"))

    @display(description="lead source", ordering="lead_source")
    def source(self, obj: Handoff) -> str:
        return obj.get_lead_source_display()

    @display(description="status", ordering="status", label=COLOURS)
    def state(self, obj: Handoff) -> tuple[str, str]:
        return obj.status, obj.get_status_display()

    @display(
        description="due",
        ordering="next_due_at",
        label={"is-bad": "danger", "is-warn": "warning", "is-good": "success"},
    )
    def due(self, obj: Handoff) -> tuple[str, str] | str:
        calendar = obj.next_due_calendar
        hours = calendar.hours() if calendar else None
        left = time_left(obj.next_due_at, obj.next_warn_at, timezone.now(), hours)
        if not left.due:
            return ""
        ledger = reverse("handoff_minutes", args=[obj.pk])
        return left.state, format_html('<a href="{}">{}</a>', ledger, left.words)
