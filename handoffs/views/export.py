"""The download of a won handoff with its whole package: CSV, XLSX or JSON."""

import tablib
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from handoffs import export
from handoffs.masking import Reader
from handoffs.models import Handoff
from handoffs.views.doors import visible_or_404
from team import export_limit
from team.audit import note
from team.doors import person, with_role
from team.models import Deed
from team.sheets.exports import SafeCSV, SafeXLSX

FORMATS: dict[str, type[SafeCSV | SafeXLSX]] = {"csv": SafeCSV, "xlsx": SafeXLSX}


@require_GET
@with_role
def package(request: HttpRequest, pk: int, form: str) -> HttpResponse:
    """One opportunity as a file; only for those who may read who the prospect is."""
    handoff = visible_or_404(request, pk)
    if not Reader(person(request)).sees_people_of(handoff):
        raise PermissionDenied("Only those who work on this handoff may take it along.")
    if handoff.status != Handoff.Status.QUALIFIED:
        raise Http404("There is no opportunity yet.")
    if refused := export_limit.refusal(request, person(request), timezone.now()):
        return refused
    name = f"opportunity-{handoff.pk}.{form}"
    answer: HttpResponse
    if form == "json":
        answer = JsonResponse(export.document_of(handoff), json_dumps_params={"indent": 2})
    else:
        row = export.row_of(handoff)
        sheet = tablib.Dataset(list(row.values()), headers=list(row), title="Opportunity")
        writer = FORMATS[form]()
        content = writer.export_data(sheet)
        # Excel reads a CSV as UTF-8 only with the mark in front
        content = content.encode("utf-8-sig") if isinstance(content, str) else content
        kind = str(writer.get_content_type())
        told = f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
        answer = HttpResponse(content, content_type=told)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    note(Deed.EXPORTED, by=person(request), about=handoff, words=f"The package as {form}.")
    return answer
