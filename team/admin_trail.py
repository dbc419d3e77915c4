"""Writes the audit trail from the admin’s forms, in place of Django’s own log, and shows it.

Each page that changes something through a form is covered; a button says itself what it did
(`KeptAdmin.press`). Nothing here knows what a handoff is.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib.admin.utils import unquote
from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.db import models
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from team.audit import HIDDEN, Change, in_words, note
from team.models import AuditEntry, Deed, User
from team.pages import page

ON_A_PAGE = 50


class Trail:
    """Mix into a ModelAdmin: what its forms change goes to the trail with before and after."""

    # Of a deleted row: everything that stood in it, or nothing where that is a prospect’s
    keeps_last_values = True

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        """What `log_addition` and `log_change` are given."""
        return [*_changes(form, new=add), *_inline_changes(formsets or [])]

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        self.write_down(request, Deed.ADDED, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        if message:  # a form saved without any change is no deed
            self.write_down(request, Deed.CHANGED, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:
        for row in queryset:
            if self.keeps_last_values:
                self.write_down(request, Deed.DELETED, row, list(_last_values(row)))
            else:
                name = f"{row._meta.verbose_name} {row.pk}"
                self.write_down(request, Deed.DELETED, row, name=name)

    def write_down(
        self, request: HttpRequest, deed: Deed, row: Any, message: Any = "", *, name: str = ""
    ) -> None:
        by = request.user if isinstance(request.user, User) else None
        if isinstance(message, str):
            note(deed, by=by, about=row, words=message, name=name)
        else:
            note(deed, by=by, about=row, changes=message, name=name)

    def shows_values(self, request: HttpRequest, row: Any) -> bool:
        """Whether this person may read before and after, or only that something changed."""
        return True

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        admin: Any = self
        row = admin.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        if not admin.has_view_or_change_permission(request, row):
            raise PermissionDenied
        entries = AuditEntry.objects.of(row).select_related("by")
        shown = admin.get_paginator(request, entries, ON_A_PAGE).get_page(request.GET.get("p", 1))
        context = {
            "entries": shown,
            "shows_values": self.shows_values(request, row),
            "back": reverse(f"admin:{_of(row)}_change", args=[row.pk]),
            "back_words": f"Back to {row}",
            **(extra_context or {}),
        }
        return page(request, "admin/audit_trail.html", context, title=f"Changes of {row}")


def _of(row: models.Model) -> str:
    return f"{row._meta.app_label}_{row._meta.model_name}"


def _changes(form: BaseForm | None, *, new: bool = False, prefix: str = "") -> Iterator[Change]:
    """What a valid form changes. A password is one change, whatever its boxes are called."""
    if form is None:
        return
    passwords = [name for name in form.changed_data if "password" in name]
    for name in form.changed_data:
        if name in passwords or name in ("DELETE", "id"):
            continue
        field = _model_field(form, name)
        before = "" if new else in_words(name, form.initial.get(name), field)
        after = in_words(name, form.cleaned_data.get(name), field)
        if before != after or after == HIDDEN:
            yield Change(f"{prefix}{_label(form, name)}", before, after)
    if passwords:
        yield Change(f"{prefix}password", "", HIDDEN)


def _inline_changes(formsets: Iterable[Any]) -> Iterator[Change]:
    for formset in formsets:
        kind = str(formset.model._meta.verbose_name)
        changed = {id(row) for row, _ in formset.changed_objects}
        added = {id(row) for row in formset.new_objects}
        for form in formset.forms:
            name = f"{kind} “{form.instance}”"
            if id(form.instance) in added:
                values = [f"{change.field}: {change.after}" for change in _changes(form, new=True)]
                yield Change(name, "", "; ".join(values)[:2000] or "added")
            elif id(form.instance) in changed:
                yield from _changes(form, prefix=f"{name}, ")
        for row in formset.deleted_objects:
            yield Change(f"{kind} “{row}”", str(row), "")


def _last_values(row: models.Model) -> Iterator[Change]:
    for field in row._meta.concrete_fields:
        value = in_words(field.name, getattr(row, field.attname), field)
        if value and not field.primary_key:
            yield Change(str(field.verbose_name), value, "")


def _label(form: BaseForm, name: str) -> str:
    box = form.fields.get(name)
    field = _model_field(form, name)
    return str((field and field.verbose_name) or (box and box.label) or name)


def _model_field(form: BaseForm, name: str) -> Any:
    meta = getattr(form, "_meta", None)
    if meta is None or getattr(meta, "model", None) is None:
        return None
    try:
        return meta.model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
