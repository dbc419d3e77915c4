"""The pages of imports that were begun: how far each is, what came of it, and what may be done."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from team.doors import person
from team.models import Import, User
from team.models.imports import UNDO_FOR
from team.pages import page
from team.sheets import runs
from team.sheets.core import Importer

PER_PAGE = 50
# SQLite has one writer: benchmarks/bench_import.py, new rows
ROWS_A_SECOND = 8_000
WORTH_A_WORD = 20_000
State = Import.State
MOODS = {
    State.DONE: "is-good",
    State.CHECKED: "is-info",
    State.WAITING: "is-info",
    State.CONFIRMED: "is-info",
    State.UNDOING: "is-info",
    State.REFUSED: "is-bad",
    State.FAILED: "is-bad",
}


@require_safe
@login_required
def imports(request: HttpRequest) -> HttpResponse:
    """One’s own imports, newest first; a RevOps admin sees everybody’s."""
    user = _importing(request)
    rows = Import.objects.visible_to(user).select_related("by").defer("report")
    shown = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    listed = [(run, _names(run), MOODS.get(State(run.state), "")) for run in shown]
    return page(request, "sheets/runs.html", {"listed": listed, "page": shown}, title="Imports")


@require_safe
@login_required
@never_cache
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """One import; with the header X-Part only what changes while it runs."""
    one = _theirs(request, pk)
    context = _context(one)
    if request.headers.get("X-Part"):
        return render(request, "sheets/run_part.html", context)
    return page(request, "sheets/run.html", context, title=one.name)


@require_POST
@login_required
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    one = _theirs(request, pk)
    if runs.confirm(one, at=timezone.now()):
        runs.poke()
    else:
        messages.warning(request, "This import does not wait for a confirmation any more.")
    return _back(one)


@require_POST
@login_required
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    one = _theirs(request, pk)
    if runs.cancel(one, at=timezone.now()):
        messages.success(request, "Cancelled: nothing was imported.")
    else:
        messages.warning(request, "It is over already, so there is nothing to cancel.")
    return _back(one)


@require_POST
@login_required
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo now what is short, leave the rest to the worker."""
    one = _theirs(request, pk)
    if not runs.ask_to_undo(one, by=person(request), at=timezone.now()):
        messages.warning(request, "It cannot be undone any more.")
    elif one.rows <= runs.AT_ONCE:
        runs.carry_on(one)
    else:
        runs.poke()
    return _back(one)


def _importing(request: HttpRequest) -> User:
    user = person(request)
    if not (user.is_sdr or user.is_manager or user.is_revops or user.is_superuser):
        raise PermissionDenied("Imports are for SDRs, managers and RevOps admins.")
    return user


def _theirs(request: HttpRequest, pk: int) -> Import:
    rows = Import.objects.visible_to(_importing(request)).select_related("by")
    return get_object_or_404(rows, pk=pk)


def _back(one: Import) -> HttpResponse:
    return HttpResponseRedirect(reverse("import_run", args=[one.pk]))


def _names(one: Import) -> str:
    importer = Importer.known.get(one.kind)
    return str(importer.model._meta.verbose_name_plural) if importer else one.kind


def _context(one: Import) -> dict[str, Any]:
    progress = runs.note_of(one).read() if one.is_at_work else None
    now = timezone.now()
    names = _names(one)
    app, model = one.kind.split(".")
    return {
        "run": one,
        "names": names,
        "progress": progress,
        "report": one.report,
        "undone": one.report.get("undone"),
        "mood": MOODS.get(State(one.state), "is-info"),
        "earlier": _earlier(one),
        "may_undo": runs.may_undo(one, now),
        "holds_up": _holds_up(one),
        "undo_until": one.done_at + UNDO_FOR if one.done_at else None,
        "list_url": reverse(f"admin:{app}_{model}_changelist"),
        "import_url": reverse(f"admin:{app}_{model}_import"),
        "back": reverse("imports"),
        "back_words": "All imports",
    }


def _holds_up(one: Import) -> int:
    """Seconds for which nobody else can save while it is written; 0 where that is no matter."""
    if connection.vendor != "sqlite" or one.rows < WORTH_A_WORD:
        return 0
    return one.rows // ROWS_A_SECOND


def _earlier(one: Import) -> Import | None:
    """The same file, brought before: worth a word as long as this one is not decided."""
    if one.state not in {State.WAITING, State.CHECKED}:
        return None
    return runs.before(one.digest, one.kind, but=one.pk)
