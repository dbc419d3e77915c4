"""What admin pages of several apps share besides the guards: refusals in words, buttons, labels."""

from collections import Counter
from collections.abc import Callable
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django_htmx.http import HttpResponseClientRedirect
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextInputWidget

from team.admin_base import DeskAdmin, DeskStackedInline, DeskTabularInline
from team.models import User
from team.wording import counted, listed


def viewer(request: HttpRequest) -> User:
    """Whoever is signed in; the admin lets nobody else come this far."""
    return cast(User, request.user)


def in_words(error: ValidationError) -> str:
    """The sentences of an error, one after the other."""
    return " ".join(error.messages)


def chip(colour: str, words: str) -> SafeString:
    """A word in colour, as lists show it, for the pages of one row."""
    return render_to_string("unfold/helpers/label.html", {"type": colour, "text": words})


def held_by(obj: models.Model, *, leave_out: tuple[type[models.Model], ...] = ()) -> str:
    """What keeps a row from being deleted, such as “12 handoffs and 1 policy”; empty if nothing.

    Asks every relation that points at it and protects it, also those of floors above.
    """
    counts: Counter[type[models.Model]] = Counter()
    relations: Any = obj._meta.get_fields(include_hidden=True)
    for relation in relations:
        model = relation.related_model
        protects = getattr(relation, "on_delete", None) is models.PROTECT
        if protects and model not in leave_out:
            counts[model] += model._default_manager.filter(**{relation.field.name: obj}).count()
    return listed(
        [
            counted(count, str(model._meta.verbose_name), str(model._meta.verbose_name_plural))
            for model, count in counts.items()
            if count
        ]
    )


class _NoPopups:
    """Choices of related rows without the little links to add, change and view one."""

    def formfield_for_dbfield(
        self, db_field: "models.Field[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> Any:
        formfield = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]
        if formfield is not None and isinstance(formfield.widget, RelatedFieldWidgetWrapper):
            for link in ("add", "change", "delete", "view"):
                setattr(formfield.widget, f"can_{link}_related", False)
        return formfield


class PlainTabularInline(_NoPopups, DeskTabularInline):
    """Related rows as a table, without each row's name above it."""

    hide_title = True


class ShownOnly:
    """Pages and inlines of rows that are written elsewhere: nobody adds or edits one there."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ShownInline(ShownOnly, PlainTabularInline):
    """Related rows in a tab of their own, to be read there."""

    tab = True
    can_delete = False


class PlainStackedInline(_NoPopups, DeskStackedInline):
    """Related rows one under the other."""


class KeptAdmin(_NoPopups, DeskAdmin):
    """Pages of rows that history points at: no bulk delete, and none of what is in use.

    `instead` says what to do with a row that may not be deleted.
    """

    actions: Any = None
    instead = ""

    def keeps(self, obj: Any) -> str:
        """Why a row stays, as the subject of a sentence: “12 handoffs”; empty if it may go."""
        return held_by(obj)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        obj = self.get_object(request, unquote(object_id))
        asked = obj is not None and self.has_delete_permission(request, obj)
        if asked and (because := self.keeps(obj)):
            sentence = f"{obj} cannot be deleted: it is used by {because}. {self.instead}"
            self.message_user(request, sentence.strip(), messages.ERROR)
            return HttpResponseRedirect(self.page_of(obj))
        return super().delete_view(request, object_id, extra_context)

    def page_of(self, obj: Any) -> str:
        opts = self.opts
        return reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[obj.pk])

    def row(self, request: HttpRequest, object_id: object) -> Any:
        """The row that a button's address names, within what this person sees; else 404."""
        obj = self.get_object(request, unquote(str(object_id)))
        if obj is None:
            raise Http404
        return obj

    def press(
        self,
        request: HttpRequest,
        work: Callable[[], str],
        *,
        back_to: str,
        about: models.Model | None = None,
    ) -> HttpResponse:
        """Do what a button's dialog confirmed, in one transaction, and say how it went.

        `work` returns the sentence for success, which the trail of `about` keeps as well; a
        ValidationError is shown in its own words.
        """
        try:
            with transaction.atomic():
                sentence = work()
                if sentence and about is not None:
                    self.log_change(request, about, sentence)
        except ValidationError as error:
            self.message_user(request, in_words(error), messages.ERROR)
        else:
            if sentence:
                self.message_user(request, sentence, messages.SUCCESS)
        return leave_dialog(request, back_to)


def leave_dialog(request: HttpRequest, url: str) -> HttpResponse:
    """Go to `url` from a dialog, or from the same form opened as a page."""
    if request.headers.get("HX-Request"):
        return HttpResponseClientRedirect(url)
    return HttpResponseRedirect(url)


def button(
    words: str,
    *,
    icon: str,
    permission: str,
    asks: str,
    says: str,
    does: str = "",
    form: type[BaseDialogForm] = BaseDialogForm,
    **more: Any,
) -> Callable[[Callable[..., HttpResponse]], Any]:
    """A button of a page whose dialog has to be confirmed, so that only a POST with a token writes.

    `asks` is the dialog’s title, `says` what will happen, `does` the word on its own button where
    that is another than `words`. The method gets the valid form; `more` goes to Unfold’s action.
    """
    return action(
        description=words,
        icon=icon,
        permissions=[permission],
        dialog={
            "title": asks,
            "description": says,
            "form_class": form,
            "form_submit_text": does or words,
        },
        **more,
    )


class NoteDialog(BaseDialogForm):
    """What a new version is about."""

    note = forms.CharField(
        max_length=300,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="What will be new in it, in a sentence.",
    )


STATE_COLOURS = {"draft": "warning", "active": "success", "retired": "default"}


class VersionedAdmin(KeptAdmin):
    """Pages of versions (`is_locked`, `state`): one in use is never edited, and says why.

    What is to change changes in a copy: `draft_after` makes it.
    """

    change_form_outer_before_template = "admin/locked_note.html"
    locked_because = "This version is in use, so it is not edited: make a new version."

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and obj.is_locked)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.is_locked)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        obj = self.get_object(request, unquote(object_id))
        note = self.locked_note(obj) if obj is not None and obj.is_locked else ""
        if request.method == "POST" and note and super().has_change_permission(request):
            self.message_user(request, f"Nothing was saved. {note}", messages.ERROR)
            return HttpResponseRedirect(self.page_of(obj))
        context = {**(extra_context or {}), "locked_note": note}
        return super().change_view(request, object_id, form_url, context)

    def locked_note(self, obj: Any) -> str:
        return self.locked_because

    def may_write(self, request: HttpRequest) -> bool:
        """Asked without the version: a locked one may be activated and copied all the same."""
        return self.has_change_permission(request)

    def draft_after(self, version: Any, note: str) -> tuple[Any, bool]:
        """The draft that follows `version`, and whether it was made just now."""
        raise NotImplementedError

    def has_new_version_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        version = self.row(request, object_id)
        return self.may_write(request) and bool(version.is_locked)

    @button(
        "New version to edit",
        icon="edit_note",
        permission="new_version",
        asks="New version to edit",
        says="Makes a draft that says the same, or opens the draft there is. What is in force "
        "stays so until the draft is activated.",
        does="Make the draft",
        form=NoteDialog,
    )
    def new_version(self, request: HttpRequest, form: NoteDialog, object_id: str) -> HttpResponse:
        version = self.row(request, object_id)
        with transaction.atomic():
            # Of two who press at once the second finds the draft of the first
            self.model._default_manager.select_for_update().get(pk=version.pk)
            draft, is_new = self.draft_after(version, form.cleaned_data["note"])
            if is_new:
                self.log_addition(request, draft, f"A copy of {version} to edit.")
        if is_new:
            self.message_user(request, f"{draft} is ready to edit.", messages.SUCCESS)
        else:
            sentence = f"{draft} is a draft already: edit this one."
            self.message_user(request, sentence, messages.INFO)
        return leave_dialog(request, self.page_of(draft))

    @display(description="state", ordering="state", label=STATE_COLOURS)
    def state_word(self, obj: Any) -> tuple[str, str]:
        return obj.state, obj.get_state_display()

    @display(description="state")
    def state_chip(self, obj: Any) -> SafeString:
        return chip(STATE_COLOURS[obj.state], obj.get_state_display())


class InDraftOnly:
    """Inline rows that change with a draft and are only shown once the version is locked."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_draft(obj) and super().has_add_permission(request, obj)  # type: ignore[misc]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_draft(obj) and super().has_change_permission(request, obj)  # type: ignore[misc]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_draft(obj) and super().has_delete_permission(request, obj)  # type: ignore[misc]


def _is_draft(version: Any) -> bool:
    return version is None or not version.is_locked
