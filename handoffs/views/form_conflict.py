"""Two people edited one package: both versions beside each other, unit by unit, with a choice."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from accounts.models import Contact
from handoffs import editing, merging
from handoffs.forms.package import MainForm
from handoffs.forms.rows import ROW_FORMS, AnswerForm
from handoffs.forms.sheet import LIST_NAMES
from handoffs.models import Handoff
from team.pages import page

NOT_SENT_AGAIN = {"csrfmiddlewaretoken", "version", "do"}
Lines = list[tuple[str, str]]


class Side(NamedTuple):
    """One version of a unit in words; no lines where it is not there."""

    lines: Lines
    changed: bool


class Choice(NamedTuple):
    """One unit that differs, as the page shows it."""

    unit: str
    label: str
    mine: Side
    theirs: Side
    suggestion: str
    disputed: bool


def conflict_page(
    request: HttpRequest,
    handoff: Handoff,
    package: editing.Package,
    base: merging.Fingerprints,
    *,
    typed: dict[str, str],
    contacts: Iterable[Contact],
    closed: str = "",
) -> HttpResponse:
    """409: what differs, and what was typed carried along. `closed`: why nothing can be saved."""
    standing = editing.read(handoff)
    words = _Words(handoff, contacts)
    choices = [
        Choice(
            found.unit,
            words.label(found.unit, standing),
            Side(words.lines(found.unit, found.mine, found.theirs), found.changed_by_me),
            Side(words.lines(found.unit, found.theirs, found.mine), found.changed_by_them),
            found.suggestion,
            found.changed_by_me and found.changed_by_them,
        )
        for found in merging.differences(package, standing, base)
    ]
    context = {
        "handoff": handoff,
        "choices": choices,
        "closed": closed,
        "saved_at": handoff.updated_at,
        "version": handoff.version,
        "typed": [
            (name, value)
            for name, value in typed.items()
            if name not in NOT_SENT_AGAIN and not name.startswith("keep-")
        ],
        "back": reverse("handoff", args=[handoff.pk]),
        "back_words": "To the brief",
    }
    title = "No longer yours to edit" if closed else "Two versions of one package"
    return page(request, "handoffs/form_conflict.html", context, title=title, status=409)


class _Words:
    """Units and their values in the words of the form."""

    def __init__(self, handoff: Handoff, contacts: Iterable[Contact]) -> None:
        self.handoff = handoff
        self.contacts = {contact.pk: contact for contact in contacts}
        standard = handoff.framework_version
        self.criteria = {c.pk: c for c in standard.criteria.all()} if standard else {}

    def label(self, unit: str, standing: editing.Package) -> str:
        name, _, key = unit.partition(".")
        if not key:
            return self._field_label(MainForm, name)
        if name == "answers":
            criterion = self.criteria.get(int(key))
            return criterion.name if criterion else "An answer"
        pks = [str(row.pk) for row in standing.lists[name]]
        number = f" {pks.index(key) + 1}" if key in pks else ", new"
        return f"{LIST_NAMES[name]}{number}"

    def lines(
        self, unit: str, values: editing.Values | None, other: editing.Values | None
    ) -> Lines:
        """What a side says: of a row its first line, and whatever the other side has otherwise."""
        name, _, key = unit.partition(".")
        if values is None:
            return []
        if not key:
            return [("", self._said(name, values[name]))]
        form: Any = AnswerForm if name == "answers" else ROW_FORMS[name]
        columns = [column for column in form.base_fields if column in values]
        return [
            (self._field_label(form, column), self._said(column, values[column]))
            for column in columns
            if column != "contact_id"
            and (column == columns[0] or other is None or values[column] != other.get(column))
            and (values[column] not in ("", None) or (other or {}).get(column))
        ]

    @staticmethod
    def _field_label(form: Any, name: str) -> str:
        field = form.base_fields.get(name)
        text = str(field.label) if field is not None and field.label else name.replace("_", " ")
        return text[:1].upper() + text[1:]

    def _said(self, column: str, value: Any) -> str:
        if isinstance(value, bool):
            return "Yes" if value else "No"
        if value in ("", None):
            return ""
        if column == "next_step_at":
            return f"{timezone.localtime(value):%-d %b %Y, %H:%M %Z}"
        forms: list[Any] = [MainForm, AnswerForm, *ROW_FORMS.values()]
        for form in forms:
            choices = getattr(form.base_fields.get(column), "choices", None)
            if choices and column != "contact":
                known = dict(choices)
                if value in known:
                    return str(known[value])
        return str(value)
