"""The forms of an import in the admin: the file with its columns, and the confirmation."""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminFileFieldWidget

from team.sheets.formats import Format
from team.sheets.limits import MEGABYTE, Limits
from team.sheets.text_tables import ENCODINGS


class UploadForm(forms.Form):
    """A file and, where the header leaves doubt, whose columns it has."""

    import_file = forms.FileField(
        label="File",
        allow_empty_file=True,
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,.xlsx"}),
        error_messages={"required": "Choose a file."},
    )
    format = forms.ChoiceField(label="Columns", required=False)
    encoding = forms.ChoiceField(
        label="Encoding",
        required=False,
        choices=[("", "Find out (UTF-8 or UTF-16)"), *ENCODINGS.items()],
        help_text="Only asked where letters such as ü or é come out wrong.",
    )
    country = forms.ChoiceField(
        label="Country of phone numbers without country code",
        required=False,
        help_text="Only asked where the company’s country is not known.",
    )

    def __init__(
        self,
        formats: Sequence[Format],
        limits: Limits,
        *args: Any,
        countries: Mapping[str, str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.limits = limits
        choices = [("auto", "Find out from the header"), ("ask", "I’ll match them myself")]
        self.fields["format"].choices = choices + [(item.key, item.title) for item in formats]  # type: ignore[attr-defined]
        self.fields[
            "import_file"
        ].help_text = (
            f".csv or .xlsx, at most {limits.rows:,} rows and {limits.size // MEGABYTE} MB."
        )
        if countries:
            named = sorted(countries.items(), key=itemgetter(1))
            self.fields["country"].choices = [("", "None"), *named]  # type: ignore[attr-defined]
        else:
            del self.fields["country"]


class ConfirmForm(forms.Form):
    """What the preview hands on; the token says which file, whose, and with which columns."""

    # As long as it comes: it holds what each column was matched with
    import_file_name = forms.CharField(widget=forms.HiddenInput)
