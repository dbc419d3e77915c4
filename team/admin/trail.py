"""The audit trail as a whole, for RevOps: read only, for everybody."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
    RangeDateFilter,
    RelatedDropdownFilter,
)
from unfold.decorators import display

from team.admin_base import DeskAdmin
from team.admin_kit import ShownOnly
from team.models import AuditEntry

SHOWN_FIELDS = 3


@admin.register(AuditEntry)
class AuditEntryAdmin(ShownOnly, DeskAdmin):
    """Nobody adds, changes or deletes an entry here, superusers included."""

    actions = None
    empty_words = (
        "Nothing has been changed by hand yet. Who changed, exported or saw what is kept "
        "here for good."
    )
    list_display = ["who", "deed_word", "thing", "changed", "at"]
    list_display_links = ["who"]
    list_filter = [
        ("deed", ChoicesDropdownFilter),
        ("by", RelatedDropdownFilter),
        ("at", RangeDateFilter),
    ]
    search_fields = ["name", "note", "by__first_name", "by__last_name"]
    search_help_text = "What it was done to, or by whom"
    ordering = ["-at", "-pk"]
    fields = ["at", "who", "deed_word", "thing", "note", "values"]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEntry]:
        return super().get_queryset(request).select_related("by")

    @display(description="who", ordering="by__first_name")
    def who(self, entry: AuditEntry) -> str:
        return str(entry.by or "Handoff Desk")

    @display(description="did", ordering="deed")
    def deed_word(self, entry: AuditEntry) -> str:
        return entry.get_deed_display()

    @display(description="to")
    def thing(self, entry: AuditEntry) -> str:
        return ": ".join(filter(None, [capfirst(entry.kind), entry.name])) or "–"

    @display(description="what")
    def changed(self, entry: AuditEntry) -> str:
        if not entry.changes:
            return entry.note
        names = [change["field"] for change in entry.changes]
        more = f" and {len(names) - SHOWN_FIELDS} more" if len(names) > SHOWN_FIELDS else ""
        return ", ".join(names[:SHOWN_FIELDS]) + more

    @display(description="before and after")
    def values(self, entry: AuditEntry) -> SafeString | str:
        if not entry.changes:
            return "–"
        table = render_to_string("admin/audit_changes.html", {"entry": entry, "shows_values": True})
        return mark_safe(f'<div class="desk">{table}</div>')  # noqa: S308  escaped by the template
