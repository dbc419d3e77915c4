"""Territories: countries, the primary AE, the team, and the backups in their order."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import BooleanRadioFilter, RelatedDropdownFilter
from unfold.decorators import display

from team.admin_kit import KeptAdmin, PlainTabularInline
from team.forms.territories import CoverageFormSet, TerritoryForm
from team.models import Coverage, Role, Territory, User


class CoverageInline(PlainTabularInline):
    help_words = {
        "backup": "An AE who takes over when those before cannot.",
    }
    model = Coverage
    formset = CoverageFormSet
    fields = ["rank", "backup"]
    autocomplete_fields = ["backup"]
    verbose_name_plural = "backups, asked in this order"


@admin.register(Territory)
class TerritoryAdmin(KeptAdmin):
    help_words = {
        "name": "As people call it, such as “Central Europe”.",
        "is_active": "Off: no account comes to it by its country any more.",
    }
    form = TerritoryForm
    instead = "Switch “active” off instead."
    empty_words = (
        "No territory yet. Add one with its countries, its AE and a backup, so that handoffs "
        "find an owner."
    )
    list_display = ["name", "country_codes", "primary", "backups", "manager", "calendar", "used"]
    list_filter = [
        ("is_active", BooleanRadioFilter),
        ("calendar", RelatedDropdownFilter),
    ]
    list_select_related = ["primary", "manager", "calendar"]
    search_fields = ["name"]
    search_help_text = "Name"
    autocomplete_fields = ["primary", "manager", "team"]
    inlines = [CoverageInline]
    fieldsets = [
        (None, {"fields": ["name", "countries", "calendar", "is_active"]}),
        (
            "Who takes its handoffs",
            {
                "fields": ["primary", "team", "manager"],
                "description": (
                    "A new handoff goes to the account’s own AE, else to the primary AE, else to "
                    "whoever in the team holds the fewest. Whoever is away, full or deactivated "
                    "is passed over for the backups below. Each backup is asked once, so two AEs "
                    "may back each other up; when all have been asked, the manager owns it."
                ),
            },
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Territory]:
        return super().get_queryset(request).prefetch_related("coverage__backup")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "primary":
            kwargs["queryset"] = User.objects.with_role(Role.AE)
        if db_field.name == "manager":
            kwargs["queryset"] = User.objects.with_role(Role.MANAGER)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if sentence := gap_in_cover(form.instance):
            self.message_user(request, sentence, messages.WARNING)

    @display(description="countries")
    def country_codes(self, obj: Territory) -> str:
        return ", ".join(obj.countries) or "all others"

    @display(description="backups")
    def backups(self, obj: Territory) -> str:
        names = [str(row.backup) for row in obj.coverage.all()]
        return ", then ".join(names) or "none"

    @display(description="active", ordering="is_active", boolean=True)
    def used(self, obj: Territory) -> bool:
        return obj.is_active


def gap_in_cover(territory: Territory) -> str:
    """What happens here that the admin may not have meant; empty if the cover is sound."""
    if not territory.is_active:
        return ""
    backups = territory.coverage.filter(backup__is_active=True).exists()
    team = territory.team.filter(is_active=True).exists()
    last = territory.manager or "every admin"
    if not (territory.primary_id or team or backups):
        return f"Nobody would get the handoffs of {territory}: they would wait with {last}."
    if not backups:
        return f"{territory} has no backup: what the AE cannot take would wait with {last}."
    if territory.manager_id is None:
        return f"{territory} has no manager: its unassigned handoffs go to every admin."
    return ""
