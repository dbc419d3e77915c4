"""Accounts and contacts in the admin; rows are scoped by `visible_to` wherever they are chosen."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, ForeignKey, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
    DropdownFilter,
    RangeNumericFilter,
    RelatedDropdownFilter,
)
from unfold.decorators import action, display

from accounts import decay, origins, readiness
from accounts.changes import LEFT_ON, WATCHED, found_wrong, history
from accounts.countries import NAMES
from accounts.departure_admin import DeparturesOfAccount, SayLeft
from accounts.enrich_admin import (
    EnrichAccount,
    EnrichContact,
    LookupsInline,
    OriginsInline,
)
from accounts.freshness import Freshness, State, state, states
from accounts.hooks.payloads import ACCOUNT_FIELDS, CONTACT_FIELDS
from accounts.imports.resources import AccountResource, ContactResource
from accounts.inbox_admin import ProposalsInline
from accounts.merge_admin import MergeAccountForm, MergeContactForm, merge_button
from accounts.models import (
    Account,
    AccountTechnology,
    Contact,
    ContactChange,
    EnrichmentSource,
    GrowthSignal,
    Verification,
    VerifiedField,
)
from accounts.source_admin import EnrichmentSourceAdmin
from team.admin_kit import KeptAdmin, PlainTabularInline, viewer
from team.models import User
from team.sheets.door import SheetDoor

STATE_COLOURS = {
    State.FRESH.label: "success",
    State.AGEING.label: "warning",
    State.STALE.label: "danger",
    State.WRONG.label: "danger",
    State.NEVER.label: "info",
}
FIT_COLOURS = {
    "Strong fit": "success",
    "Good fit": "info",
    "Weak fit": "warning",
    "No fit": "danger",
}
admin.site.register(EnrichmentSource, EnrichmentSourceAdmin)
TONES = {tone: tone for tone in ("success", "warning", "danger")}
# Who works an account decides who sees it and gets its handoffs.
ASSIGNMENTS = ("territory", "owner", "sdr")


def assigns(user: User) -> bool:
    """Whether somebody may give an account to a person or a territory."""
    return user.is_manager or user.is_revops or user.is_superuser


def note_by_hand(
    request: HttpRequest, record: Account | Contact, form: Any, fields: tuple[str, ...]
) -> None:
    """Remember who typed these values: something older from a vendor will not replace them."""
    typed = [name for name in form.changed_data if name in fields and getattr(record, name)]
    origins.note(record, typed, by=viewer(request), at=timezone.now())


class ScopedAdmin(SheetDoor, KeptAdmin):
    """Shows, finds, offers and exports only what the person sees."""

    keeps_last_values = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).visible_to(request.user)

    def formfield_for_foreignkey(
        self, db_field: "ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.related_model in (Account, Contact):
            rows = db_field.related_model.objects.visible_to(request.user)  # type: ignore[arg-type]
            kwargs["queryset"] = rows
        if db_field.related_model is User:
            kwargs["queryset"] = User.objects.active()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class TechnologyInline(PlainTabularInline):
    model = AccountTechnology
    tab = True
    fields = ["name", "category", "source", "seen_on"]


class SignalInline(PlainTabularInline):
    model = GrowthSignal
    tab = True
    fields = ["kind", "happened_on", "detail", "source_url"]


# Counted for the rows that are shown, where a join would count for every account there is
_CONTACTS = Coalesce(
    Subquery(
        Contact.objects.filter(account=OuterRef("pk"))
        .order_by()
        .values("account")
        .annotate(count=Count("pk"))
        .values("count"),
        output_field=IntegerField(),
    ),
    0,
)


class _ReadOnlyInline(PlainTabularInline):
    """Rows that are shown here and written elsewhere."""

    tab = True
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ContactsInline(_ReadOnlyInline):
    model = Contact
    fields = ["person", "title", "email", "email_state", "dial_state"]
    readonly_fields = fields
    verbose_name_plural = "contacts"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Contact]:
        rows: Any = super().get_queryset(request)
        visible: QuerySet[Contact] = rows.visible_to(request.user)
        return visible.prefetch_related("verifications")

    @display(description="name")
    def person(self, contact: Contact) -> str:
        url = reverse("admin:accounts_contact_change", args=[contact.pk])
        return format_html('<a href="{}">{}</a>', url, contact)

    @display(description="e-mail is")
    def email_state(self, contact: Contact) -> str:
        return state(contact, VerifiedField.EMAIL, timezone.now()).state.label

    @display(description="dial is")
    def dial_state(self, contact: Contact) -> str:
        return state(contact, VerifiedField.DIAL, timezone.now()).state.label


@admin.register(Account)
class AccountAdmin(DeparturesOfAccount, EnrichAccount, ScopedAdmin):
    """Companies, with what is known of them before the first dial."""

    resource_classes = [AccountResource]
    instead = "Merge or correct it instead."
    empty_words = "You see no accounts yet. Import a CSV or Excel file, or add the first by hand."
    list_display = [
        "name",
        "domain",
        "territory",
        "owner",
        "industry",
        "size",
        "fit_label",
        "country",
        "people",
        "ready",
    ]
    list_select_related = ["territory", "owner"]
    list_filter = [
        ("territory", RelatedDropdownFilter),
        ("owner", RelatedDropdownFilter),
        ("fit", ChoicesDropdownFilter),
        ("employees", RangeNumericFilter),
    ]
    search_fields = ["name", "domain", "industry", "external_id"]
    search_help_text = "Name, domain, industry or external id"
    ordering = ["name"]
    autocomplete_fields = ["parent"]
    readonly_fields = ["readiness", "created_at", "updated_at"]
    inlines = [
        TechnologyInline,
        SignalInline,
        ContactsInline,
        ProposalsInline,
        LookupsInline,
        OriginsInline,
    ]
    actions_detail = ["new_handoff", "enrich_now", "merge_other"]
    merge_other = merge_button(MergeAccountForm)
    fieldsets = [
        (None, {"fields": ["name", "domain", "readiness"]}),
        (
            "Company",
            {
                "classes": ["tab"],
                "fields": [
                    ("industry", "employees"),
                    ("annual_revenue", "year_established"),
                    ("country", "city"),
                    "parent",
                ],
            },
        ),
        ("Fit", {"classes": ["tab"], "fields": ["fit", "fit_reason"]}),
        ("Who works it", {"classes": ["tab"], "fields": list(ASSIGNMENTS)}),
        (
            "Record",
            {
                "classes": ["tab"],
                "fields": [
                    "source",
                    "external_id",
                    ("hubspot_id", "salesforce_id"),
                    ("created_at", "updated_at"),
                ],
            },
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        queryset = super().get_queryset(request)
        match = request.resolver_match
        if match and match.url_name == "accounts_account_changelist":
            rows = queryset.annotate(contact_count=_CONTACTS)
            return rows.prefetch_related(*readiness.PREFETCH)
        return queryset

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        fixed = [] if assigns(request.user) else list(ASSIGNMENTS)  # type: ignore[arg-type]
        return [*self.readonly_fields, *fixed]

    def save_model(self, request: HttpRequest, obj: Account, form: Any, change: bool) -> None:
        if not change and obj.sdr is None and request.user.is_sdr:  # type: ignore[union-attr]
            obj.sdr = request.user  # type: ignore[assignment]
        super().save_model(request, obj, form, change)
        note_by_hand(request, obj, form, ACCOUNT_FIELDS)

    @display(description="size", ordering="employees")
    def size(self, account: Account) -> str:
        return account.size_text

    @display(description="fit", ordering="fit", label=FIT_COLOURS)
    def fit_label(self, account: Account) -> str:
        return account.get_fit_display()

    @display(description="ready", label=TONES)
    def ready(self, account: Account) -> tuple[str, str]:
        found = readiness.of(account, timezone.now())
        return found.tone, f"{found.score} of 100"

    @display(description="ready for the first dial")
    def readiness(self, account: Account) -> str:
        if account.pk is None:
            return "Shown when it is saved."
        return readiness.of(account, timezone.now()).words

    @display(description="contacts", ordering="contact_count")
    def people(self, account: Any) -> int:
        return account.contact_count

    def has_merge_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        if object_id is not None:
            self.row(request, object_id)
        return assigns(request.user)  # type: ignore[arg-type]

    def has_start_handoff_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        return request.user.has_perm("handoffs.add_handoff")

    @action(
        description="New handoff",
        url_path="new-handoff",
        icon="add_circle",
        # Not "handoffs.add_handoff": Unfold's system check would ask the database for it,
        # which on a new installation has no tables yet.
        permissions=["start_handoff"],
    )
    def new_handoff(self, request: HttpRequest, object_id: str) -> HttpResponse:
        account = self.row(request, object_id)
        return HttpResponseRedirect(f"{reverse('handoff_new')}?account={account.pk}")


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


class ChangesInline(_ReadOnlyInline):
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
        (
            "Record",
            {
                "classes": ["tab"],
                "fields": [
                    "source",
                    "external_id",
                    ("hubspot_id", "salesforce_id"),
                    ("created_at", "updated_at"),
                ],
            },
        ),
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
