"""The admin page of a data source: what it may send us, and how we ask it."""

from datetime import UTC, datetime, time
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.enrichment import files, web
from accounts.models import EnrichmentSource
from team import outward
from team.bounds import check_date
from team.key_admin import SigningKeyAdmin
from team.sheets.problems import FileRefused
from team.wording import counted, listed


class SourceForm(forms.ModelForm):
    """A source, and a file of theirs to be read in its place."""

    file = forms.FileField(
        label="A file of theirs",
        required=False,
        widget=UnfoldAdminFileFieldWidget,
        help_text="CSV, XLSX or JSON with our names of the fields: email, title, phone, company, "
        "domain, employees … It takes the place of their last one.",
    )
    as_of = forms.DateField(
        label="right as of",
        required=False,
        validators=[check_date],
        widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}),
        help_text="The day on which the file was made, for rows without occurred_at. What one of "
        "yours entered later stays.",
    )

    class Meta:
        model = EnrichmentSource
        fields = [
            "name", "slug", "is_enabled", "per_minute", "asked", "person_url", "company_url",
            "key_header", "api_key", "their_names", "per_day",
        ]  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "api_key" not in self.fields:  # shown only
            return
        key = self.fields["api_key"]
        key.widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})
        if self.instance.api_key:
            end = self.instance.api_key[-4:]
            key.help_text = f"There is one that ends in …{end}. Empty: it stays."

    def clean_api_key(self) -> str:
        return str(self.cleaned_data["api_key"].strip() or self.instance.api_key)

    def clean_their_names(self) -> str:
        web.check_names(self.cleaned_data["their_names"])
        return str(self.cleaned_data["their_names"])

    def clean_person_url(self) -> str:
        return self._address("person_url", "contact")

    def clean_company_url(self) -> str:
        return self._address("company_url", "account")

    def _address(self, name: str, about: str) -> str:
        address = str(self.cleaned_data[name].strip())
        if address:
            web.check_placeholders(address, about)
            outward.check_url(web.PLACEHOLDER.sub("x", address))
        return address

    def clean_as_of(self) -> Any:
        day = self.cleaned_data["as_of"]
        if day and day > timezone.localdate():
            raise ValidationError("Enter the day once it has come.")
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.read: files.Reading | None = None
        if (upload := cleaned.get("file")) and not self.errors:
            now = timezone.now()
            day = cleaned.get("as_of")
            as_of = min(now, datetime.combine(day, time(12), UTC)) if day else now
            try:
                self.read = files.read(upload.file, upload.name, as_of=as_of, now=now)
            except FileRefused as error:
                self.add_error("file", str(error))
            else:
                for problem in self.read.problems:
                    self.add_error("file", problem)
            if not self.errors:
                cleaned["asked"] = EnrichmentSource.Asked.FILE
        addresses = ("person_url", "company_url")
        is_asked = cleaned.get("asked") == EnrichmentSource.Asked.WEB
        if is_asked and not any(cleaned.get(name) or name in self.errors for name in addresses):
            self.add_error("person_url", "Enter an address for people or for companies.")
        return cleaned


@admin.register(EnrichmentSource)
class EnrichmentSourceAdmin(SigningKeyAdmin):
    """Vendors and systems that send us updates, or that we ask."""

    form = SourceForm
    instead = "Switch it off instead."
    empty_words = (
        "No vendor sends updates or is asked yet. Add one to get its address and key, or to give "
        "us a file of theirs."
    )
    list_display = ["name", "is_enabled", "asked_shown", "kept", "address"]
    search_fields = ["name", "slug"]
    prepopulated_fields = {"slug": ["name"]}
    fieldsets = [
        (None, {"fields": ["name", "slug"]}),
        (
            "They send us updates",
            {"classes": ["tab"], "fields": ["is_enabled", "per_minute", "address", "secret_end"]},
        ),
        (
            "We ask them",
            {"classes": ["tab"], "fields": ["asked", "per_day"]},
        ),
        (
            "Their file",
            {"classes": ["tab"], "fields": ["kept", "file", "as_of"]},
        ),
        (
            "Their address",
            {
                "classes": ["tab"],
                "fields": [
                    "person_url",
                    "company_url",
                    ("key_header", "api_key"),
                    "their_names",
                ],
            },
        ),
    ]
    readonly_fields = ["address", "kept"]

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        return {} if obj else super().get_prepopulated_fields(request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if form.read is not None:
            people, companies = files.keep(obj, form.read)
            words = f"{counted(people, 'person', 'people')} and " + counted(
                companies, "company", "companies"
            )
            self.message_user(request, f"{words} read from the file.", messages.SUCCESS)
            if names := form.read.left_out:
                shown = listed([name[:40] for name in names[:20]])
                words = f"Columns left out, as we do not know their names: {shown}."
                self.message_user(request, words, messages.WARNING)

    @display(description="they post to")
    def address(self, source: EnrichmentSource) -> str:
        if not source.slug:
            return "Shown when it is saved."
        return settings.BASE_URL + reverse("enrichment_hook", args=[source.slug])

    @display(description="we ask", ordering="asked")
    def asked_shown(self, source: EnrichmentSource) -> str:
        return str(source.get_asked_display())

    @display(description="in their file")
    def kept(self, source: EnrichmentSource) -> str:
        count = source.rows.count() if source.pk else 0
        return counted(count, "row") if count else "No file yet."
