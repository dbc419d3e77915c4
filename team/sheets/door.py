"""Import in the admin, for any model whose resource is a SheetResource; exports: `export_door`."""

from collections.abc import Mapping
from datetime import timedelta
from io import BufferedReader
from itertools import islice
from math import ceil
from pathlib import PurePath
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.base import File
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST
from import_export.admin import ImportExportMixin

from team import hourly
from team.doors import person
from team.models import Import
from team.pages import page
from team.sheets import columns, import_limit, runs, uploads
from team.sheets.columns import ColumnsForm
from team.sheets.core import Report
from team.sheets.export_door import ExportDoor
from team.sheets.formats import choose
from team.sheets.forms import ConfirmForm, UploadForm
from team.sheets.limits import limits_for
from team.sheets.problems import FileRefused, UnknownColumns
from team.sheets.reading import Table, open_table
from team.sheets.shown import SHOWN, told_of
from team.wording import listed

LONGEST_NAME = 200


class SheetDoor(ExportDoor, ImportExportMixin):
    """Mix into a ModelAdmin before DeskAdmin and set `resource_classes = [...]` to one resource.

    The preview writes nothing; confirming runs the same import again, all or nothing. A long file
    goes to the worker for both; see `runs`.
    """

    import_template_name = "sheets/import.html"
    # Code and name of each country that local phone numbers may be from; none: no numbers come in.
    countries: ClassVar[Mapping[str, str]] = {}
    # Whether the audit trail keeps what each row changed: for set-up, not for prospects
    rows_in_trail = False

    def has_import_permission(self, request: HttpRequest) -> bool:
        """An import adds and changes, so it takes both permissions."""
        return self.has_add_permission(request) and self.has_change_permission(request)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """An empty list offers the import; its template has no request to ask with."""
        found = super().get_changelist_instance(request)
        found.may_import = self.has_import_permission(request)
        return found

    def import_action(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if not self.has_import_permission(request):
            raise PermissionDenied
        if request.method == "POST" and "columns_token" in request.POST:
            return self._match(request, request.POST["columns_token"])
        if request.method == "POST" and "kept_token" in request.POST:
            return self._go_on(request, request.POST["kept_token"])
        form = self._upload_form(request)
        if request.method != "POST" or not form.is_valid():
            return self._import_page(request, form)
        upload = form.cleaned_data["import_file"]
        settings: dict[str, Any] = {
            "format": form.cleaned_data["format"] or "auto",
            "country": form.cleaned_data.get("country", ""),
            "encoding": form.cleaned_data["encoding"],
            "name": _shortened(upload.name),
        }
        try:
            return self._look(request, upload, settings, form)
        except FileRefused as error:
            form.add_error("import_file", str(error))
            return self._import_page(request, form)

    def _look(
        self, request: HttpRequest, upload: Any, settings: dict[str, Any], form: UploadForm
    ) -> HttpResponse:
        """What would happen, or the question what the columns mean. Raises FileRefused."""
        try:
            headers = self._opened(request, upload.file, settings).headers
            if settings["format"] == "auto":
                settings |= self._remembered(request, headers)
            if settings["format"] == "ask":
                return self._ask_for_columns(request, upload, settings)
            formats = self.resource_classes[0].importer.formats
            unread = settings["format"] == "auto" and not settings.get("columns")
            if unread and (found := columns.doubtful(formats, headers)):
                named = listed([f"“{header}”" for header in found])
                why = f"We call {named} otherwise: look whether we understand each one right."
                return self._ask_for_columns(request, upload, settings, why)
            return self._preview(request, upload.file, settings, form)
        except UnknownColumns as error:
            return self._ask_for_columns(request, upload, settings, str(error))

    def _preview(
        self,
        request: HttpRequest,
        stream: Any,
        settings: dict[str, Any],
        form: UploadForm,
        token: str = "",
    ) -> HttpResponse:
        """What would happen; a long file goes to the worker for that."""
        if self._is_long(request, stream, settings):
            if wait := import_limit.seconds_to_wait(person(request), timezone.now()):
                return self._wait_page(request, stream, settings, wait)
            run = self._begin(request, stream, settings, Import.State.WAITING)
            runs.poke()
            return HttpResponseRedirect(reverse("import_run", args=[run.pk]))
        report = self._run(request, stream, settings)
        confirm = None
        earlier = runs.before(runs.digest_of(stream), self._label())
        if not report.wrong:
            if not token:
                upload = File(stream, name=settings["name"])
                token = uploads.keep(upload, request, self._label(), settings, timezone.now())
            confirm = ConfirmForm(initial={"import_file_name": token})
        return self._import_page(request, form, report, confirm, settings, earlier)

    # --- Columns -----------------------------------------------------------------------------

    def _remembered(self, request: HttpRequest, headers: list[str]) -> dict[str, Any]:
        found = columns.remembered(self._label(), headers, person(request))
        if found is None:
            return {}
        said = f"{found.by} on {found.at:%-d %b %Y}"
        return {"columns": found.columns, "matched_by": said}

    def _ask_for_columns(
        self, request: HttpRequest, upload: Any, settings: dict[str, Any], why: str = ""
    ) -> HttpResponse:
        """The page that asks what the columns mean, before anything else of the file is read."""
        settings = {**settings, "format": "auto"}
        token = uploads.keep(upload, request, self._label(), settings, timezone.now())
        return self._columns_page(request, upload.file, settings, token, why=why)

    def _match(self, request: HttpRequest, token: str) -> HttpResponse:
        """Takes what the columns mean, remembers it and goes on with the file."""
        try:
            stream, kept = uploads.take(token, request, self._label(), timezone.now())
            with stream:
                form = self._columns_form(request, stream, kept, request.POST)
                if not form.is_valid():
                    return self._columns_page(request, stream, kept, token, form)
                chosen = form.cleaned_data["columns"]
                columns.remember(
                    self._label(),
                    form.headers,
                    chosen,
                    by=person(request),
                    at=timezone.now(),
                )
                token = uploads.keep_on(kept, columns=chosen)
                return self._preview_kept(request, stream, {**kept, "columns": chosen}, token)
        except FileRefused as error:
            return self._back_with(request, error)

    def _go_on(self, request: HttpRequest, token: str) -> HttpResponse:
        """Takes a file that had to wait from where it was."""
        try:
            stream, kept = uploads.take(token, request, self._label(), timezone.now())
            with stream:
                return self._preview_kept(request, stream, kept, token)
        except FileRefused as error:
            return self._back_with(request, error)

    def _preview_kept(
        self, request: HttpRequest, stream: Any, kept: dict[str, Any], token: str
    ) -> HttpResponse:
        """What a kept file would do; where that is asked elsewhere, it is not kept here."""
        form = self._upload_form(request, fresh=True)
        answer = self._preview(request, stream, kept, form, token)
        if answer.status_code != 200:
            uploads.drop(kept)
        return answer

    def _wait_page(
        self, request: HttpRequest, stream: Any, settings: dict[str, Any], wait: int
    ) -> HttpResponse:
        """429: says when there is room again, and keeps the file until then."""
        upload = File(stream, name=settings["name"])
        token = uploads.keep(
            upload,
            request,
            self._label(),
            settings,
            timezone.now(),
            wait=timedelta(seconds=wait),
        )
        context = {
            "token": token,
            "file_name": settings["name"],
            "minutes": ceil(wait / 60),
            "most": hourly.MOST,
            "import_url": self._url("import"),
            "back": self._url("import"),
            "back_words": f"Import {self.model._meta.verbose_name_plural}",
        }
        title = "That was a lot of imports"
        answer = page(request, "sheets/wait.html", context, title=title, status=429)
        answer["Retry-After"] = str(wait)
        return answer

    def _columns_form(
        self, request: HttpRequest, stream: Any, settings: dict[str, Any], data: Any = None
    ) -> ColumnsForm:
        table = self._opened(request, stream, settings)
        samples = [row.cells for row in islice(table.rows, columns.SAMPLES) if not row.problem]
        known = columns.remembered(self._label(), table.headers, person(request))
        importer = self.resource_classes[0].importer
        guess = known.columns if known else {}
        return ColumnsForm(importer.formats, table.headers, samples, guess, data)

    def _columns_page(
        self,
        request: HttpRequest,
        stream: Any,
        settings: dict[str, Any],
        token: str,
        form: ColumnsForm | None = None,
        why: str = "",
    ) -> HttpResponse:
        if form is None:
            form = self._columns_form(request, stream, settings)
        names = self.model._meta.verbose_name_plural
        context = {
            "form": form,
            "why": why,
            "token": token,
            "file_name": settings["name"],
            "import_url": self._url("import"),
            "back": self._url("import"),
            "back_words": f"Import {names}",
        }
        return page(request, "sheets/columns.html", context, title="What the columns mean")

    def process_import(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return require_POST(self._confirm)(request)

    def _confirm(self, request: HttpRequest) -> HttpResponse:
        if not self.has_import_permission(request):
            raise PermissionDenied
        confirm = ConfirmForm(request.POST)
        now = timezone.now()
        try:
            if not confirm.is_valid():
                raise FileRefused(uploads.GONE)
            token = confirm.cleaned_data["import_file_name"]
            with uploads.taken_alone(token, request, self._label(), now) as (stream, kept):
                if wait := import_limit.seconds_to_wait(person(request), now):
                    return self._wait_page(request, stream, kept, wait)
                run = self._begin(request, stream, kept, Import.State.CONFIRMED)
        except FileRefused as error:
            return self._back_with(request, error)
        runs.carry_on(run)
        run.refresh_from_db()
        if run.state == Import.State.DONE:
            self.message_user(request, f"Imported: {run.summary}.", messages.SUCCESS)
        return HttpResponseRedirect(reverse("import_run", args=[run.pk]))

    def _begin(
        self, request: HttpRequest, stream: Any, settings: dict[str, Any], state: Import.State
    ) -> Import:
        names = ("name", "format", "country", "encoding", "columns")
        options = {name: settings.get(name, "") for name in names}
        if self.rows_in_trail:
            options["rows_in_trail"] = "yes"
        return runs.begin(
            stream,
            by=person(request),
            kind=self._label(),
            options=options,
            state=state,
            at=timezone.now(),
        )

    def _is_long(self, request: HttpRequest, stream: Any, settings: dict[str, Any]) -> bool:
        """Whether the file has more rows than somebody should wait for."""
        table = self._opened(request, stream, settings)
        formats = self.resource_classes[0].importer.formats
        choose(formats, table.headers, settings["format"], settings.get("columns"))
        return sum(1 for _ in islice(table.rows, runs.AT_ONCE + 1)) > runs.AT_ONCE

    def _opened(self, request: HttpRequest, stream: Any, settings: dict[str, Any]) -> Table:
        limits = limits_for(person(request))
        raw = stream if hasattr(stream, "readinto") else BufferedReader(stream)
        return open_table(raw, settings["name"], limits, settings["encoding"])

    def _run(self, request: HttpRequest, stream: Any, settings: dict[str, Any]) -> Report:
        resource = self.resource_classes[0](
            format=settings["format"],
            by=person(request),
            country=settings["country"],
            columns=settings.get("columns"),
        )
        table = self._opened(request, stream, settings)
        return resource.import_table(table, dry_run=True, keep=SHOWN)

    def _upload_form(self, request: HttpRequest, *, fresh: bool = False) -> UploadForm:
        sent = request.method == "POST" and not fresh
        return UploadForm(
            self.resource_classes[0].importer.formats,
            limits_for(person(request)),
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
        settings: dict[str, Any] | None = None,
        earlier: Import | None = None,
    ) -> HttpResponse:
        names = self.model._meta.verbose_name_plural
        context = {
            "form": form,
            "report": report,
            "confirm_form": confirm,
            "file_name": (settings or {}).get("name", ""),
            "matched_by": (settings or {}).get("matched_by", ""),
            "earlier": earlier,
            "formats": self.resource_classes[0].importer.formats,
            "told": told_of(report, report.lines) if report else {},
            "opts": self.model._meta,
            "names": names,
            "confirm_url": self._url("process_import"),
            "import_url": self._url("import"),
            "back": self._url("changelist"),
            "back_words": f"All {names}",
        }
        return page(request, self.import_template_name, context, title=f"Import {names}")

    def _back_with(self, request: HttpRequest, error: FileRefused) -> HttpResponse:
        """To the empty form, which says why the file is not taken."""
        self.message_user(request, str(error), messages.ERROR)
        return HttpResponseRedirect(self._url("import"))

    def _label(self) -> str:
        return str(self.model._meta.label_lower)

    def _url(self, name: str) -> str:
        return reverse("admin:{}_{}_{}".format(*self.get_model_info(), name))


def _shortened(name: str) -> str:
    """The name without its folder, and not too long; its ending says what kind of file it is."""
    path = PurePath(name)
    return path.stem[: LONGEST_NAME - len(path.suffix)] + path.suffix
