"""The pages of the introduction and the prep e-mail: read over, edit, send, see its fate."""

from datetime import datetime
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from handoffs import letters, rights, sending
from handoffs.models import Handoff, Letter, Meeting
from handoffs.refusal import TransitionRefused
from handoffs.views.doors import insist_on_people, visible_or_404
from messaging import outbox
from team.bounds import check_one_line, check_storable
from team.doors import person, with_role
from team.models import User
from team.pages import page

TITLES = {
    Letter.Kind.INTRODUCTION: "Introduce the AE",
    Letter.Kind.PREP: "Prep e-mail",
}


class LetterForm(forms.Form):
    """The words, and what they were written on."""

    subject = forms.CharField(max_length=200, validators=[check_one_line, check_storable])
    body = forms.CharField(
        label="Text",
        max_length=10_000,
        validators=[check_storable],
        widget=forms.Textarea(attrs={"rows": 18}),
    )
    unprepared_because = forms.CharField(
        label="The preparation is not finished. Why can it not wait?",
        help_text="It is reported as an unprepared contact, so that the cause can be found.",
        required=False,
        max_length=2000,
        validators=[check_storable],
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    basis = forms.CharField(max_length=60, required=False, widget=forms.HiddenInput)


@require_http_methods(["GET", "POST"])
@with_role
def letter(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Show the draft or what was sent; save, send, or settle what became of it. GET writes nothing.

    403 in words for whoever may not write it, 409 in words when it may not be sent; what was
    typed stays.
    """
    user, now, kind = person(request), timezone.now(), Letter.Kind(kind)
    handoff = visible_or_404(request, pk)
    if sentence := rights.why_not(user, sending.right_for(kind), handoff):
        raise PermissionDenied(sentence)
    insist_on_people(request, handoff)
    if request.method == "GET":
        return _show(request, handoff, kind, now)
    does = request.POST.get("do", "")
    if does in ("arrived", "resend"):
        return _settle(request, handoff, kind, does, now)
    form = LetterForm(request.POST)
    if not form.is_valid():
        return _show(request, handoff, kind, now, form=form, status=422)
    words = form.cleaned_data
    try:
        if does == "send":
            sending.send(
                handoff,
                kind,
                by=user,
                subject=words["subject"],
                body=words["body"],
                basis=words["basis"],
                unprepared_because=words["unprepared_because"],
                at=now,
            )
            messages.success(request, "Sent. Below you see whether it arrived.")
        else:
            sending.save(
                handoff,
                kind,
                by=user,
                subject=words["subject"],
                body=words["body"],
                version=words["version"],
                at=now,
            )
            messages.success(request, "Saved. It has not been sent.")
    except TransitionRefused as refused:
        return _show(request, handoff, kind, now, form=form, refused=str(refused), status=409)
    return cast(HttpResponse, redirect(request.path))


def _settle(
    request: HttpRequest, handoff: Handoff, kind: Letter.Kind, does: str, now: datetime
) -> HttpResponse:
    """Say that a message arrived after all, or send the same one again."""
    number = request.POST.get("message", "")
    sent = letters.sent(handoff, kind)
    rows = letters.fates(sent) if sent else []
    message = next((row for row in rows if str(row.pk) == number), None)
    if message is None:
        raise Http404("No such message of this letter.")
    try:
        if does == "arrived":
            outbox.confirm_arrived(message, by=person(request), now=now)
            messages.success(request, "Noted: it arrived.")
        else:
            outbox.resend(message, by=person(request), now=now)
            messages.success(request, "It is on its way again.")
    except outbox.ResendRefused as refused:
        return _show(request, handoff, kind, now, refused=str(refused), status=409)
    return cast(HttpResponse, redirect(request.path))


def _show(
    request: HttpRequest,
    handoff: Handoff,
    kind: Letter.Kind,
    now: datetime,
    *,
    form: LetterForm | None = None,
    refused: str = "",
    status: int = 200,
) -> HttpResponse:
    sent = letters.sent(handoff, kind)
    blocked = sending.why_not_yet(handoff, kind)
    context: dict[str, Any] = {
        "handoff": handoff,
        "kind": kind,
        "sent": sent,
        "fates": letters.fates(sent) if sent else [],
        "blocked": "" if sent and not letters.has_failed(sent) else blocked,
        "refused": refused,
        "back": reverse("handoff", args=[handoff.pk]),
        "back_words": "Back to the brief",
        "is_prep": kind == Letter.Kind.PREP,
        "asks_why": sending.asks_why(handoff, kind),
    }
    if not blocked:
        context |= _draft(handoff, kind, person(request), now, form, bool(refused))
    return page(request, "handoffs/letter.html", context, title=TITLES[kind], status=status)


def _draft(
    handoff: Handoff,
    kind: Letter.Kind,
    user: User,
    now: datetime,
    form: LetterForm | None,
    was_refused: bool,
) -> dict[str, Any]:
    """The form, and how the mail will look to those who get it."""
    stored = letters.draft(handoff, kind, at=now)
    meeting = handoff.coming_meeting()
    seen = {"version": stored.version, "basis": sending.basis_of(handoff)}
    if form is None:
        form = LetterForm(initial={"subject": stored.subject, "body": stored.body, **seen})
    elif was_refused:
        # They have been told what changed: what they send next is written on that.
        form = LetterForm({**form.data.dict(), **seen})  # type: ignore[attr-defined]
    # Needed to send it, not to save it: the verb insists, the label only says so.
    form.fields["unprepared_because"].required = True
    form.use_required_attribute = False
    return {
        "form": form,
        "is_saved": stored.pk is not None,
        "about_them": letters.about_them(handoff, stored.body),
        "is_outdated": stored.pk is not None
        and stored.meeting_id != (meeting.pk if meeting else None),
        "copied": letters.copied(handoff, kind, user),
        "sender": user,
        "meeting": meeting,
        "invites": meeting is not None
        and meeting.status == Meeting.Status.CONFIRMED
        and meeting.starts_at > now,
    }
