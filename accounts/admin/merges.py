"""Admin: take one record into another, and undo it."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from unfold.decorators import display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts import duplicates, merging
from accounts.admin.shared import assigns
from accounts.models import Account, Contact, Merge
from team.admin_kit import KeptAdmin, ShownOnly, button, viewer
from team.bounds import LARGEST_ID


class MergeForm(BaseDialogForm):
    """Which record goes into this one: a likely one, or any by its number."""

    likely = forms.ChoiceField(
        label="Likely the same", required=False, widget=UnfoldAdminSelectWidget
    )
    number = forms.IntegerField(
        label="Or by number",
        required=False,
        min_value=1,
        max_value=LARGEST_ID,
        widget=UnfoldAdminTextInputWidget,
        help_text="The number in the address of the other record’s page.",
    )
    model: type[Account] | type[Contact]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.seen: QuerySet[Any] = self.model.objects.visible_to(self.request.user)
        here = self.seen.filter(pk=self.object_id).first()
        found: list[Any] = []
        if isinstance(here, Account):
            found = list(duplicates.of_account(here))
        elif isinstance(here, Contact):
            found = list(duplicates.of_contact(here))
        known = set(
            self.seen.filter(pk__in=[m.found.pk for m in found]).values_list("pk", flat=True)
        )
        choices = [
            (str(match.found.pk), f"{match.found} ({match.reason})")
            for match in found
            if match.found.pk in known
        ]
        field: Any = self.fields["likely"]
        field.choices = [("", "Choose one" if choices else "None found"), *choices]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        pk = found.get("number") or found.get("likely")
        if not self.errors and not pk:
            raise ValidationError("Choose the record that goes into this one.")
        if pk and (other := self.seen.filter(pk=pk).first()) is None:
            self.add_error("number", "There is no such record that you may see.")
        elif pk:
            found["other"] = other
        return found


class MergeAccountForm(MergeForm):
    model = Account


class MergeContactForm(MergeForm):
    model = Contact


def merge_button(form_class: type[MergeForm]) -> Any:
    """The button of a record’s page that takes another one into it."""

    @button(
        "Merge",
        icon="merge",
        permission="merge",
        asks="Take another record into this one?",
        says="Everything that belongs to the other moves here, and its values fill "
        "what is empty. The other one goes. For 30 days this can be undone under Merges.",
        form=form_class,
        url_path="merge",
    )
    def merge_other(self: Any, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        record = self.row(request, object_id)
        other = form.cleaned_data["other"]
        name = str(other)

        def join() -> str:
            merging.merge(record, other, by=viewer(request), at=timezone.now())
            return f"{name} is now part of {record}."

        return self.press(request, join, back_to=self.page_of(record), about=record)

    return merge_other


@admin.register(Merge)
class MergeAdmin(ShownOnly, KeptAdmin):
    """What was merged, for 30 days, with a way back."""

    empty_words = (
        "Nothing was merged in the last 30 days. Open an account or contact and press "
        "“Merge”; for 30 days it can be taken back here."
    )
    list_display = ["gone_name", "into", "at", "by", "undone_at"]
    list_select_related = ["contact", "account", "by"]
    search_fields = ["gone_name"]
    actions_detail = ["undo"]
    fields = ["gone_name", "into", "at", "by", "undone_at", "undone_by"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        user = viewer(request)
        rows: QuerySet[Any] = super().get_queryset(request)
        mine = Q(account__in=Account.objects.visible_to(user)) | Q(
            contact__in=Contact.objects.visible_to(user)
        )
        return rows.filter(mine)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["into"]

    def has_undo_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        """Whoever may merge such records may part them."""
        done = self.row(request, object_id) if object_id is not None else None
        may = assigns(viewer(request)) if done is not None and done.account_id else True
        return bool(may and self.has_view_permission(request))

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        row = self.get_object(request, str(object_id))
        is_open = row is not None and row.undone_at is None
        return list(super().get_actions_detail(request, object_id)) if is_open else []

    @display(description="into")
    def into(self, done: Merge) -> str:
        return str(done.contact or done.account)

    @button(
        "Undo",
        icon="undo",
        permission="undo",
        asks="Make two records of it again?",
        says="The other record comes back with what it brought. What was added "
        "since stays where it is.",
    )
    def undo(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        done = self.row(request, object_id)

        def take_back() -> str:
            merging.undo(done, by=viewer(request), at=timezone.now())
            return f"{done.gone_name} is a record of its own again."

        return self.press(request, take_back, back_to=self.page_of(done), about=done)
