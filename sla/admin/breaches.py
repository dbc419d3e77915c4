"""Breaches: missed promises, each waiting for its cause from the manager of the team."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget

from sla import breaches, words
from sla.models import Breach
from team.admin_kit import KeptAdmin, viewer
from team.models import User


class WaitingFilter(DropdownFilter):
    title = "cause"
    parameter_name = "explained"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", "Waiting for a cause"), ("yes", "Explained")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Breach]) -> QuerySet[Breach]:
        if self.value() == "no":
            return queryset.filter(cause="")
        return queryset.exclude(cause="") if self.value() == "yes" else queryset


class BreachForm(forms.ModelForm):
    """The cause; what the product proposes stands in it already."""

    class Meta:
        model = Breach
        fields = ("cause", "cause_note")
        widgets = {"cause_note": UnfoldAdminTextareaWidget(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "cause" not in self.fields:
            return
        self.fields["cause"].required = True
        self.fields["cause"].error_messages["required"] = "Choose what the cause was."
        self.fields[
            "cause_note"
        ].help_text = (
            "What would have to change for this not to happen again. A sentence for “Other”."
        )
        if not self.instance.cause:
            self.initial["cause"] = self.instance.proposed_cause


@admin.register(Breach)
class BreachAdmin(KeptAdmin):
    """A breach is a failure of the process: it is explained, never edited or deleted."""

    form = BreachForm
    empty_words = "No promise was missed. A miss stands here until somebody says what caused it."
    list_display = ["about", "promise", "missed", "who", "cause_word", "proposal"]
    list_filter = [
        WaitingFilter,
        ("cause", ChoicesDropdownFilter),
        ("clock__kind", ChoicesDropdownFilter),
    ]
    list_select_related = ["clock__handoff__account", "clock__handoff__territory", "holder"]
    search_fields = ["clock__handoff__account__name"]
    search_help_text = "Account name"
    fieldsets = [
        (
            "What happened",
            {"fields": ["handoff", ("promise", "missed"), "who", "proposal"]},
        ),
        (
            "The cause",
            {
                "fields": ["cause", "cause_note", "explained"],
                "description": (
                    "A missed promise is a failure of the process, not of a person: which part "
                    "of it failed here?"
                ),
            },
        ),
    ]
    readonly_fields = ["handoff", "promise", "missed", "who", "proposal", "explained"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Breach]:
        found = super().get_queryset(request)
        if viewer(request).is_revops or viewer(request).is_superuser:
            return found
        return found.filter(of_the_team(viewer(request)))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Breach | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Breach | None = None) -> bool:
        """Only a manager of the team in question says what the cause was."""
        if not super().has_change_permission(request, obj):
            return False
        if obj is None or viewer(request).is_superuser:
            return True
        theirs = Breach.objects.filter(of_the_team(viewer(request)), pk=obj.pk)
        return bool(viewer(request).is_manager) and theirs.exists()

    def save_model(self, request: HttpRequest, obj: Breach, form: Any, change: bool) -> None:
        breaches.explain(
            obj,
            cause=obj.cause,
            note=obj.cause_note,
            by=viewer(request),
            at=timezone.now(),
        )

    @display(description="handoff", ordering="clock__handoff__account__name")
    def about(self, obj: Breach) -> str:
        return str(obj.clock.handoff)

    @display(description="handoff")
    def handoff(self, obj: Breach) -> SafeString:
        address = reverse("handoff", args=[obj.clock.handoff_id])
        return format_html('<a class="text-link" href="{}">{}</a>', address, obj.clock.handoff)

    @display(description="promise", ordering="clock__kind")
    def promise(self, obj: Breach) -> str:
        return f"{obj.clock.get_kind_display()} within {words.span(obj.clock.limit)}"

    @display(description="missed", ordering="fell_due_at")
    def missed(self, obj: Breach) -> str:
        return f"{timezone.localtime(obj.fell_due_at):%-d %b %Y, %H:%M %Z}"

    @display(description="held by", ordering="holder__first_name")
    def who(self, obj: Breach) -> str:
        return str(obj.holder or "nobody")

    @display(description="cause", ordering="cause", label={"waiting": "warning"})
    def cause_word(self, obj: Breach) -> tuple[str, str] | str:
        return obj.get_cause_display() if obj.cause else ("waiting", "waiting for a cause")

    @display(description="proposed")
    def proposal(self, obj: Breach) -> str:
        if not obj.proposed_cause:
            return "–"
        because = f": {obj.proposed_because}" if obj.proposed_because else ""
        return f"{obj.get_proposed_cause_display()}{because}"

    @display(description="explained")
    def explained(self, obj: Breach) -> str:
        if obj.explained_at is None:
            return "not yet"
        return f"by {obj.explained_by}, {timezone.localtime(obj.explained_at):%-d %b %Y, %H:%M %Z}"


def of_the_team(manager: User) -> Q:
    """Breaches of this manager's people and territories; none of somebody who manages nobody."""
    if not manager.is_manager:
        return Q(pk__in=[])
    team = [manager.pk, *manager.team_ids()]
    return (
        Q(holder__in=team)
        | Q(clock__handoff__territory__manager=manager)
        | Q(holder__isnull=True, clock__handoff__sdr__in=team)
    )
