"""The rulings on contested rejections, to look up how a criterion was read before."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from handoffs import rulings
from handoffs.filters import RulingFilter
from handoffs.masking import Reader
from team.doors import person, with_role
from team.pages import page

SHOWN = 50


@require_GET
@with_role
def search(request: HttpRequest) -> HttpResponse:
    """The newest first, narrowed by criterion, ruling, reason and words."""
    filters = RulingFilter(request.GET, queryset=rulings.ruled(), request=request)
    refused = filters.form.errors
    words = "" if refused else filters.form.cleaned_data["q"]
    # Words are looked for in what this reader sees: a search must not tell what is hidden
    found = [] if refused else rulings.precedents(Reader(person(request)), filters.qs)
    found = [precedent for precedent in found if precedent.speaks_of(words)]
    context = {
        "filters": filters.form,
        "found": found[:SHOWN],
        "total": len(found),
        "is_narrowed": any(request.GET.get(name) for name in filters.filters),
    }
    return page(
        request, "handoffs/rulings.html", context, title="Rulings", status=400 if refused else 200
    )
