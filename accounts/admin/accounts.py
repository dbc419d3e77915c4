"""The admin page of an account: what is known of a company before the first dial."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import (
    Count,
    IntegerField,
    OuterRef,
    QuerySet,
    Subquery,
    prefetch_related_objects,
)
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
    RangeNumericFilter,
    RelatedDropdownFilter,
)
from unfold.decorators import action, display

from accounts import readiness
from accounts.admin.departures import DeparturesOfAccount
from accounts.admin.inbox import ProposalsInline
from accounts.admin.lookups import EnrichAccount, LookupsInline, OriginsInline
from accounts.admin.merges import MergeAccountForm, merge_button
from accounts.admin.shared import RECORD, ScopedAdmin, assigns, link, note_by_hand
from accounts.freshness import state
from accounts.hooks.payloads import ACCOUNT_FIELDS
from accounts.imports.resources import AccountResource
from accounts.models import Account, AccountTechnology, Contact, GrowthSignal, VerifiedField
from team.admin_kit import PlainTabularInline, ShownInline, viewer

FIT_COLOURS = {
    "Strong fit": "success",
    "Good fit": "info",
    "Weak fit": "warning",
    "No fit": "danger",
}
TONES = {tone: tone for tone in ("success", "warning", "danger")}
# Who works an account decides who sees it and gets its handoffs.
ASSIGNMENTS = ("territory", "owner", "sdr")


class TechnologyInline(PlainTabularInline):
    model = AccountTechnology
    tab = True
    fields = ["name", "category", "source", "seen_on"]


class SignalInline(PlainTabularInline):
    model = GrowthSignal
    tab = True
    fields = ["kind", "happened_on", "detail", "source_url"]


class AccountForm(forms.ModelForm):
    """An account as somebody edits it."""

    def clean_parent(self) -> Account | None:
        parent: Account | None = self.cleaned_data["parent"]
        if parent is not None and self.instance in [parent, *parent.above()]:
            raise ValidationError("These two would belong to each other in a circle.")
        return parent


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


class ContactsInline(ShownInline):
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
        return link(contact)

    @display(description="e-mail is")
    def email_state(self, contact: Contact) -> str:
        return state(contact, VerifiedField.EMAIL, timezone.now()).state.label

    @display(description="dial is")
    def dial_state(self, contact: Contact) -> str:
        return state(contact, VerifiedField.DIAL, timezone.now()).state.label


@admin.register(Account)
class AccountAdmin(DeparturesOfAccount, EnrichAccount, ScopedAdmin):
    """Companies, with what is known of them before the first dial."""

    form = AccountForm
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
        RECORD,
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        queryset = super().get_queryset(request)
        match = request.resolver_match
        if match and match.url_name == "accounts_account_changelist":
            rows = queryset.annotate(contact_count=_CONTACTS)
            return rows.prefetch_related(*readiness.PREFETCH)
        return queryset

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        fixed = [] if assigns(viewer(request)) else list(ASSIGNMENTS)
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
        prefetch_related_objects([account], *readiness.PREFETCH)
        return readiness.of(account, timezone.now()).words

    @display(description="contacts", ordering="contact_count")
    def people(self, account: Any) -> int:
        return account.contact_count

    def has_merge_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        if object_id is not None:
            self.row(request, object_id)
        return assigns(viewer(request))

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
