"""What the admin pages of accounts and contacts share: rows as `visible_to` scopes them, words."""

from typing import Any

from django.db.models import ForeignKey, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from accounts import origins
from accounts.models import Account, Contact, Proposal, ValueOrigin
from team.admin_kit import KeptAdmin, viewer
from team.models import User
from team.sheets.door import SheetDoor

# The tab that says where a row came from, in the fieldsets of both
RECORD: tuple[str, dict[str, Any]] = (
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
)


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


def assigns(user: User) -> bool:
    """Whether somebody may give an account to a person or a territory, or make one of two."""
    return user.is_manager or user.is_revops or user.is_superuser


def note_by_hand(
    request: HttpRequest, record: Account | Contact, form: Any, fields: tuple[str, ...]
) -> None:
    """Remember who typed these values: something older from a vendor will not replace them."""
    typed = [name for name in form.changed_data if name in fields and getattr(record, name)]
    origins.note(record, typed, by=viewer(request), at=timezone.now())


def field_name(said: Proposal | ValueOrigin) -> str:
    """The field as its form calls it."""
    model = Contact if said.contact_id else Account
    if said.field == "employer":
        return "employer"
    field: Any = model._meta.get_field(said.field)
    return str(field.verbose_name)


def link(record: Account | Contact | None) -> str:
    """The record’s name as a link to its page; empty without one."""
    if record is None:
        return ""
    name = "contact" if isinstance(record, Contact) else "account"
    url = reverse(f"admin:accounts_{name}_change", args=[record.pk])
    return format_html('<a href="{}">{}</a>', url, record)
