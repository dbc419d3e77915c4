"""Forms for what belongs to the account and its people, and the words on how fresh a field is."""

from datetime import datetime
from typing import Any, NamedTuple

from django import forms

from accounts.freshness import Freshness, State, state
from accounts.models import Account, Contact, VerifiedField
from handoffs.forms.parts import Part, say_limits_in_words
from team.wording import counted

CONTACT_FIELDS = ["first_name", "last_name", "title", "phone", "email"]
DIAL = forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "placeholder": "+1 415 555 0100"})
MAIL = forms.TextInput(
    attrs={"inputmode": "email", "autocapitalize": "none", "spellcheck": "false"}
)
TONES = {State.FRESH: "good", State.AGEING: "warn"}


class _Person(forms.ModelForm):
    use_required_attribute = False

    class Meta:
        model = Contact
        fields = CONTACT_FIELDS
        widgets = {"phone": DIAL, "email": MAIL}
        error_messages = {
            "phone": {"invalid": "Enter the number with its country code, such as +1 415 555 0100."}
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs |= {"autocomplete": "off"}
            if isinstance(field, forms.CharField):
                say_limits_in_words(field)

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).strip().lower()


class ContactForm(_Person):
    """The primary contact as shown on the page: only what was changed there is written.

    The page carries what each field said when it was opened (`was`); a field that somebody else
    changed since then is not overwritten in silence.
    """

    prefix = "contact"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stored = {name: str(getattr(self.instance, name) or "") for name in CONTACT_FIELDS}

    def was(self, name: str) -> str:
        typed = self.data.get(f"contact-was-{name}") if self.is_bound else None
        return self.stored[name] if typed is None else typed

    def is_typed(self) -> bool:
        """Whether anything here was changed by whoever sent it."""
        return any(
            self.add_prefix(name) in self.data and self._was_typed(name) for name in CONTACT_FIELDS
        )

    def cells(self) -> list[tuple[forms.BoundField, str]]:
        return [(self[name], self.stored[name]) for name in CONTACT_FIELDS]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        for name in CONTACT_FIELDS:
            if self.add_prefix(name) not in self.data or not self._was_typed(name):
                found[name] = getattr(self.instance, name)
            elif name in found and self._clashes(name, str(found[name] or "")):
                self.add_error(
                    name,
                    f"Somebody changed this to “{self.stored[name]}” meanwhile. Save again to "
                    "use yours.",
                )
        return found

    def _was_typed(self, name: str) -> bool:
        return str(self.data.get(self.add_prefix(name), "")).strip() != self.was(name)

    def _clashes(self, name: str, new: str) -> bool:
        return self.stored[name] not in (self.was(name), new)


class NewContactForm(_Person):
    """Somebody who is not among the account's contacts yet."""

    prefix = "new_contact"

    def is_typed(self) -> bool:
        return any(str(self.data.get(self.add_prefix(name), "")).strip() for name in CONTACT_FIELDS)


class AccountDomainForm(Part):
    """The account's web domain, asked for where it is missing."""

    prefix = "account"

    class Meta:
        model = Account
        fields = ["domain"]
        widgets = {
            "domain": forms.TextInput(attrs={"placeholder": "acme.com", "autocapitalize": "none"})
        }

    def validate_constraints(self) -> None:
        """Another account with this domain is worth a sentence."""
        forms.ModelForm.validate_constraints(self)


class Verified(NamedTuple):
    """How far one field of a contact can be trusted, in words and with the colour of its chip."""

    field: str
    words: str
    tone: str
    needs_check: bool


def verified(contact: Contact, field: VerifiedField, now: datetime) -> Verified | None:
    """The chip beside the field; None where there is nothing to verify."""
    if not contact.verified_value(field):
        return None
    fresh = state(contact, field, now)
    tone = TONES.get(fresh.state, "bad")
    return Verified(field.value, _words(fresh), tone, not fresh.is_usable)


def _words(fresh: Freshness) -> str:
    if fresh.state is State.NEVER or fresh.verified_at is None or fresh.method is None:
        return "Never verified"
    days = fresh.age_days or 0
    ago = "today" if days == 0 else f"{counted(days, 'day')} ago"
    method = str(fresh.method.label).lower()
    if fresh.state is State.WRONG:
        return f"Found wrong {ago}"
    lead = (
        "Verified" if fresh.state is State.FRESH else f"{fresh.state.label.capitalize()}: verified"
    )
    return f"{lead} {ago}, {method}"
