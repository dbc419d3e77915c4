"""Forms for the rows of a package: triggers, quotes, objections, committee, and each answer."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError

from accounts.models import Contact
from handoffs.editing import ANSWER_FIELDS, Values
from handoffs.forms.parts import Day, Part, model_default
from handoffs.models import Answer, CommitteeMember, Criterion, Objection, Quote, Trigger

SHORT_TEXT = {"rows": 2}
NO_LINK = "Enter a web address, such as https://acme.com/news."


def check_plain_link(value: str) -> None:
    """Refuse what is no page on the web, or carries a password."""
    try:
        parts = urlsplit(value)
    except ValueError:
        return  # the field's own check says so
    if parts.scheme not in ("http", "https") or parts.username or parts.password:
        raise ValidationError(NO_LINK)


class RowForm(Part):
    """One row of a list. `key` is what the page calls it."""

    list_name = ""
    # Filled in by itself, so a row that has nothing else is an empty one.
    filled_in: tuple[str, ...] = ()
    wide: tuple[str, ...] = ()

    id = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, key: str, pk: int | None, **kwargs: Any) -> None:
        super().__init__(*args, prefix=f"{self.list_name}-{key}", **kwargs)
        self.key, self.pk = key, pk
        self.columns = [name for name in self.fields if name != "id"]
        self.initial["id"] = pk or ""

    @property
    def gap_key(self) -> str:
        return f"{self.list_name}.{self.pk}" if self.pk else ""

    def values(self) -> Values:
        kept = self.storable()
        return {name: kept[name] for name in self.columns}

    def is_blank(self) -> bool:
        """Whether a new row was left as it came."""
        if self.pk is not None:
            return False
        values = self.values()
        return not self.errors and all(
            values[name] == model_default(self._meta.model, name)
            for name in self.columns
            if name not in self.filled_in
        )

    def cells(self) -> list[tuple[forms.BoundField, str]]:
        """The fields to show, each with the class of its width."""
        return [
            (self[name], "span-all" if name in self.wide else "")
            for name in self.columns
            if not self.fields[name].widget.is_hidden
        ]

    def hidden(self) -> list[forms.BoundField]:
        return list(self.hidden_fields())


class TriggerForm(RowForm):
    list_name, wide = "triggers", ("detail",)

    source_url = forms.URLField(
        label="Link, where there is one",
        assume_scheme="https",
        validators=[check_plain_link],
        widget=forms.TextInput(attrs={"inputmode": "url", "placeholder": "https://…"}),
        max_length=500,
        error_messages={"invalid": NO_LINK},
    )

    class Meta:
        model = Trigger
        fields = ["kind", "happened_on", "source_url", "detail"]
        widgets = {"happened_on": Day()}
        labels = {"kind": "What kind of signal", "detail": "What happened, in a line"}


class QuoteForm(RowForm):
    list_name, filled_in, wide = "quotes", ("speaker",), ("text",)

    class Meta:
        model = Quote
        fields = ["text", "speaker", "topic"]
        widgets = {"text": forms.Textarea(attrs=SHORT_TEXT)}
        labels = {"text": "In their words, as they said it"}


class ObjectionForm(RowForm):
    list_name, wide = "objections", ("said", "left_note")

    class Meta:
        model = Objection
        fields = ["said", "category", "competitor", "left", "left_note"]
        widgets = {"said": forms.Textarea(attrs=SHORT_TEXT)}
        labels = {
            "category": "About",
            "competitor": "Competitor, if named",
            "left_note": "How it was left, in a sentence",
        }


class CommitteeForm(RowForm):
    list_name, filled_in = "committee", ("mentioned_by", "contact_id")

    contact_id = forms.CharField(widget=forms.HiddenInput)

    class Meta:
        model = CommitteeMember
        fields = ["name", "title", "role", "attitude", "engaged", "mentioned_by"]

    def __init__(self, *args: Any, contacts: Iterable[Contact] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = {contact.pk for contact in contacts}
        self.initial.setdefault("contact_id", self.before.get("contact_id") or "")

    def clean_contact_id(self) -> int | None:
        typed = self.cleaned_data["contact_id"]
        if not typed:
            return None
        stored = self.before.get("contact_id")
        chosen = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 19 else 0
        if chosen not in self.known and chosen != stored:
            raise ValidationError(
                "This person is not a contact of the account. Remove the row and add them by name."
            )
        return chosen


class AnswerForm(Part):
    """What is known for one criterion."""

    class Meta:
        model = Answer
        fields = list(ANSWER_FIELDS)
        widgets = {
            "evidence": forms.Textarea(attrs={"rows": 2}),
            "said_on": Day(),
        }
        labels = {"value": "Answer", "said_by": "said by", "said_on": "on", "channel": "in a"}

    def __init__(
        self, *args: Any, criterion: Criterion, contacts: Iterable[Contact] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, prefix=f"answers-{criterion.code}", **kwargs)
        self.criterion = criterion
        self.fields["value"].widget = self._value_widget()
        self.fields["value"].widget.attrs["data-limit"] = 500

    def _value_widget(self) -> forms.Widget:
        criterion = self.criterion
        match criterion.answer_type:
            case Criterion.AnswerType.CHOICE:
                offered = [choice for choice in criterion.choices or [] if isinstance(choice, str)]
                stored = self.before.get("value")
                if stored and stored not in offered:
                    offered.append(stored)
                return forms.Select(choices=[("", "Choose"), *((c, c) for c in offered)])
            case Criterion.AnswerType.AMOUNT:
                return forms.TextInput(attrs={"placeholder": "such as 45,000 EUR or 40k to 60k"})
            case Criterion.AnswerType.DATE:
                return forms.TextInput(attrs={"placeholder": "such as 30 June 2026 or Q3 2026"})
            case Criterion.AnswerType.CONTACT:
                return forms.TextInput(
                    attrs={"list": "people", "placeholder": "name, or at least the title"}
                )
        return forms.Textarea(attrs={"rows": 1})

    @property
    def gap_key(self) -> str:
        return f"answers.{self.criterion.code}"

    def values(self) -> Values:
        """The answer; nothing at all while nobody has answered."""
        kept = self.storable()
        kept["status"] = kept["status"] or Answer.Status.UNKNOWN
        untouched = kept["status"] == Answer.Status.UNKNOWN and not (
            kept["value"] or kept["evidence"]
        )
        return {} if untouched else {name: kept[name] for name in ANSWER_FIELDS}


ROW_FORMS: dict[str, type[RowForm]] = {
    form.list_name: form for form in (TriggerForm, QuoteForm, ObjectionForm, CommitteeForm)
}
