"""Several handoffs from the queue at once: accept them, or give them to somebody else.

A page of its own and, with the header X-Part: dialog, the form alone. All or none: what is refused
stands with its sentence at its row, and the rest can go on its own. GET changes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from handoffs import bulk
from handoffs.decision_forms import text
from handoffs.models import Handoff
from handoffs.refusal import TransitionRefused
from handoffs.views.doors import taken_by_somebody
from team.doors import person, with_role
from team.models import User
from team.pages import page
from team.wording import counted


class NothingToAsk(forms.Form):
    """Accepting needs no words."""


class ReassignAll(forms.Form):
    to = forms.ModelChoiceField(
        User.objects.none(), label="To whom?", empty_label="Choose a person"
    )
    why = text("Why?", "They read this first.", rows=2)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.active().filter(Q(is_ae=True) | Q(is_manager=True))
        self.fields["to"].queryset = people  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Action:
    """One thing to do with many: who may, how many, what it asks, and how it is said."""

    name: str
    button: str
    most: int
    verb: Callable[..., int]
    form: type[forms.Form]
    intro: str
    done: str
    none_done: str
    is_open_to: Callable[[User], bool]
    not_yours: str


class Line(NamedTuple):
    """A chosen handoff; `refused` says why it cannot be part of it."""

    pk: int
    company: str
    words: str
    refused: str


def _leads(user: User) -> bool:
    return user.is_manager or user.is_revops or user.is_superuser


ACTIONS = {
    action.name: action
    for action in [
        Action(
            "accept",
            "Accept",
            bulk.MOST_ACCEPTED,
            bulk.accept,
            NothingToAsk,
            "You take them over: names, e-mails and dials open up, the SDRs are told, and each "
            "first contact is on you.",
            "accepted. The preparation comes next.",
            "None was accepted",
            lambda user: user.is_ae,
            "Only an AE may accept handoffs.",
        ),
        Action(
            "reassign",
            "Reassign",
            bulk.MOST_REASSIGNED,
            bulk.reassign,
            ReassignAll,
            "What was missed so far stays on the record. The new owner is told of each.",
            "reassigned. The new owner is told.",
            "None was reassigned",
            _leads,
            "Only a manager may reassign several handoffs at once.",
        ),
    ]
}


@require_http_methods(["GET", "POST"])
@with_role
def many(request: HttpRequest, name: str) -> HttpResponse:
    """Ask once more, or do it. 404 where a row is not this person's to see, 409 with the reasons
    at the rows where one cannot be done, 422 for what was typed wrongly."""
    action, user = ACTIONS[name], person(request)
    if not action.is_open_to(user):
        raise PermissionDenied(action.not_yours)
    typed = request.POST if request.method == "POST" else request.GET
    try:
        chosen = _chosen(typed, action)
    except TransitionRefused as refused:
        return _ask(request, action, [], action.form(), typed, str(refused), status=422)
    rows = Handoff.objects.visible_to(user).select_related("account").filter(pk__in=chosen)
    found = list(rows.due_next_first())
    gone = {pk: taken_by_somebody(request, pk) for pk in chosen - {row.pk for row in found}}
    if not all(gone.values()):
        raise Http404("No such handoff for this person.")
    if request.method == "GET":
        return _ask(request, action, _lines(found, gone, {}), action.form(), typed)
    form = action.form(request.POST)
    if not form.is_valid():
        return _ask(request, action, _lines(found, gone, {}), form, typed, status=422)
    try:
        if gone:
            raise bulk.BulkRefused({})
        count = action.verb(found, by=user, **form.cleaned_data)
    except bulk.BulkRefused as refused:
        lines = _lines(found, gone, refused.sentences)
        count = sum(bool(line.refused) for line in lines)
        words = f"{action.none_done}: {count} of {len(lines)} cannot go, and all go or none."
        return _ask(request, action, lines, form, typed, words, status=409)
    messages.success(request, f"{counted(count, 'handoff')} {action.done}")
    return _back(request, typed)


def _chosen(typed: QueryDict, action: Action) -> set[int]:
    """The ids that were ticked."""
    ticked = set(typed.getlist("row"))
    if not ticked:
        raise TransitionRefused("Tick at least one handoff first.")
    if len(ticked) > action.most:
        raise TransitionRefused(f"At most {action.most} at once; you ticked {len(ticked)}.")
    if not all(pk.isascii() and pk.isdigit() and len(pk) <= 18 for pk in ticked):
        raise Http404("Not the number of a handoff.")
    return {int(pk) for pk in ticked}


def _lines(found: list[Handoff], gone: dict[int, str], refused: dict[int, str]) -> list[Line]:
    lines = [
        Line(
            row.pk,
            str(row.account or "No account yet"),
            row.get_lead_source_display(),
            refused.get(row.pk, ""),
        )
        for row in found
    ]
    return [*lines, *(Line(pk, f"Handoff {pk}", "", why) for pk, why in gone.items())]


def _ask(
    request: HttpRequest,
    action: Action,
    lines: list[Line],
    form: forms.Form,
    typed: QueryDict,
    refused: str = "",
    *,
    status: int = 200,
) -> HttpResponse:
    left = sum(not line.refused for line in lines)
    title = f"{action.button} {counted(len(lines), 'handoff')}" if lines else action.button
    context = {
        "action": action,
        "lines": lines,
        "left": left,
        "title": title,
        "button": f"{action.button} the other {left}" if left < len(lines) else action.button,
        "refused": refused,
        "form": form,
        "filters": typed.get("filters", ""),
        "here": request.path,
        "back": _queue(typed),
        "back_words": "Back to the queue",
    }
    if _is_dialog(request):
        return render(request, "handoffs/bulk_form.html", context, status=status)
    return page(request, "handoffs/bulk.html", context, title=title, status=status)


def _back(request: HttpRequest, typed: QueryDict) -> HttpResponse:
    """To the queue as it was filtered."""
    if _is_dialog(request):
        answer = HttpResponse(status=204)
        answer["X-Go"] = _queue(typed)
        return answer
    return cast(HttpResponse, redirect(_queue(typed)))


def _queue(typed: QueryDict) -> str:
    """The queue with the filters it had; read as a query string, so it leads nowhere else."""
    try:
        kept = QueryDict(typed.get("filters", "")[:1000]).urlencode()
    except ValueError:
        kept = ""
    return f"{reverse('queue')}?{kept}" if kept else reverse("queue")


def _is_dialog(request: HttpRequest) -> bool:
    return request.headers.get("X-Part") == "dialog"
