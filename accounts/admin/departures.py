"""Admin pages for people who left: say so, keep them where they are now, name who takes over."""

from datetime import UTC, datetime, time
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts import champions
from accounts.admin.shared import link
from accounts.models import Account, Contact, Departure
from team.admin_kit import KeptAdmin, ShownOnly, button, viewer
from team.bounds import check_date, check_one_line, check_storable

COLOURS = {
    Departure.State.OPEN: "warning",
    Departure.State.REPLACED: "success",
    Departure.State.NOBODY: "default",
    Departure.State.BACK: "default",
}


class LeftForm(BaseDialogForm):
    """When they left and where to."""

    left_on = forms.DateField(
        label="Left on",
        validators=[check_date],
        widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}),
    )
    company = forms.CharField(
        label="Went to",
        required=False,
        max_length=120,
        validators=[check_one_line, check_storable],
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "Company, if you know it"}),
    )

    def clean_left_on(self) -> Any:
        left = self.cleaned_data["left_on"]
        if left > timezone.localdate():
            raise ValidationError("Enter the day once it has come.")
        return left


class ReplacementForm(BaseDialogForm):
    """Somebody else at the same account."""

    contact = forms.ModelChoiceField(
        Contact.objects.none(), label="Contact", widget=UnfoldAdminSelectWidget
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        departure = Departure.objects.filter(pk=self.object_id).first()
        if departure is not None:
            here = _contacts(self.request.user).filter(account=departure.account, left_on=None)
            field: Any = self.fields["contact"]
            field.queryset = here.exclude(pk=departure.contact_id)


class SayLeft:
    """The contact’s page: one button for “they left”."""

    actions_detail = ["they_left"]

    def has_say_left_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        contact = self.row(request, object_id) if object_id else None  # type: ignore[attr-defined]
        return bool(self.has_change_permission(request, contact))  # type: ignore[attr-defined]

    @button(
        "They left",
        icon="logout",
        permission="say_left",
        asks="Has this person left the company?",
        says="The record is marked, everybody who works with them is told, and the "
        "account asks who takes over.",
        form=LeftForm,
        url_path="they-left",
    )
    def they_left(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        contact = self.row(request, object_id)  # type: ignore[attr-defined]

        def say() -> str:
            day = form.cleaned_data["left_on"]
            now = timezone.now()
            champions.says_left(
                contact,
                on=min(now, datetime.combine(day, time(12), UTC)),
                company=form.cleaned_data["company"].strip(),
                by=viewer(request),
                now=now,
            )
            self.log_change(request, contact, "Left.")  # type: ignore[attr-defined]
            return f"Noted that {contact} left. Whoever works with them is told within a minute."

        return self.press(request, say, back_to=self.page_of(contact))  # type: ignore[attr-defined]


class DeparturesOfAccount:
    """The account’s page: who left, above everything else."""

    change_form_outer_before_template = "accounts/departures.html"

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        account = self.get_object(request, object_id)  # type: ignore[attr-defined]
        found: Any = []
        if account:
            found = champions.open_departures([account])
            found = found.filter(contact__in=_contacts(viewer(request)))
        context = {**(extra_context or {}), "departures": found}
        return super().change_view(request, object_id, form_url, context)  # type: ignore[misc]


@admin.register(Departure)
class DepartureAdmin(ShownOnly, KeptAdmin):
    """Who left which account, and who takes over."""

    empty_words = (
        "Nobody is known to have left. Press “They left” on a contact; who takes over, and "
        "where they went, is settled here."
    )
    list_display = ["who", "at", "title", "company", "left_on", "now", "state_shown"]
    list_display_links = ["left_on"]
    list_select_related = ["contact", "account", "successor", "replacement"]
    list_filter = [("state", ChoicesDropdownFilter)]
    search_fields = ["contact__last_name", "account__name", "company"]
    search_help_text = "Name or company"
    actions_detail = ["add_at_new_company", "name_replacement", "nobody_takes_over"]
    fields = [
        "who", "at", "title", "left_on", "company", "now", "source", "state", "takes_over",
        "settled_by", "settled_at",
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        user = viewer(request)
        rows: QuerySet[Any] = super().get_queryset(request)
        mine = Q(account__in=Account.objects.visible_to(user), contact__in=_contacts(user))
        return rows if user.is_revops or user.is_superuser else rows.filter(mine)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["who", "at", "now", "takes_over"]

    def has_settle_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        if object_id is not None:
            self.row(request, object_id)
        return request.user.has_perm("accounts.change_contact")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        row = self.get_object(request, str(object_id))
        if row is None or row.state == Departure.State.BACK:
            return []
        hidden = set() if row.company and not row.successor_id else {"add_at_new_company"}
        if row.state != Departure.State.OPEN:
            hidden |= {"name_replacement", "nobody_takes_over"}
        found = super().get_actions_detail(request, object_id)
        return [one for one in found if one.method.original_function_name not in hidden]

    @display(description="who", ordering="contact__last_name")
    def who(self, departure: Departure) -> str:
        return link(departure.contact)

    @display(description="left", ordering="account__name")
    def at(self, departure: Departure) -> str:
        return link(departure.account)

    @display(description="now kept as")
    def now(self, departure: Departure) -> str:
        new = departure.successor
        return format_html("{} ({})", link(new), new.account) if new else ""

    @display(description="takes over")
    def takes_over(self, departure: Departure) -> str:
        return link(departure.replacement)

    @display(description="state", label=COLOURS, ordering="state")
    def state_shown(self, departure: Departure) -> tuple[str, str]:
        return departure.state, departure.get_state_display()

    @button(
        "Keep at new company",
        icon="person_add",
        permission="settle",
        asks="Add them at the new company?",
        says="Name, mobile and social profile go along. E-mail, direct dial and "
        "title were the old company’s: ask for the new ones. The company is added if we do "
        "not have it.",
        does="Add",
    )
    def add_at_new_company(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        departure = self.row(request, object_id)

        def add() -> str:
            new = champions.add_at_new_company(departure, by=viewer(request), now=timezone.now())
            return f"{new} is now a contact at {new.account}."

        return self.press(request, add, back_to=self.page_of(departure))

    @button(
        "Who takes over",
        icon="swap_horiz",
        permission="settle",
        asks="Who takes over?",
        says="Somebody new is added under Contacts first.",
        does="Takes over",
        form=ReplacementForm,
    )
    def name_replacement(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        departure = self.row(request, object_id)
        contact = form.cleaned_data["contact"]
        return self._settle(request, departure, contact, f"{contact} takes over.")

    @button(
        "Nobody",
        icon="person_off",
        permission="settle",
        asks="Does nobody take over?",
        says="The account stops asking.",
    )
    def nobody_takes_over(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return self._settle(
            request, self.row(request, object_id), None, "The account stops asking."
        )

    def _settle(
        self, request: HttpRequest, departure: Departure, contact: Contact | None, sentence: str
    ) -> HttpResponse:
        def settle() -> str:
            champions.replace(departure, contact, by=viewer(request), now=timezone.now())
            return sentence

        return self.press(request, settle, back_to=self.page_of(departure))


def _contacts(user: Any) -> QuerySet[Contact]:
    return Contact.objects.visible_to(user)
