"""The reports pages; doors only: they read the question, ask for the figures, show them."""

from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from handoffs.models import Handoff
from reports import along, besides, board, facts, metrics, two_views
from reports.filters import DIMENSIONS, Question
from reports.tables import Table, file_of, one_of
from team.doors import person, with_role
from team.pages import page

ROWS_A_PAGE = 50


@require_safe
@with_role
def joint(request: HttpRequest) -> HttpResponse:
    """The five metrics of a month, for SDRs and AEs alike."""
    asked = _asked(request)
    question = (asked.period, asked.scope, asked.now)
    cards = board.cards(*question)
    shows = next(card.found for card in cards if card.metric.key == "show")
    differences = two_views.differences(cards, *question)
    context = {
        "cards": cards,
        "identity": metrics.identity(shows),
        "differences": differences,
        "named": two_views.named(differences, *question, person(request)),
        "along": along.along(asked.dimension, *question, cards),
        "dimensions": DIMENSIONS,
        "tab": "joint",
        "is_new": not any(card.found.denominator for card in cards)
        and not Handoff.objects.exclude(submitted_at=None).exists(),
    }
    return _page(request, asked, "reports/joint.html", context)


@require_safe
@with_role
def more(request: HttpRequest) -> HttpResponse:
    """Promises, packages, speed and data: what explains the five metrics."""
    asked = _asked(request)
    question = (asked.period, asked.scope, asked.now)
    sections = [(name, [ask(*question) for ask in asks]) for name, asks in besides.SECTIONS]
    return _page(request, asked, "reports/more.html", {"sections": sections, "tab": "more"})


@require_safe
@with_role
def behind(request: HttpRequest) -> HttpResponse:
    """The handoffs behind a number: those of them that this person may open.

    Behind one of the joint review they are of all teams, as its figures are.
    """
    asked = _asked(request)
    of_review = request.GET.get("teams") == "all"
    if of_review:
        try:
            asked.of_all_teams(request.GET.get("month", ""))
        except ValueError:
            raise Http404("No such month.") from None
    figure = _figure(request, asked)
    if figure is None:
        raise Http404("No such figure.")
    rows = Handoff.objects.filter(pk__in=figure.ids)
    # All of them by number, by one question: counted and put in order, while a page shows fifty
    seen = list(
        rows.visible_to(person(request))
        .order_by("-submitted_at", "pk")
        .values_list("pk", flat=True)
    )
    if wanted := request.GET.get("file"):
        words = f"{figure.title}: {figure.words}, {asked.period.name}"
        return one_of([two_views.listed(seen)], wanted, figure.key, [words, exported_by(request)])
    sheet = Paginator(seen, ROWS_A_PAGE).get_page(request.GET.get("page"))
    sheet.object_list = two_views.with_names(list(sheet.object_list))
    context = {
        "figure": figure,
        "sheet": sheet,
        "hidden": rows.count() - sheet.paginator.count,
        "tab": "review" if of_review else figure.tab,
        "of_review": of_review,
    }
    return _page(request, asked, "reports/behind.html", context, title=figure.title)


class Figure(NamedTuple):
    """A number that was asked for: what it is in words, and what may be asked for instead.

    `here` is its part of the address; `sides` are addresses of others, with their words.
    """

    key: str
    title: str
    words: str
    here: str
    sides: list[tuple[str, str]]
    ids: Any
    tab: str


def _figure(request: HttpRequest, asked: Question) -> Figure | None:
    question = (asked.period, asked.scope, asked.now)
    table, row = request.GET.get("table", ""), request.GET.get("row", "")
    if table:
        part, side = request.GET.get("part", ""), request.GET.get("side", "counted")
        found = besides.figure(table, row, part, side, *question)
        if found is None:
            return None
        start = urlencode({"table": table, "row": row, "part": part})
        sides = [(f"{start}&side={key}", words) for key, words in found.sides.items()]
        here = f"{start}&side={side}"
        return Figure(table, found.title, found.words, here, sides, found.ids, "more")
    metric = board.BY_KEY.get(request.GET.get("metric", ""))
    part = request.GET.get("part", "denominator")
    if metric is None or part not in two_views.PARTS:
        return None
    ids = two_views.behind(metric, part, *question)
    start = f"metric={metric.key}&part="
    sides = [(start + key, words) for key, words in two_views.parts_of(metric)]
    words = two_views.PARTS[part]
    return Figure(metric.key, metric.name, words, start + part, sides, ids, "joint")


@require_safe
@with_role
def export(request: HttpRequest, key: str, extension: str) -> HttpResponse:
    """Any table of the reports as a file."""
    asked = _asked(request)
    table = _table(asked, key)
    if table is None:
        raise Http404("No such table.")
    stamp = [f"{table.title}, {asked.period.name}", exported_by(request)]
    return file_of(table, extension, f"{key}-{asked.period.key}", stamp)


def exported_by(request: HttpRequest) -> str:
    """The line of a file that says whose it is."""
    return f"Exported by {person(request)}, {timezone.now():%Y-%m-%d %H:%M} UTC"


def _table(asked: Question, key: str) -> Table | None:
    question = (asked.period, asked.scope, asked.now)
    if key == "along":
        return along.along(asked.dimension, *question)
    if key == "metrics":
        return board.summary(board.cards(*question))
    if key == "differences":
        return two_views.reconciled(two_views.differences(board.cards(*question), *question))
    if key.startswith("trend-"):
        cards = {card.trend.key: card.trend for card in board.cards(*question)}
        return cards.get(key)
    ask = besides.BY_KEY.get(key)
    return ask(*question) if ask else None


def _asked(request: HttpRequest) -> Question:
    facts.catch_up()
    return Question(request, person(request), timezone.now())


def _page(
    request: HttpRequest,
    asked: Question,
    template: str,
    context: dict[str, Any],
    title: str = "Reports",
) -> HttpResponse:
    context = {
        "asked": asked,
        "form": None if context.get("of_review") else asked.filters.form,
        "period": asked.period,
        "before": asked.period.before(),
        "address": asked.address,
        **context,
    }
    status = 400 if asked.errors else 200
    return page(request, template, context, title=title, status=status)
