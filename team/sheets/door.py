"""Import and export in the admin, for any model whose resource is a SheetResource."""

from collections.abc import Mapping
from io import BufferedReader
from itertools import islice
from operator import attrgetter
from pathlib import PurePath
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db import DataError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST
from import_export.admin import ImportExportMixin
from unfold.contrib.import_export.forms import ExportForm

from team import export_limit
from team.admin_base import BAD_FILTER
from team.audit import note
from team.models import Deed, Import
from team.pages import page
from team.sheets import runs, uploads
from team.sheets.core import Report
from team.sheets.exports import SafeCSV, SafeXLSX
from team.sheets.formats import choose
from team.sheets.forms import ConfirmForm, UploadForm
from team.sheets.limits import export_rows_for, limits_for
from team.sheets.problems import FileRefused
from team.sheets.reading import Table, open_table

LONGEST_NAME = 200
SHOWN = 200  # rows and problems on a preview


class SheetDoor(ImportExportMixin):
    """Mix into a ModelAdmin before DeskAdmin and set `resource_classes = [...]` to one resource.

    The preview writes nothing; confirming runs the same import again, all or nothing. A long file
    goes to the worker for both; see `runs`.
    """

    export_formats = [SafeCSV, SafeXLSX]
    export_form_class = ExportForm
    to_encoding = "utf-8-sig"
    import_template_name = "sheets/import.html"
    # Code and name of each country that local phone numbers may be from; none: no numbers come in.
    countries: ClassVar[Mapping[str, str]] = {}
    # Whether the audit trail keeps what each row changed: for set-up, not for prospects
    rows_in_trail = False

    def has_import_permission(self, request: HttpRequest) -> bool:
        """An import adds and changes, so it takes both permissions."""
        return self.has_add_permission(request) and self.has_change_permission(request)

    def import_action(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if not self.has_import_permission(request):
            raise PermissionDenied
        form = self._upload_form(request)
        if request.method != "POST" or not form.is_valid():
            return self._import_page(request, form)
        upload = form.cleaned_data["import_file"]
        settings = {
            "format": form.cleaned_data["format"] or "auto",
            "country": form.cleaned_data.get("country", ""),
            "encoding": form.cleaned_data["encoding"],
            "name": _shortened(upload.name),
        }
        try:
            if self._is_long(request, upload.file, settings):
                return self._hand_over(request, upload, settings)
            report = self._run(request, upload.file, settings)
        except FileRefused as error:
            form.add_error("import_file", str(error))
            return self._import_page(request, form)
        confirm = None
        if not report.wrong:
            token = uploads.keep(upload, request, self._label(), settings, timezone.now())
            confirm = ConfirmForm(
                initial={"import_file_name": token, "original_file_name": settings["name"]}
            )
        earlier = runs.before(runs.digest_of(upload.file), self._label())
        return self._import_page(request, form, report, confirm, settings["name"], earlier)

    def process_import(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return require_POST(self._confirm)(request)

    def _confirm(self, request: HttpRequest) -> HttpResponse:
        if not self.has_import_permission(request):
            raise PermissionDenied
        confirm = ConfirmForm(request.POST)
        try:
            if not confirm.is_valid():
                raise FileRefused(uploads.GONE)
            token = confirm.cleaned_data["import_file_name"]
            stream, kept = uploads.take(token, request, self._label())
        except FileRefused as error:
            self.message_user(request, str(error), messages.ERROR)
            return HttpResponseRedirect(self._url("import"))
        with stream:
            run = self._begin(request, stream, kept, Import.State.CONFIRMED)
        uploads.drop(kept)
        runs.carry_on(run)
        run.refresh_from_db()
        if run.state == Import.State.DONE:
            self.message_user(request, f"Imported: {run.summary}.", messages.SUCCESS)
        return HttpResponseRedirect(reverse("import_run", args=[run.pk]))

    def _hand_over(
        self, request: HttpRequest, upload: Any, settings: dict[str, str]
    ) -> HttpResponse:
        """A long file is checked by the worker; its page says how far that is."""
        run = self._begin(request, upload.file, settings, Import.State.WAITING)
        runs.poke()
        return HttpResponseRedirect(reverse("import_run", args=[run.pk]))

    def _begin(
        self, request: HttpRequest, stream: Any, settings: dict[str, Any], state: Import.State
    ) -> Import:
        options = {
            name: settings.get(name, "") for name in ("name", "format", "country", "encoding")
        }
        if self.rows_in_trail:
            options["rows_in_trail"] = "yes"
        return runs.begin(
            stream,
            by=request.user,  # type: ignore[arg-type]
            kind=self._label(),
            options=options,
            state=state,
            at=timezone.now(),
        )

    def _is_long(self, request: HttpRequest, stream: Any, settings: dict[str, Any]) -> bool:
        """Whether the file has more rows than somebody should wait for."""
        table = self._opened(request, stream, settings)
        choose(self.resource_classes[0].importer.formats, table.headers, settings["format"])
        return sum(1 for _ in islice(table.rows, runs.AT_ONCE + 1)) > runs.AT_ONCE

    def _opened(self, request: HttpRequest, stream: Any, settings: dict[str, Any]) -> Table:
        limits = limits_for(request.user)  # type: ignore[arg-type]
        raw = stream if hasattr(stream, "readinto") else BufferedReader(stream)
        return open_table(raw, settings["name"], limits, settings["encoding"])

    def _run(self, request: HttpRequest, stream: Any, settings: dict[str, Any]) -> Report:
        resource = self.resource_classes[0](
            format=settings["format"], by=request.user, country=settings["country"]
        )
        table = self._opened(request, stream, settings)
        return resource.import_table(table, dry_run=True, keep=SHOWN)

    def _upload_form(self, request: HttpRequest, *, fresh: bool = False) -> UploadForm:
        sent = request.method == "POST" and not fresh
        return UploadForm(
            self.resource_classes[0].importer.formats,
            limits_for(request.user),  # type: ignore[arg-type]
            request.POST if sent else None,
            request.FILES if sent else None,
            countries=self.countries,
        )

    def _import_page(
        self,
        request: HttpRequest,
        form: UploadForm,
        report: Report | None = None,
        confirm: ConfirmForm | None = None,
        file_name: str = "",
        earlier: Import | None = None,
    ) -> HttpResponse:
        names = self.model._meta.verbose_name_plural
        context = {
            "form": form,
            "report": report,
            "confirm_form": confirm,
            "file_name": file_name,
            "earlier": earlier,
            "formats": self.resource_classes[0].importer.formats,
            "problems": report.problems[:SHOWN] if report else [],
            "notes": _notes(report) if report else [],
            "lines": sorted(report.lines, key=attrgetter("number")) if report else [],
            "shows_changes": bool(report and report.rows <= SHOWN),
            "opts": self.model._meta,
            "names": names,
            "confirm_url": self._url("process_import"),
            "import_url": self._url("import"),
            "back": self._url("changelist"),
            "back_words": f"All {names}",
        }
        return page(request, self.import_template_name, context, title=f"Import {names}")

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
            return HttpResponseRedirect(self._url("changelist"))

    def _export(self, request: HttpRequest) -> HttpResponse:
        most, count = export_rows_for(request.user), 0  # type: ignore[arg-type]
        if request.method == "POST":
            user, now = request.user, timezone.now()
            if refused := export_limit.refusal(request, user, now):  # type: ignore[arg-type]
                return refused
            count = self.get_export_queryset(request)[: most + 1].count()
            if count > most:
                sentence = f"At most {most:,} rows can be exported at once: filter the list first."
                self.message_user(request, sentence, messages.ERROR)
                return HttpResponseRedirect(self._url("changelist"))
        response: HttpResponse = super().export_action(request)
        if response.headers.get("Content-Disposition", "").startswith("attachment"):
            words = f"{count:,} rows as {response['Content-Type'].partition(';')[0]}"
            note(Deed.EXPORTED, by=request.user, about=self.model, words=words)  # type: ignore[arg-type]
        return response

    def get_export_filename(self, request: HttpRequest, queryset: Any, file_format: Any) -> str:
        names = str(self.model._meta.verbose_name_plural).replace(" ", "-")
        return f"{names}-{timezone.now():%Y-%m-%d}.{file_format.get_extension()}"

    def get_valid_export_item_pks(self, request: HttpRequest) -> Any:
        return self.get_queryset(request).values_list("pk", flat=True)

    def _label(self) -> str:
        return str(self.model._meta.label_lower)

    def _url(self, name: str) -> str:
        return reverse("admin:{}_{}_{}".format(*self.get_model_info(), name))


def _shortened(name: str) -> str:
    """The name without its folder, and not too long; its ending says what kind of file it is."""
    path = PurePath(name)
    return path.stem[: LONGEST_NAME - len(path.suffix)] + path.suffix


def _notes(report: Report) -> list[tuple[str, list[int]]]:
    return [(text, sorted(rows)) for text, rows in list(report.notes.items())[:SHOWN]]
