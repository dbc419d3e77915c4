"""What a POST of the SDR's form does: save what was typed, then what its button asked for.

One door for a page without a script and for the autosave of one with it: the same steps, answered
as a page or, where JSON is accepted, as data. The verbs are in editing, by_hand and lifecycle.
"""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account
from handoffs import completeness, editing, lifecycle, merging, prefill
from handoffs.forms.contact import AccountDomainForm, ContactForm
from handoffs.forms.package import PackageForms
from handoffs.forms.persons import PeoplePart
from handoffs.forms.sheet import Sheet, contacts_of
from handoffs.models import FrameworkVersion, Handoff
from handoffs.models.event import EventKind
from handoffs.refusal import TransitionRefused
from handoffs.views.form_conflict import conflict_page
from handoffs.views.form_page import show
from team.doors import person
from team.models import User

UNSTORABLE = "This could not be stored; everything else is saved. Correct the marked field."


def post(request: HttpRequest, handoff: Handoff) -> HttpResponse:
    """Save, then do what the button says; `handoff` is one of `completeness.whole`."""
    return _Post(request, handoff).answer()


def to_the_brief(request: HttpRequest, handoff: Handoff) -> HttpResponse:
    """Nothing to edit any more: say why, and show what there is."""
    messages.warning(request, editing.out_of_hand(handoff))
    return redirect("handoff", pk=handoff.pk)


def wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


class _Post:
    """One POST, step by step."""

    def __init__(self, request: HttpRequest, handoff: Handoff) -> None:
        self.request, self.pk = request, handoff.pk
        self.user: User = person(request)
        self.now: datetime = timezone.now()
        self.version = _version(request)
        self.data = {
            key: value.replace("\r\n", "\n").replace("\r", "\n")
            for key, value in request.POST.items()
            if isinstance(value, str)
        }
        self.do, _, self.what = self.data.get("do", "save").partition(":")
        self.is_autosave = self.do == "autosave"
        self.handoff = handoff
        self.errors: dict[str, list[str]] = {}
        self.ids: dict[tuple[str, str], int] = {}
        self.sentence = ""
        self.tried = False

    def answer(self) -> HttpResponse:
        if not self.handoff.is_editable_package:
            return self._out_of_hand(editing.out_of_hand(self.handoff))
        if self.do == "remove":
            self._leave_out(self.what)
        self._save_people()
        forms = self._forms(self.handoff)
        self.errors |= forms.errors()
        package = self._package(forms)
        base = merging.load(self.data.get("base", ""))
        if self.do == "resolve":
            choices = {
                key.removeprefix("keep-"): value
                for key, value in self.data.items()
                if key.startswith("keep-")
            }
            package = merging.resolve(package, forms.standing, base, choices)
        try:
            saved = editing.save(
                self.handoff, package, by=self.user, version=self.version, at=self.now
            )
        except editing.EditConflict:
            return self._conflict(package, base)
        except TransitionRefused as refused:
            return self._out_of_hand(str(refused))
        self.ids, self.version = saved.ids, saved.handoff.version
        if self.do == "account":
            self._move_to_account(saved.handoff)
        if self.do == "submit" and not self.errors:
            return self._submit(saved.handoff)
        return self._saved()

    # --- Steps --------------------------------------------------------------------------------

    def _save_people(self) -> None:
        """The contact's own fields, somebody new, a check, the account's domain."""
        part = PeoplePart(
            self.data, self.handoff, contacts_of(self.handoff), by=self.user, at=self.now
        )
        part.save(add_typed=self.do not in ("autosave", "resolve", "source"))
        if self.do == "verify":
            part.verify(self.what)
        self.people = part
        self.errors |= part.errors
        account = self.handoff.account
        if account and not account.domain and self.data.get("account-domain", "").strip():
            form = AccountDomainForm(self.data, instance=Account.objects.get(pk=account.pk))
            if form.is_valid():
                form.save()
            else:
                found = [str(message) for messages in form.errors.values() for message in messages]
                self.errors["account-domain"] = found

    def _forms(self, handoff: Handoff) -> PackageForms:
        return PackageForms(
            handoff,
            editing.read(handoff),
            contacts=self.people.contacts,
            today=timezone.localdate(self.now),
            data=self.data,
        )

    def _package(self, forms: PackageForms) -> editing.Package:
        package = forms.package()
        standard = self.handoff.framework_version
        if standard is None and (active := FrameworkVersion.objects.active().first()):
            package.fields["framework_version"] = active
        if self.handoff.contact is None and (contact := package.fields.get("contact")):
            package.name_speaker(contact.name)
        return package

    def _leave_out(self, prefix: str) -> None:
        """Remove a row, for a page without a script."""
        self.data = {
            key: value for key, value in self.data.items() if not key.startswith(f"{prefix}-")
        }

    def _move_to_account(self, handoff: Handoff) -> None:
        typed = self.data.get("account-pick", "")
        known = typed.isascii() and typed.isdigit() and len(typed) < 19
        visible = Account.objects.visible_to(self.user)
        account = visible.filter(pk=int(typed)).first() if known else None
        if account is None:
            self.errors["account-pick"] = ["Choose an account from the list."]
        elif handoff.status != Handoff.Status.DRAFT:
            self.errors["account-pick"] = [
                "This package was handed over once, so its account stays. Withdraw it and start "
                "a new handoff instead."
            ]
        elif account.pk != handoff.account_id:
            package = editing.Package(fields=prefill.moved_to(handoff, account))
            saved = editing.save(
                handoff, package, by=self.user, version=handoff.version, at=self.now
            )
            self.version = saved.handoff.version
            self.data["contact"] = str(saved.handoff.contact_id or "")

    def _submit(self, handoff: Handoff) -> HttpResponse:
        self.tried = True
        try:
            if handoff.status == Handoff.Status.RETURNED:
                text = self.data.get("answer_text", "")[:2000]
                handoff = lifecycle.answer(handoff, by=self.user, at=self.now, text=text)
            else:
                handoff = lifecycle.submit(handoff, by=self.user, at=self.now)
        except TransitionRefused as refused:
            fresh = completeness.load(self.pk)
            if not fresh.is_editable_package:
                return self._out_of_hand(str(refused))
            self.sentence, self.version = str(refused), fresh.version
            return self._saved(status=422)
        messages.success(self.request, _who_got_it(handoff))
        address = reverse("handoff", args=[handoff.pk])
        if wants_json(self.request):
            return JsonResponse({"go": address})
        return redirect(address)

    # --- Answers ------------------------------------------------------------------------------

    def _saved(self, status: int = 200) -> HttpResponse:
        """Saved: as data for the script, or the page anew; as it is where something is wrong."""
        status = 422 if self.errors else status
        if wants_json(self.request):
            return JsonResponse(self._as_data(), status=status)
        if status == 200 and self.data.get("answer_text"):
            return self._page(status)  # the answer is sent with the handoff, so it has to stay
        if status == 200:
            messages.success(self.request, f"Saved {timezone.localtime(self.now):%H:%M}.")
            address = reverse("handoff_edit", args=[self.pk])
            spare = f"?add={self.what}#at-{self.what}" if self.do == "add" else ""
            return redirect(address + spare)
        return self._page(status)

    def _page(self, status: int) -> HttpResponse:
        return show(
            self.request,
            self._sheet(),
            status=status,
            errors=self.errors,
            sentence=self.sentence or UNSTORABLE,
            tried=self.tried,
            answer_text=self.data.get("answer_text", ""),
        )

    def _sheet(self) -> Sheet:
        """What was typed, on top of what stands there now."""
        handoff = completeness.load(self.pk)
        for (name, key), pk in self.ids.items():
            self.data[f"{name}-{key}-id"] = str(pk)
        return Sheet(
            handoff,
            self._forms(handoff),
            user=self.user,
            now=self.now,
            contact_form=self.people.form_for(handoff),
            new_contact=self.people.new_form,
        )

    def _as_data(self) -> dict[str, Any]:
        sheet = self._sheet()
        context = {**sheet.context(), "errors": self.errors}
        answer = {
            "version": self.version,
            "base": sheet.base,
            "saved": f"{timezone.localtime(self.now):%H:%M}",
            "ids": {f"{name}-{key}": pk for (name, key), pk in self.ids.items()},
            "errors": self.errors,
            "gaps": sheet.gap_texts,
            "hints": sheet.hint_texts,
            "sections": {section.key: section.number for section in sheet.sections()},
            "contact_name": sheet.contact.name if sheet.contact else "",
            "was": self._was(sheet),
            "sentence": self.sentence,
            "missing": render_to_string("handoffs/form_missing.html", context, self.request),
        }
        if not self.is_autosave:
            answer["company"] = render_to_string(
                "handoffs/form_company.html", context, self.request
            )
            answer["people"] = render_to_string("handoffs/form_people.html", context, self.request)
        if self.do == "account":
            answer["reload"] = reverse("handoff_edit", args=[self.pk])
        return answer

    def _was(self, sheet: Sheet) -> dict[str, str]:
        """What the contact's fields say now; where two differ, only a press of Save settles it."""
        if sheet.contact is None or self.data.get("contact-shown") != str(sheet.contact.pk):
            return {}
        return {
            f"contact-was-{bound.name}": stored
            for bound, stored in ContactForm(instance=sheet.contact).cells()
            if not (self.is_autosave and f"contact-{bound.name}" in self.errors)
        }

    def _conflict(self, package: editing.Package, base: merging.Fingerprints) -> HttpResponse:
        handoff = completeness.load(self.pk)
        standing = editing.read(handoff)
        if not merging.differences(package, standing, base):
            self.version, self.ids = handoff.version, merging.twins(package, standing)
            return self._saved()
        if wants_json(self.request):
            return JsonResponse(
                {"sentence": "Somebody else saved this package meanwhile."}, status=409
            )
        if self.errors:
            self.sentence = (
                "Nothing is saved yet: somebody else saved this package meanwhile. Correct the "
                "marked field, then you will see both versions."
            )
            return self._page(422)
        return conflict_page(
            self.request, handoff, package, base, typed=self.data, contacts=self.people.contacts
        )

    def _out_of_hand(self, sentence: str) -> HttpResponse:
        """The package can no longer be changed: what was typed is shown to be copied."""
        if wants_json(self.request):
            return JsonResponse({"sentence": sentence, "closed": True}, status=409)
        return conflict_page(
            self.request,
            self.handoff,
            self._typed_package(),
            {},
            typed=self.data,
            contacts=contacts_of(self.handoff),
            closed=sentence,
        )

    def _typed_package(self) -> editing.Package:
        return PackageForms(
            self.handoff,
            editing.read(self.handoff),
            contacts=contacts_of(self.handoff),
            today=timezone.localdate(self.now),
            data=self.data,
        ).package()


def _version(request: HttpRequest) -> int:
    typed = request.POST.get("version", "")
    if not (typed.isascii() and typed.isdigit() and len(typed) < 10):
        raise BadRequest("The page did not say which version of the package it shows.")
    return int(typed)


def _who_got_it(handoff: Handoff) -> str:
    """Who has it now and why, from the routing that was stored."""
    if handoff.owner is None:
        return "Submitted. Nobody could take it now, so it is on the manager’s unassigned list."
    event = handoff.events.filter(kind=EventKind.SUBMITTED).order_by("-pk").first()
    if event is None or handoff.events.filter(kind=EventKind.ANSWERED).exists():
        return f"Sent back to {handoff.owner}."
    reason = str(event.data.get("routing", {}).get("reason", "")).rstrip(".")
    return f"Submitted. {handoff.owner} has it now{': ' + reason if reason else ''}."
