"""The admin page of a contact: who they are, how to reach them, and what of it can be trusted."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
    DropdownFilter,
    RelatedDropdownFilter,
)
from unfold.decorators import display

from accounts import decay
from accounts.admin.departures import SayLeft
from accounts.admin.inbox import ProposalsInline
from accounts.admin.lookups import EnrichContact, LookupsInline, OriginsInline
from accounts.admin.merges import MergeContactForm, merge_button
from accounts.admin.shared import RECORD, ScopedAdmin, note_by_hand
from accounts.changes import LEFT_ON, WATCHED, found_wrong, history
from accounts.countries import NAMES
from accounts.freshness import Freshness, State, state, states
from accounts.hooks.payloads import CONTACT_FIELDS
from accounts.imports.resources import ContactResource
from accounts.models import Contact, ContactChange, Verification, VerifiedField
from team.admin_kit import PlainTabularInline, ShownInline

STATE_COLOURS = {
    State.FRESH.label: "success",
    State.AGEING.label: "warning",
    State.STALE.label: "danger",
    State.WRONG.label: "danger",
    State.NEVER.label: "info",
}


class VerificationFormSet(forms.BaseInlineFormSet):
    """New checks only: each of a value that the contact has now, not in the future."""

    def clean(self) -> None:
        super().clean()
        for form in self.extra_forms:
            field = form.cleaned_data.get("field") if hasattr(form, "cleaned_data") else None
            if field and not self.instance.verified_value(field):
                label = VerifiedField(field).label.lower()
                form.add_error("field", f"The contact has no {label} to verify.")
            at = form.cleaned_data.get("verified_at") if field else None
            if at and at > timezone.now():
                form.add_error("verified_at", "A check cannot lie in the future.")


class VerificationInline(PlainTabularInline):
    """Checks are added and never changed: the newest about the present value counts."""

    model = Verification
    formset = VerificationFormSet
    tab = True
    can_delete = False
    fields = ["field", "method", "source", "result", "verified_at"]
    verbose_name_plural = "verifications"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Verification]:
        return super().get_queryset(request).select_related("verified_by")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "verified_at" and field is not None:
            field.initial = timezone.now
        return field


class ChangesInline(ShownInline):
    model = ContactChange
    fields = ["changed_at", "field", "old", "new", "source", "changed_by"]
    readonly_fields = fields
    verbose_name_plural = "history"

    def get_queryset(self, request: HttpRequest) -> QuerySet[ContactChange]:
        return super().get_queryset(request).select_related("changed_by")


class LeftFilter(DropdownFilter):
    title = "still there"
    parameter_name = "left"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", "Still there"), ("yes", "Has left")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Contact]) -> QuerySet[Contact]:
        if self.value() in {"yes", "no"}:
            return queryset.filter(left_on__isnull=self.value() == "no")
        return queryset


@admin.register(Contact)
class ContactAdmin(SayLeft, EnrichContact, ScopedAdmin):
    """People at accounts, and how far what we know of them can be trusted."""

    resource_classes = [ContactResource]
    countries = NAMES
    actions_detail = ["enrich_now", "they_left", "merge_other"]
    merge_other = merge_button(MergeContactForm)
    instead = "Set the date on which they left instead."
    empty_words = "You see no contacts yet. Import a CSV or Excel file, or add the first by hand."
    list_display = ["person", "account", "title", "email", "email_state", "dial_state", "role"]
    list_select_related = ["account"]
    list_filter = [
        ("account__territory", RelatedDropdownFilter),
        ("role", ChoicesDropdownFilter),
        ("attitude", ChoicesDropdownFilter),
        LeftFilter,
    ]
    search_fields = ["first_name", "last_name", "email", "title", "account__name"]
    search_help_text = "Name, e-mail, title or company"
    ordering = ["last_name", "first_name", "pk"]
    autocomplete_fields = ["account"]
    readonly_fields = ["freshness", "created_at", "updated_at"]
    inlines = [
        VerificationInline,
        ProposalsInline,
        ChangesInline,
        LookupsInline,
        OriginsInline,
    ]
    fieldsets = [
        (None, {"fields": [("first_name", "last_name"), "account", "title"]}),
        (
            "Reach them",
            {
                "classes": ["tab"],
                "fields": [
                    "email",
                    ("phone", "phone_extension"),
                    "mobile",
                    "profile_url",
                    "freshness",
                ],
            },
        ),
        (
            "Their part in the purchase",
            {"classes": ["tab"], "fields": ["role", "attitude", "left_on"]},
        ),
        RECORD,
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("verifications")

    def has_merge_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        contact = self.row(request, object_id) if object_id is not None else None
        return bool(self.has_change_permission(request, contact))

    def save_model(self, request: HttpRequest, obj: Contact, form: Any, change: bool) -> None:
        before = Contact.objects.select_related("account").get(pk=obj.pk) if change else None
        super().save_model(request, obj, form, change)
        if before is not None:
            by, at = request.user, timezone.now()
            changes = [
                (field, str(getattr(before, field) or ""), str(getattr(obj, field) or ""))
                for field in (*WATCHED, LEFT_ON)
                if getattr(before, field) != getattr(obj, field)
            ]
            rows = history(obj, changes, source=str(by), by=by, at=at)  # type: ignore[arg-type]
            ContactChange.objects.bulk_create(rows)
        note_by_hand(request, obj, form, CONTACT_FIELDS)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        for row in formset.save(commit=False):
            if isinstance(row, Verification):
                row.contact, row.verified_by = form.instance, request.user  # type: ignore[assignment]
            row.save()
            if isinstance(row, Verification):
                found_wrong(row, at=timezone.now())
        formset.save_m2m()

    @display(description="name", ordering="last_name")
    def person(self, contact: Contact) -> str:
        return str(contact)

    @display(description="e-mail is", label=STATE_COLOURS)
    def email_state(self, contact: Contact) -> str:
        return state(contact, VerifiedField.EMAIL, timezone.now()).state.label

    @display(description="dial is", label=STATE_COLOURS)
    def dial_state(self, contact: Contact) -> str:
        return state(contact, VerifiedField.DIAL, timezone.now()).state.label

    @display(description="verified")
    def freshness(self, contact: Contact) -> str:
        """Each field with its state and the date of the check it rests on."""
        now = timezone.now()
        if contact.pk is None:
            return "Save the contact first, then add checks."
        found = states(contact, now, rates=decay.rates())
        return "; ".join(_judged(field, fresh) for field, fresh in found.items())


def _judged(field: VerifiedField, found: Freshness) -> str:
    at = f" ({found.verified_at:%d %b %Y}" if found.verified_at else ""
    likely = (
        f", {found.expected_validity:.0%} likely still right" if found.expected_validity else ""
    )
    return f"{field.label} {found.state.label}{at}{likely}{')' if at else ''}"
