"""Export in the admin: the rows that a list shows, as many and as often as somebody may have."""

from typing import Any

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db import DataError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from import_export.admin import ExportMixin
from unfold.contrib.import_export.forms import ExportForm

from team import export_limit
from team.admin_base import BAD_FILTER
from team.audit import note
from team.doors import person
from team.models import Deed
from team.sheets.exports import SafeCSV, SafeXLSX
from team.sheets.limits import export_rows_for


class ExportDoor(ExportMixin):
    """The export half of `SheetDoor`; each file that leaves is in the audit trail."""

    export_formats = [SafeCSV, SafeXLSX]
    export_form_class = ExportForm
    to_encoding = "utf-8-sig"

    def export_action(self, request: HttpRequest) -> HttpResponse:
        if not self.has_export_permission(request):
            raise PermissionDenied
        try:
            return self._export(request)
        except (IncorrectLookupParameters, ValueError, OverflowError, DataError):
            # The rows to export are those of the list’s address, and somebody has written in it
            if not request.GET:
                raise
            self.message_user(request, BAD_FILTER, messages.WARNING)
            return self._to_the_list()

    def _export(self, request: HttpRequest) -> HttpResponse:
        user, count = person(request), 0
        if request.method == "POST":
            if refused := export_limit.refusal(request, user, timezone.now()):
                return refused
            most = export_rows_for(user)
            count = self.get_export_queryset(request)[: most + 1].count()
            if count > most:
                sentence = f"At most {most:,} rows can be exported at once: filter the list first."
                self.message_user(request, sentence, messages.ERROR)
                return self._to_the_list()
        response: HttpResponse = super().export_action(request)
        if response.headers.get("Content-Disposition", "").startswith("attachment"):
            words = f"{count:,} rows as {response['Content-Type'].partition(';')[0]}"
            note(Deed.EXPORTED, by=user, about=self.model, words=words)
            if response["Content-Type"].startswith("text/"):
                response["Content-Type"] += "; charset=utf-8"
        return response

    def get_export_filename(self, request: HttpRequest, queryset: Any, file_format: Any) -> str:
        names = str(self.model._meta.verbose_name_plural).replace(" ", "-")
        return f"{names}-{timezone.now():%Y-%m-%d}.{file_format.get_extension()}"

    def get_valid_export_item_pks(self, request: HttpRequest) -> Any:
        return self.get_queryset(request).values_list("pk", flat=True)

    def _to_the_list(self) -> HttpResponse:
        return HttpResponseRedirect(
            reverse("admin:{}_{}_changelist".format(*self.get_model_info()))
        )
