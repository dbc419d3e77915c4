"""“Enrich now” on the pages of contacts and accounts, what came of it, and who said what."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from unfold.decorators import display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldBooleanWidget

from accounts.admin.shared import field_name
from accounts.enrichment import asking
from accounts.models import Account, Contact, Lookup, ValueOrigin
from team.admin_kit import ShownInline, button, viewer
from team.wording import counted

STATE_COLOURS = {
    Lookup.State.WAITING: "info",
    Lookup.State.ANSWERED: "success",
    Lookup.State.UNKNOWN: "default",
    Lookup.State.FAILED: "danger",
}
DESCRIPTION = (
    "Each data source that knows about such records is asked within a minute. What is newer than "
    "ours is taken; what contradicts one of us waits as a proposal."
)


class EnrichAccountForm(BaseDialogForm):
    """Whether its people are asked about, too."""

    people = forms.BooleanField(
        label="Its people as well",
        required=False,
        widget=UnfoldBooleanWidget,
        help_text=f"Those you see who are still there, {asking.MOST_PEOPLE} at most. Vendors "
        "charge for each.",
    )


class _Enriching:
    """What both pages share: who may press, and when the button is there at all."""

    def has_enrich_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        record = self.row(request, object_id) if object_id else None  # type: ignore[attr-defined]
        return bool(self.has_change_permission(request, record))  # type: ignore[attr-defined]

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        found = super().get_actions_detail(request, object_id)  # type: ignore[misc]
        if asking.asked_sources().exists():
            return list(found)
        return [one for one in found if one.method.original_function_name != "enrich_now"]

    def ask(self, request: HttpRequest, page: Any, records: list[Account | Contact]) -> Any:
        def ask() -> str:
            asked = asking.ask(records, by=viewer(request), now=timezone.now())
            return f"{counted(asked, 'question')} asked. The answers appear within a minute."

        return self.press(request, ask, back_to=self.page_of(page), about=page)  # type: ignore[attr-defined]


class EnrichContact(_Enriching):
    """The contact’s page."""

    @button(
        "Enrich now",
        icon="travel_explore",
        permission="enrich",
        asks="Ask the data sources about this person?",
        says=DESCRIPTION,
        url_path="enrich",
    )
    def enrich_now(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        contact = self.row(request, object_id)  # type: ignore[attr-defined]
        return self.ask(request, contact, [contact])


class EnrichAccount(_Enriching):
    """The account’s page."""

    @button(
        "Enrich now",
        icon="travel_explore",
        permission="enrich",
        asks="Ask the data sources about this company?",
        says=DESCRIPTION,
        form=EnrichAccountForm,
        url_path="enrich",
    )
    def enrich_now(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        account = self.row(request, object_id)  # type: ignore[attr-defined]
        records: list[Account | Contact] = [account]
        if form.cleaned_data["people"]:
            seen = Contact.objects.visible_to(viewer(request))
            records += asking.people_of(account, seen)
        return self.ask(request, account, records)


class _SeenWithRecord(ShownInline):
    """Rows that whoever sees the record sees."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True


class LookupsInline(_SeenWithRecord):
    """Which sources were asked, and what they said."""

    model = Lookup
    fields = ["source", "state_shown", "outcome", "asked_at", "asked_by"]
    readonly_fields = fields
    verbose_name_plural = "asked sources"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Lookup]:
        return super().get_queryset(request).select_related("source", "asked_by")

    @display(description="state", label=STATE_COLOURS)
    def state_shown(self, lookup: Lookup) -> tuple[str, str]:
        return lookup.state, lookup.get_state_display()


class OriginsInline(_SeenWithRecord):
    """Who gave each value, and as of when."""

    model = ValueOrigin
    fields = ["field_shown", "value", "source", "at"]
    readonly_fields = fields
    verbose_name_plural = "where values come from"

    @display(description="field")
    def field_shown(self, origin: ValueOrigin) -> str:
        return field_name(origin)
