"""The people part of a POST: the shown contact's own fields, somebody new, and checks just made."""

import copy
from datetime import datetime

from django.db import IntegrityError, transaction

from accounts import by_hand
from accounts.models import Contact, Method, VerifiedField
from handoffs.forms.contact import CONTACT_FIELDS, ContactForm, NewContactForm
from handoffs.models import Handoff
from team.models import User

SOURCE = "Handoff form"
TAKEN = "Another contact already has this e-mail."
VERIFIABLE = {
    "email": [VerifiedField.EMAIL],
    "phone": [VerifiedField.DIAL],
    "all": list(VerifiedField),
}


class PeoplePart:
    """Writes to contacts, apart from the package: they are shared with every other handoff."""

    def __init__(
        self,
        data: dict[str, str],
        handoff: Handoff,
        contacts: list[Contact],
        *,
        by: User,
        at: datetime,
    ) -> None:
        self.data, self.handoff, self.contacts = data, handoff, contacts
        self.by, self.at = by, at
        self.errors: dict[str, list[str]] = {}
        self.new_form: NewContactForm | None = None
        self.form: ContactForm | None = None
        self.shown = self._shown()

    def save(self, *, add_typed: bool) -> None:
        """Correct the shown contact; add somebody new where one was typed and it was asked for."""
        if self.shown is not None:
            self._correct(self.shown)
        if add_typed:
            self._add()

    def verify(self, what: str) -> None:
        """Record that the shown contact's fields were checked just now."""
        method = self.data.get("contact-method", Method.SPOKE.value)
        if self.shown is None:
            self.errors["contact"] = ["Choose the primary contact first."]
        elif what not in VERIFIABLE or method not in Method.values:
            self.errors["contact"] = ["Choose how it was checked."]
        else:
            fields = [
                field
                for field in VERIFIABLE[what]
                if f"contact-{'phone' if field == VerifiedField.DIAL else field}" not in self.errors
            ]
            contact = Contact.objects.select_related("account").get(pk=self.shown.pk)
            by_hand.verify(
                contact, fields, method=Method(method), by=self.by, at=self.at, source=SOURCE
            )

    def form_for(self, handoff: Handoff) -> ContactForm | None:
        """The form with what was typed, where it could not be stored."""
        if self.form is None or not self.form.errors or self.shown is None:
            return None
        return self.form if self.shown.pk == handoff.contact_id else None

    # --- Below --------------------------------------------------------------------------------

    def _shown(self) -> Contact | None:
        """The contact whose fields the page showed, if it is one of this account."""
        typed = self.data.get("contact-shown", "")
        known = {str(contact.pk): contact for contact in self.contacts}
        if self.handoff.contact is not None:
            known.setdefault(str(self.handoff.contact.pk), self.handoff.contact)
        return known.get(typed)

    def _correct(self, contact: Contact) -> None:
        form = ContactForm(self.data, instance=copy.copy(contact))
        if not form.is_typed():
            return
        self.form = form
        valid = form.is_valid()
        for name, found in form.errors.items():
            where = "contact" if name == "__all__" else f"contact-{name}"
            self.errors[where] = [str(message) for message in found]
        if "__all__" in form.errors:
            return
        good = [name for name in CONTACT_FIELDS if valid or name not in form.errors]
        corrected = copy.copy(contact)
        for name in good:
            setattr(corrected, name, form.cleaned_data.get(name, getattr(contact, name)))
        try:
            with transaction.atomic():
                by_hand.correct_contact(corrected, good, by=self.by, at=self.at, source=SOURCE)
        except IntegrityError:
            self.errors["contact-email"] = [TAKEN]

    def _add(self) -> None:
        form = NewContactForm(self.data)
        if not form.is_typed():
            return
        self.new_form = form
        if self.handoff.account is None:
            self.errors["new_contact-last_name"] = ["Choose the account first."]
            return
        form.instance.account = self.handoff.account
        email = str(self.data.get("new_contact-email", "")).strip().lower()
        twin = next((known for known in self.contacts if email and known.email == email), None)
        if twin is None and not form.is_valid():
            for name, found in form.errors.items():
                where = "last_name" if name == "__all__" else name
                self.errors[f"new_contact-{where}"] = [str(message) for message in found]
            return
        try:
            with transaction.atomic():
                contact = twin or by_hand.add_contact(form.instance, by=self.by, source=SOURCE)
        except IntegrityError:
            self.errors["new_contact-email"] = [TAKEN]
            return
        self.new_form = None
        self.contacts = [*self.contacts, contact] if twin is None else self.contacts
        self.data["contact"] = str(contact.pk)
        for name in CONTACT_FIELDS:
            self.data.pop(f"new_contact-{name}", None)
