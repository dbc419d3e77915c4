"""The absence page, which says before saving what the absence would leave uncovered."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils import timezone

from sla.foreseen import Foreseen, foresee
from team.admin.absences import AbsenceAdmin
from team.forms.absences import AbsenceForm
from team.models import Absence


class ForeseeingForm(AbsenceForm):
    """Stops once where nobody would be there; saving the same again goes through."""

    warned = forms.CharField(required=False, widget=forms.HiddenInput)
    foreseen: list[Foreseen]

    def clean(self) -> dict[str, Any]:
        found = super().clean()
        self.foreseen = []
        if self.errors:
            return found
        planned = Absence(
            pk=self.instance.pk,
            user=found.get("user") or self.instance.user,
            starts_at=found["starts_at"],
            ends_at=found["ends_at"],
            cover=found.get("cover"),
        )
        if self.instance.pk and _mark(planned) == _mark(self.instance):
            return found
        self.foreseen = foresee(planned, timezone.now())
        holes = [one for one in self.foreseen if one.holes]
        told = _mark(planned)
        if holes and found.get("warned") != told:
            self._remember(told)
            for one in holes:
                self.add_error(None, one.sentence)
            self.add_error(
                None, "Name somebody who covers, or save again to enter it all the same."
            )
        return found

    def _remember(self, told: str) -> None:
        """Have the page that comes back say that this very absence was warned about."""
        self.data = {**dict(self.data.items()), self.add_prefix("warned"): told}


def _mark(planned: Absence) -> str:
    """What tells one planned absence from another."""
    when = f"{planned.starts_at.timestamp():.0f} {planned.ends_at.timestamp():.0f}"
    return f"{planned.user_id} {planned.cover_id or ''} {when}"


admin.site.unregister(Absence)


@admin.register(Absence)
class ForeseeingAbsenceAdmin(AbsenceAdmin):
    form = ForeseeingForm

    def get_fieldsets(self, request: HttpRequest, obj: Absence | None = None) -> Any:
        found = super().get_fieldsets(request, obj)
        if obj is not None and not self.has_change_permission(request, obj):
            return found
        (title, options), *rest = found
        return [(title, {**options, "fields": [*options["fields"], "warned"]}), *rest]

    def save_model(self, request: HttpRequest, obj: Absence, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        for one in form.foreseen:
            level = messages.WARNING if one.holes else messages.INFO
            self.message_user(request, one.sentence, level)
