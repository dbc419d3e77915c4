"""Requests of people about their data: filed by one admin, confirmed by another, done once."""

from typing import Any

from django import forms
from django.apps import apps
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.decorators import display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextInputWidget

from privacy import requests
from privacy.models import PersonRequest
from privacy.requests import RequestRefused
from team.admin_kit import KeptAdmin, button, chip, viewer
from team.wording import counted, listed

Kind, State = PersonRequest.Kind, PersonRequest.State
COLOURS = {
    State.WAITING: "warning",
    State.CONFIRMED: "info",
    State.DONE: "success",
    State.DECLINED: "default",
    State.REFUSED: "danger",
}


class DeclineDialog(BaseDialogForm):
    """Why nothing is done."""

    why = forms.CharField(max_length=300, widget=UnfoldAdminTextInputWidget)


@admin.register(PersonRequest)
class PersonRequestAdmin(KeptAdmin):
    """A request is filed and decided on, never edited or deleted: it is the proof."""

    change_form_outer_before_template = "privacy/download.html"
    empty_words = (
        "Nobody has asked for their data. File a request here when somebody wants theirs "
        "shown or erased."
    )
    list_display = ["about", "kind", "state_word", "filed_by", "filed_at", "done_at"]
    list_filter = ["kind", "state"]
    list_select_related = ["filed_by", "decided_by"]
    actions_detail = ["confirm", "decline"]
    fields = ["kind", "email", "identity"]
    readonly_shown = [
        "about",
        "kind",
        "state_chip",
        "identity",
        ("filed_by", "filed_at"),
        ("decided_by", "decided_at"),
        "outcome",
    ]

    def get_fields(self, request: HttpRequest, obj: PersonRequest | None = None) -> Any:
        return self.fields if obj is None else self.readonly_shown

    def get_readonly_fields(self, request: HttpRequest, obj: PersonRequest | None = None) -> Any:
        return [] if obj is None else ["about", "state_chip", "outcome"]

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        if "email" in form.base_fields:  # it may be empty in the table: once all is done
            form.base_fields["email"].required = True
        return form

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: PersonRequest, form: Any, change: bool) -> None:
        requests.file(obj, by=viewer(request), at=timezone.now())
        sentence = "Filed. Another admin has to confirm it: ask one to open this page."
        self.message_user(request, sentence, messages.INFO)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """`requests.file` has written it to the trail, without the address."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.archive))
        name = "privacy_personrequest_archive"
        return [path("<path:object_id>/archive/", view, name=name), *super().get_urls()]

    def archive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The archive, as a download."""
        if not self.has_decide_permission(request):
            raise PermissionDenied
        row = self.row(request, object_id)
        try:
            packed = requests.take_along(row, by=viewer(request), at=timezone.now())
        except RequestRefused as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return HttpResponseRedirect(self.page_of(row))
        answer = HttpResponse(packed, content_type="application/zip")
        name = f"person-{row.digest[:12]}.zip"
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        offers = bool(row and row.kind == Kind.EXPORT and row.state == State.CONFIRMED)
        context = {**(extra_context or {}), "offers_archive": offers}
        return super().change_view(request, object_id, form_url, context)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Buttons are there while it waits; whoever filed it may only take it back."""
        row = self.get_object(request, str(object_id))
        waits = row is not None and row.state == State.WAITING
        own = row is not None and row.filed_by_id == viewer(request).pk
        wanted = [] if not waits else ["decline"] if own else ["confirm", "decline"]
        found = super().get_actions_detail(request, object_id)
        return [one for one in found if one.method.original_function_name in wanted]

    @button(
        "Confirm",
        icon="check",
        permission="decide",
        asks="Confirm this request?",
        says="You vouch for who it is. An erasure cannot be undone; it is done within a minute. "
        "An export can then be downloaded once, for a day.",
    )
    def confirm(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        row = self.row(request, object_id)

        def work() -> str:
            _decide(requests.confirm, row, by=viewer(request), at=timezone.now())
            if row.kind == Kind.EXPORT:
                return "Confirmed. It can be downloaded once, until this time tomorrow."
            return "Confirmed. It is erased within a minute."

        return self.press(request, work, back_to=self.page_of(row))

    @button(
        "Decline",
        icon="close",
        permission="decide",
        asks="Decline this request?",
        says="Nothing is done, and the address is not kept.",
        form=DeclineDialog,
    )
    def decline(self, request: HttpRequest, form: DeclineDialog, object_id: str) -> HttpResponse:
        row = self.row(request, object_id)

        def work() -> str:
            why = form.cleaned_data["why"]
            _decide(requests.decline, row, by=viewer(request), why=why, at=timezone.now())
            return "Declined."

        return self.press(request, work, back_to=self.page_of(row))

    def has_decide_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.has_add_permission(request)

    @display(description="about")
    def about(self, row: PersonRequest) -> str:
        return row.email or f"person {row.digest[:12]}"

    @display(description="state", ordering="state", label=COLOURS)
    def state_word(self, row: PersonRequest) -> tuple[str, str]:
        return row.state, row.get_state_display()

    @display(description="state")
    def state_chip(self, row: PersonRequest) -> SafeString:
        return chip(COLOURS[State(row.state)], row.get_state_display())

    @display(description="what it does")
    def outcome(self, row: PersonRequest) -> str:
        """In words: what would be changed, what was, or why nothing was."""
        if row.why:
            return row.why
        if row.kind == Kind.EXPORT:
            return "Downloaded." if row.state == State.DONE else "An archive to download once."
        if not row.result:
            return "The worker is counting what is there; look again in a minute."
        return _in_words(row.result, done=row.state == State.DONE)


def _decide(verb: Any, row: PersonRequest, **arguments: Any) -> None:
    try:
        verb(row, **arguments)
    except RequestRefused as refusal:
        raise ValidationError(str(refusal)) from refusal


def _in_words(result: dict[str, Any], *, done: bool) -> str:
    singular = {str(m._meta.verbose_name_plural): m._meta.verbose_name for m in apps.get_models()}
    own = str(PersonRequest._meta.verbose_name_plural)
    rows = listed(
        [
            counted(count, str(singular.get(names, names)), names)
            for names, count in result["rows"].items()
            if names != own
        ]
    )
    if not rows:
        sentences = ["Nothing is held under this address."]
    else:
        sentences = [f"{'Changed' if done else 'Changes'} {rows}."]
    if count := result["unsent_messages_cancelled"]:
        words = counted(count, "message")
        sentences.append(f"{words} that wait{'s' if count == 1 else ''} to leave: cancelled.")
    if count := result["letters_already_sent"]:
        sentences.append(f"{counted(count, 'message')} to them cannot be called back.")
    if numbers := result["open_handoffs"]:
        names = listed([f"handoff {number}" for number in numbers])
        sentences.append(f"Still open, so somebody has to close it: {names}.")
    if result["somebody_else_has_the_same_name"]:
        sentences.append("Somebody else has the same name; texts about other companies stay.")
    return " ".join(sentences)
