"""Forms of territories: their countries, and their backups in order."""

import re
from typing import Any

import phonenumbers
from django import forms
from django.core.exceptions import ValidationError
from unfold.forms import PaginationInlineFormSet
from unfold.widgets import UnfoldAdminTextInputWidget

from team.forms.shared import kept_rows
from team.models import Territory


class CountryCodesField(forms.CharField):
    """“DE, AT” as a list of two-letter country codes."""

    widget = UnfoldAdminTextInputWidget

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        if isinstance(value, list):
            return value
        codes = sorted({code.upper() for code in re.split(r"[\s,;]+", value or "") if code})
        if "UK" in codes:
            raise ValidationError("“UK” is not a country code; the United Kingdom is GB.")
        if unknown := [code for code in codes if code not in phonenumbers.SUPPORTED_REGIONS]:
            raise ValidationError(
                f"{', '.join(f'“{code[:20]}”' for code in unknown[:5])}: not a country code. "
                "Enter two-letter codes, such as DE, AT."
            )
        return codes

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.prepare_value(initial) != (data or "")


class TerritoryForm(forms.ModelForm):
    countries = CountryCodesField(
        required=False,
        help_text=(
            "Two-letter codes, such as DE, AT: accounts there belong here unless they name a "
            "territory of their own. Left empty in one territory, it takes all the rest."
        ),
    )

    class Meta:
        model = Territory
        fields = ("name", "countries", "calendar", "is_active", "primary", "team", "manager")
        labels = {"is_active": "Active", "primary": "Primary AE"}


class CoverageFormSet(PaginationInlineFormSet):
    """Backups of a territory: each once, each rank once."""

    def clean(self) -> None:
        super().clean()
        ranks: dict[int, str] = {}
        for row in kept_rows(self):
            rank, backup = row["rank"], str(row["backup"])
            if rank in ranks:
                raise ValidationError(
                    f"{ranks[rank]} and {backup} both have rank {rank}: who is asked first?"
                )
            ranks[rank] = backup

    def get_unique_error_message(self, unique_check: Any) -> str:
        return "The same AE stands there twice; each backup is named once."
