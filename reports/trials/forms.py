"""What can be typed to try a change on the past; every choice stands in the address of the page."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django import forms

from handoffs.models import FrameworkVersion, LeadSource, LeadSourceRule
from reports.periods import Period
from sla.models import PolicyVersion
from team.business_time import BusinessHours
from team.models import Territory, User, WorkCalendar

DAYS = 90
MOST_DAYS = 730
MOST_MINUTES = 60 * 24 * 60
BACKUPS = 3


class TrialForm(forms.Form):
    """How far back; each kind of trial adds what it changes."""

    days = forms.IntegerField(label="Days back", min_value=1, max_value=MOST_DAYS, initial=DAYS)

    def period(self, now: datetime) -> Period:
        days: int = self.cleaned_data["days"]
        return Period(now - timedelta(days=days), now, f"the last {days} days")


class PolicyForm(TrialForm):
    """Another limit for each promise of the version, and other business hours."""

    def __init__(self, *args: Any, version: PolicyVersion, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for target in version.targets.all():
            self.fields[target.kind] = forms.IntegerField(
                label=f"{target.get_kind_display()}, minutes",
                min_value=1,
                max_value=MOST_MINUTES,
                required=False,
                widget=forms.NumberInput(attrs={"placeholder": target.limit_minutes}),
            )
        self.fields["calendar"] = forms.ModelChoiceField(
            label="Business hours",
            queryset=WorkCalendar.objects.all(),
            required=False,
            empty_label="As they were",
            help_text="For promises in business hours. To try other hours, make a calendar for "
            "them that no territory uses yet.",
        )

    def limits(self) -> dict[str, timedelta]:
        return {
            kind: timedelta(minutes=minutes)
            for kind, minutes in self.cleaned_data.items()
            if kind not in ("days", "calendar") and minutes
        }

    def clean_calendar(self) -> WorkCalendar | None:
        calendar: WorkCalendar | None = self.cleaned_data["calendar"]
        if calendar is not None and not calendar.weekly_hours():
            raise forms.ValidationError("This calendar has no opening hours yet.")
        return calendar

    def hours(self) -> BusinessHours | None:
        calendar: WorkCalendar | None = self.cleaned_data["calendar"]
        if calendar is None:
            return None
        return BusinessHours(calendar.time_zone, calendar.weekly_hours(), calendar.holiday_dates())


class GateForm(TrialForm):
    """A lead source, and one more rule for it."""

    lead_source = forms.ChoiceField(
        label="Lead source", choices=[("", "All lead sources"), *LeadSource.choices], required=False
    )
    requires = forms.ChoiceField(
        label="Also ask for",
        choices=[("", "Nothing else"), *LeadSourceRule.Requires.choices],
        required=False,
    )
    number = forms.IntegerField(label="How many", min_value=1, max_value=400, required=False)
    criterion = forms.ChoiceField(label="Which criterion", required=False)

    def __init__(self, *args: Any, standard: FrameworkVersion, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.standard = standard
        criterion: Any = self.fields["criterion"]
        criterion.choices = [("", "–"), *((c.code, c.name) for c in standard.criteria.all())]

    def clean(self) -> None:
        super().clean()
        requires = self.cleaned_data.get("requires")
        for name, kinds, ask in (
            ("number", LeadSourceRule.WITH_NUMBER, "Enter how many."),
            ("criterion", LeadSourceRule.WITH_CRITERION, "Choose which criterion."),
        ):
            is_missing = name not in self.errors and not self.cleaned_data.get(name)
            if requires in kinds and is_missing:
                self.add_error(name, ask)

    def rules(self) -> list[LeadSourceRule]:
        """The rule that is asked for besides, for each lead source it is tried on."""
        typed = self.cleaned_data
        if not typed["requires"]:
            return []
        sources = [typed["lead_source"]] if typed["lead_source"] else LeadSource.values
        return [
            LeadSourceRule(
                version=self.standard,
                lead_source=source,
                requires=typed["requires"],
                number=typed["number"],
                criterion_code=typed["criterion"],
            )
            for source in sources
        ]


class CoverageForm(TrialForm):
    """Another primary AE and other backups of a territory, in order."""

    def __init__(self, *args: Any, territory: Territory, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        aes = User.objects.filter(is_ae=True, is_active=True).order_by("first_name", "username")
        self.fields["primary"] = forms.ModelChoiceField(
            label="Primary AE", queryset=aes, required=False, empty_label="Nobody"
        )
        for rank in range(1, BACKUPS + 1):
            self.fields[f"backup{rank}"] = forms.ModelChoiceField(
                label=f"Backup {rank}", queryset=aes, required=False, empty_label="Nobody"
            )

    @staticmethod
    def as_it_is(territory: Territory, backups: Iterable[User]) -> dict[str, str]:
        """What the form says about today’s coverage."""
        found = {"days": str(DAYS), "primary": str(territory.primary_id or "")}
        return found | {f"backup{n}": str(user.pk) for n, user in enumerate(backups, start=1)}

    def clean(self) -> None:
        super().clean()
        seen = set()
        for name in ("primary", *(f"backup{rank}" for rank in range(1, BACKUPS + 1))):
            user = self.cleaned_data.get(name)
            if user is not None and user.pk in seen:
                self.add_error(name, f"{user} is named above already.")
            elif user is not None:
                seen.add(user.pk)

    def backups(self) -> list[User]:
        named = [self.cleaned_data[f"backup{rank}"] for rank in range(1, BACKUPS + 1)]
        return [user for user in named if user is not None]
