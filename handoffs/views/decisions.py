"""The decisions on one handoff: each shows a short form, calls one verb, and says how it went.

The same address answers a page of its own, and, with the header X-Part: dialog, the form alone for
a dialog. GET changes nothing.
"""

from datetime import datetime
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from handoffs import decision_forms as forms
from handoffs import lifecycle, meetings, pausing, pursuit, rights
from handoffs.models import Handoff
from handoffs.refusal import TransitionRefused
from handoffs.views.decision import Decision, Status
from handoffs.views.doors import taken_by_somebody, visible_or_404
from handoffs.views.feedback_decisions import FEEDBACK
from handoffs.views.meeting_decisions import MEETINGS
from team.doors import person, with_role
from team.models import User
from team.pages import page


def _not_won_yet(handoff: Handoff, now: datetime) -> str:
    if handoff.first_contact_at is None:
        return "Log the first contact first."
    return meetings.why_no_opportunity(handoff, now)


DECISIONS: dict[str, Decision] = {
    decision.name: decision
    for decision in [
        Decision(
            "accept",
            "Accept",
            "Accept this handoff?",
            rights.ACCEPT,
            (Status.SUBMITTED,),
            lifecycle.accept,
            "It is yours. The fifteen minutes of preparation come next.",
            intro="You take it over: the contact’s name, e-mail and dial open up, the SDR is told, "
            "and the first contact is on you.",
            icon="check",
            style="btn-primary",
        ),
        Decision(
            "accept_for",
            "Accept for an AE",
            "Accept in the name of an AE",
            rights.LEAD,
            (Status.SUBMITTED,),
            lifecycle.accept_for,
            "Accepted. The AE is told, and works it from here on.",
            form=forms.AcceptForForm,
            intro="The AE owns it at once: their promise of a first contact starts now.",
            icon="how_to_reg",
        ),
        Decision(
            "return",
            "Return",
            "Return for information",
            rights.DECIDE,
            (Status.SUBMITTED,),
            lifecycle.return_for_information,
            "Returned. The clock is paused until the SDR has answered.",
            form=forms.ReturnForm,
            intro="Your clock pauses and the SDR’s starts. It comes back to you with the answer.",
            icon="reply",
        ),
        Decision(
            "reject",
            "Reject",
            "Reject for good",
            rights.DECIDE,
            (Status.SUBMITTED,),
            lifecycle.reject,
            "Rejected. The SDR sees the reason and your sentence.",
            form=forms.RejectForm,
            intro="This is final. If one answer would settle it, return it instead.",
            icon="block",
            style="btn-danger",
        ),
        Decision(
            "answer",
            "Send back",
            "Answer and send it back",
            rights.SUBMIT,
            (Status.RETURNED,),
            lifecycle.answer,
            "Sent back. The AE’s clock runs again.",
            form=forms.AnswerForm,
            icon="send",
            style="btn-primary",
        ),
        Decision(
            "contact",
            "Log contact",
            "Log a contact with the prospect",
            rights.WORK,
            (Status.ACCEPTED,),
            lifecycle.record_contact,
            "Logged.",
            form=forms.ContactForm,
            icon="call",
        ),
        Decision(
            "opportunity",
            "Create opportunity",
            "Create the opportunity",
            rights.WORK,
            (Status.ACCEPTED,),
            lifecycle.create_opportunity,
            "The opportunity is created. It carries the whole package.",
            form=forms.OpportunityForm,
            intro="The package, the account’s and the committee’s data go with it. All of this can "
            "stay empty, and be added later.",
            icon="paid",
            why_not_now=_not_won_yet,
        ),
        Decision(
            "opportunity_change",
            "Change the opportunity",
            "What is it worth, where does it stand?",
            rights.WORK,
            (Status.QUALIFIED,),
            pursuit.amend_opportunity,
            "Noted. The CRM is told if it listens.",
            form=forms.AmendForm,
            intro="What each was before stays in the history.",
            icon="edit",
        ),
        Decision(
            "disqualify",
            "Disqualify",
            "Disqualify",
            rights.WORK,
            (Status.ACCEPTED,),
            lifecycle.disqualify,
            "Disqualified. The reason counts in the reports.",
            form=forms.DisqualifyForm,
            intro="There will be no opportunity. The reason counts in the reports of both teams. A "
            "meeting still to come is called off, and a prospect who was invited is told.",
            icon="do_not_disturb_on",
            style="btn-danger",
        ),
        Decision(
            "reassign",
            "Reassign",
            "Give it to somebody else",
            rights.REASSIGN,
            lifecycle.WITH_AE,
            lifecycle.reassign,
            "Reassigned. The new owner is told.",
            form=forms.ReassignForm,
            intro="What was missed so far stays on the record.",
            icon="person_add",
        ),
        Decision(
            "pause",
            "Pause clocks",
            "Pause the clocks of this handoff",
            rights.PAUSE,
            lifecycle.WITH_AE,
            pausing.pause,
            "Paused. Nobody is late and nobody is reminded until the clocks go on.",
            form=forms.PauseForm,
            intro="For what neither side can help, such as a prospect who asked for a week. What "
            "was missed so far stays missed.",
            icon="pause",
            why_not_now=pausing.why_no_pause,
        ),
        Decision(
            "resume",
            "Resume clocks",
            "Let the clocks go on",
            rights.PAUSE,
            lifecycle.WITH_AE,
            pausing.resume,
            "The clocks go on from where they stood.",
            form=forms.ResumeForm,
            icon="play_arrow",
            why_not_now=pausing.why_no_resume,
        ),
        Decision(
            "withdraw",
            "Withdraw",
            "Withdraw this handoff?",
            rights.WITHDRAW,
            (Status.SUBMITTED, Status.RETURNED),
            lifecycle.withdraw,
            "Withdrawn. It has left the queue.",
            form=forms.WithdrawForm,
            intro="It leaves the AE’s queue for good and counts neither for nor against anybody.",
            icon="undo",
            style="btn-danger",
        ),
        Decision(
            "delete",
            "Delete draft",
            "Delete this draft?",
            rights.DELETE,
            (Status.DRAFT,),
            lifecycle.delete_draft,
            "The draft is deleted.",
            intro="It was never submitted. Everything typed into it is gone for good.",
            icon="delete",
            style="btn-danger",
        ),
        *MEETINGS,
        *FEEDBACK,
    ]
}


def open_to(user: User, handoff: Handoff, now: datetime) -> dict[str, Decision]:
    """The decisions to offer `user` on this handoff now, by name."""
    return {
        name: decision
        for name, decision in DECISIONS.items()
        if decision.is_open_to(user, handoff, now)
    }


@require_http_methods(["GET", "POST"])
@with_role
def decide(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Ask for what the decision needs, or take it.

    404 for other people's rows, 403 in words for what is not theirs to do, 409 in words when the
    state does not allow it any more; what was typed stays in the form.
    """
    decision, user, now = DECISIONS[name], person(request), timezone.now()
    try:
        handoff = visible_or_404(request, pk)
    except Http404:
        if taken := taken_by_somebody(request, pk):
            return _too_late(request, decision, taken)
        raise
    if sentence := rights.why_not(user, decision.right, handoff):
        raise PermissionDenied(sentence)
    if request.method == "GET":
        refused = decision.refusal(handoff, now)
        form = decision.form(handoff=handoff, by=user, now=now)
        return _ask(request, decision, handoff, form, refused, is_possible=not refused)
    form = decision.form(request.POST, handoff=handoff, by=user, now=now)
    if not form.is_valid():
        return _ask(request, decision, handoff, form, status=422)
    # A wrong state is refused by the verb, which knows who was faster and when
    in_time = handoff.status in decision.sources
    if in_time and (refusal := decision.why_not_now(handoff, now)):
        return _ask(request, decision, handoff, form, refusal)
    try:
        decision.verb(handoff, by=user, **form.values())
    except TransitionRefused as refused:
        return _ask(request, decision, handoff, form, str(refused), refused.gaps)
    messages.success(request, decision.done)
    return _go_on(request, decision, handoff)


def _ask(
    request: HttpRequest,
    decision: Decision,
    handoff: Handoff,
    form: forms.DecisionForm,
    refused: str = "",
    gaps: list[Any] | None = None,
    *,
    status: int = 0,
    is_possible: bool = True,
) -> HttpResponse:
    context = {
        "decision": decision,
        "handoff": handoff,
        "form": form,
        "refused": refused,
        "gaps": gaps or [],
        "is_possible": is_possible,
        "back": reverse("handoff", args=[handoff.pk]),
        "back_words": "Back to the brief",
        "here": request.path,
    }
    return _answer(request, decision, context, status or (409 if refused else 200))


def _too_late(request: HttpRequest, decision: Decision, sentence: str) -> HttpResponse:
    """The handoff was in this person's queue and a colleague was faster: say who."""
    context = {
        "decision": decision,
        "refused": sentence,
        "is_possible": False,
        "back": reverse("queue"),
        "back_words": "Back to the queue",
    }
    return _answer(request, decision, context, 409)


def _answer(
    request: HttpRequest, decision: Decision, context: dict[str, Any], status: int
) -> HttpResponse:
    if _is_dialog(request):
        return render(request, "handoffs/decision_form.html", context, status=status)
    return page(request, "handoffs/decision.html", context, title=decision.title, status=status)


def _go_on(request: HttpRequest, decision: Decision, handoff: Handoff) -> HttpResponse:
    """To the brief; from the queue's own accept, and after a delete, back to where work waits."""
    is_gone = decision.name == "delete"
    seen = (
        not is_gone and Handoff.objects.visible_to(person(request)).filter(pk=handoff.pk).exists()
    )
    address = reverse("handoff", args=[handoff.pk]) if seen else reverse("home")
    if _is_dialog(request):
        answer = HttpResponse(status=204)
        answer["X-Go"] = address
        return answer
    return cast(HttpResponse, redirect(address))


def _is_dialog(request: HttpRequest) -> bool:
    return request.headers.get("X-Part") == "dialog"
