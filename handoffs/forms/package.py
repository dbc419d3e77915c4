"""All forms of one package together: bound to what was typed, or to what stands in the database."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

from django import forms
from django.core.exceptions import BadRequest

from accounts.models import Contact
from handoffs.editing import (
    FIELDS,
    HELD_AFTER_SUBMISSION,
    MOST_ROWS,
    ROW_MODELS,
    Package,
    Row,
    Values,
)
from handoffs.forms.parts import Moment, Part
from handoffs.forms.rows import ROW_FORMS, AnswerForm, RowForm
from handoffs.models import Answer, Handoff
from handoffs.models.package import Channel

ROW_PK = re.compile(r"[0-9]{1,18}", re.ASCII)
NEW_KEY = "__key__"  # replaced by the page's script when it adds a row
ROW_ID = re.compile(r"(triggers|quotes|objections|committee)-([a-z0-9]{1,20})-id")


class MainForm(Part):
    """The single-valued parts of the package."""

    class Meta:
        model = Handoff
        fields = [name for name in FIELDS if name not in ("account", "framework_version")]
        widgets = {
            "why_targeted": forms.Textarea(attrs={"rows": 2}),
            "growth_signals": forms.Textarea(attrs={"rows": 2}),
            "call_notes": forms.Textarea(attrs={"rows": 6}),
            "next_step": forms.Textarea(attrs={"rows": 2}),
            "next_step_at": Moment(),
            "next_step_who": forms.Textarea(attrs={"rows": 2}),
        }
        labels = {
            "company_size": "Company size",
            "tech_stack": "Tech stack",
            "growth_signals": "Growth signals",
            "no_objections": "None raised",
            "nobody_else": "Nobody else mentioned",
        }

    def __init__(self, *args: Any, contacts: list[Contact], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.contacts = {str(contact.pk): contact for contact in contacts}
        chosen = self.instance.contact
        if chosen is not None:
            self.contacts.setdefault(str(chosen.pk), chosen)
        self.fields["contact"] = forms.ChoiceField(
            label="Primary contact",
            required=False,
            choices=[
                ("", "Choose who the AE will speak with"),
                *((key, _named(contact)) for key, contact in self.contacts.items()),
            ],
            error_messages={"invalid_choice": "Choose a contact of this account."},
        )
        self.is_held = self.instance.status == Handoff.Status.RETURNED

    def clean_contact(self) -> Contact | None:
        return self.contacts.get(self.cleaned_data["contact"])

    def clean_lead_source(self) -> str:
        return str(self.cleaned_data["lead_source"] or self.before["lead_source"])

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if self.is_held:
            for name in HELD_AFTER_SUBMISSION:
                if name in found and not found[name] and self.before[name]:
                    self.add_error(
                        name,
                        "This package was handed over once, so this cannot be emptied. "
                        "Write what is right instead.",
                    )
        return found


class RowList(NamedTuple):
    """One list of rows, and an empty row for the page to copy."""

    name: str
    rows: list[RowForm]
    blank: RowForm
    error: str = ""


class PackageForms:
    """The forms of one package. `data` is what was typed, None to show what stands there."""

    def __init__(
        self,
        handoff: Handoff,
        standing: Package,
        *,
        contacts: list[Contact],
        today: date,
        data: Mapping[str, str] | None = None,
        spare: Iterable[str] = (),
    ) -> None:
        self.handoff, self.standing, self.contacts = handoff, standing, contacts
        self.today = today
        self.data = data
        self.main = MainForm(data, instance=_copy(handoff), contacts=contacts)
        self.answers = self._answer_forms()
        self.lists = {name: self._list(name, name in spare) for name in ROW_FORMS}

    @property
    def parts(self) -> list[Part]:
        rows = [row for rows in self.lists.values() for row in rows.rows]
        return [self.main, *self.answers, *rows]

    def errors(self) -> dict[str, list[str]]:
        """What cannot be stored, by the name of its field on the page."""
        found = {
            part.add_prefix(name): [str(message) for message in messages]
            for part in self.parts
            for name, messages in part.errors.items()
        }
        for rows in self.lists.values():
            if rows.error:
                found[rows.name] = [rows.error]
        return found

    def package(self) -> Package:
        """What can be stored of what was typed."""
        package = Package(fields=self.main.storable())
        package.answers = {form.criterion.pk: form.values() for form in self.answers}
        for name, rows in self.lists.items():
            if not rows.error:
                package.lists[name] = [
                    Row(form.key, form.pk, form.values())
                    for form in rows.rows
                    if not form.is_blank()
                ]
        return package

    # --- Below --------------------------------------------------------------------------------

    def _answer_forms(self) -> list[AnswerForm]:
        standard = self.handoff.framework_version
        if standard is None:
            return []
        usual = {
            "said_by": self._contact_name(),
            "said_on": self.today,
            "channel": Channel.CALL.value,
        }
        found = []
        for criterion in standard.criteria.all():
            stored = self.standing.answers.get(criterion.pk)
            found.append(
                AnswerForm(
                    self.data,
                    instance=Answer(**(stored or {})),
                    initial={} if stored else usual,
                    criterion=criterion,
                    contacts=self.contacts,
                )
            )
        return found

    def _list(self, name: str, wants_spare: bool) -> RowList:
        stored = {row.pk: row for row in self.standing.lists[name]}
        blank = self._row(name, NEW_KEY, None, {}, data=None)
        if self.data is None:
            rows = [self._row(name, row.key, row.pk, row.values) for row in stored.values()]
            if not rows or wants_spare:
                rows.append(self._row(name, "n0", None, {}))
            return RowList(name, rows, blank)
        rows = []
        for key, pk in _row_keys(self.data, name):
            # Somebody may have removed the row meanwhile: then its text makes a new one.
            values = stored[pk].values if pk in stored else {}
            rows.append(self._row(name, key, pk if pk in stored else None, values))
        error = ""
        if sum(not row.is_blank() for row in rows) > MOST_ROWS:
            error = f"At most {MOST_ROWS} of these; there are {len(rows)}. Remove some."
        return RowList(name, rows, blank, error)

    def _row(self, name: str, key: str, pk: int | None, values: Values, **override: Any) -> RowForm:
        extra = {"contacts": self.contacts} if name == "committee" else {}
        initial = {}
        if pk is None:
            initial = {"speaker": self._contact_name(), "mentioned_by": self._contact_name()}
        return ROW_FORMS[name](
            override.get("data", self.data),
            instance=ROW_MODELS[name](**values),
            initial=initial,
            key=key,
            pk=pk,
            **extra,
        )

    def _contact_name(self) -> str:
        contact = self.handoff.contact
        return contact.name if contact else ""


def _row_keys(data: Mapping[str, str], name: str) -> list[tuple[str, int | None]]:
    """The rows that the page sent, in its order. Raises BadRequest for an id that is none."""
    found = []
    for field, value in data.items():
        match = ROW_ID.fullmatch(field)
        if match and match[1] == name:
            if value and not ROW_PK.fullmatch(value):
                raise BadRequest(f"“{value[:30]}” is not the number of a row.")
            found.append((match[2], int(value) if value else None))
    return found


def _copy(handoff: Handoff) -> Handoff:
    """The same values in another instance: a form writes into the one it is given."""
    values = {
        field.attname: getattr(handoff, field.attname) for field in Handoff._meta.concrete_fields
    }
    copy = Handoff(**values)
    copy._state.adding = False
    for name in ("account", "contact", "sdr", "framework_version"):
        if name in handoff._state.fields_cache:
            copy._state.fields_cache[name] = handoff._state.fields_cache[name]
    return copy


def _named(contact: Contact) -> str:
    text = f"{contact.name or contact.email}, {contact.title}".strip(", ")
    return f"{text} (left)" if contact.left_on else text
