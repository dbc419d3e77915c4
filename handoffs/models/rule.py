"""What a standard asks for besides, of one lead source: rules that RevOps adds to the gate."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from handoffs.models.handoff import LeadSource
from handoffs.models.standard import FrameworkVersion, VersionPart
from team.bounds import check_storable
from team.wording import counted


class LeadSourceRule(VersionPart):
    """One more requirement for the packages of one lead source, under one version.

    It is signed with its version and never takes anything away from the gate's own rules.
    """

    class Requires(models.TextChoices):
        CHANNEL = "channel", "The campaign or channel is named"
        LINK = "link", "A trigger has a link to its source"
        QUOTES = "quotes", "At least this many quotes"
        PEOPLE = "people", "At least this many other people in the committee"
        NOTES = "notes", "Call notes of at least this many different words"
        SOON = "soon", "The next step within this many days"
        ANSWERED = "answered", "This criterion is stated by the prospect"
        CONFIRMED = "confirmed", "This criterion is confirmed"

    WITH_NUMBER = (Requires.QUOTES, Requires.PEOPLE, Requires.NOTES, Requires.SOON)
    WITH_CRITERION = (Requires.ANSWERED, Requires.CONFIRMED)

    version = models.ForeignKey(FrameworkVersion, on_delete=models.CASCADE, related_name="rules")
    lead_source = models.CharField(max_length=10, choices=LeadSource)
    requires = models.CharField("asks for", max_length=10, choices=Requires)
    number = models.PositiveSmallIntegerField(
        "how many",
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(400)],
        help_text="Where it asks for “this many”.",
    )
    criterion_code = models.SlugField(
        "criterion",
        max_length=30,
        blank=True,
        help_text="Where it asks for “this criterion”: its code, such as budget.",
    )
    why = models.CharField(
        "why, in a sentence",
        max_length=200,
        blank=True,
        validators=[check_storable],
        help_text="Shown to the SDR beside what is missing.",
    )

    class Meta:
        ordering = ["version", "lead_source", "pk"]
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(
                fields=["version", "lead_source", "requires", "criterion_code"],
                name="lead_source_rule_once",
                violation_error_message="This version has this rule for this lead source already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_lead_source_display()}: {self.words}"

    @property
    def words(self) -> str:
        """What it asks for, in words: “at least 2 quotes”."""
        count = self.number or 1
        return {
            self.Requires.CHANNEL: "the campaign or channel",
            self.Requires.LINK: "a trigger with a link to its source",
            self.Requires.QUOTES: f"at least {counted(count, 'quote')}",
            self.Requires.PEOPLE: f"at least {counted(count, 'other person', 'other people')}",
            self.Requires.NOTES: f"call notes of at least {count} different words",
            self.Requires.SOON: f"a next step within {counted(count, 'day')}",
            self.Requires.ANSWERED: f"“{self._criterion_name}” from the prospect, not estimated",
            self.Requires.CONFIRMED: f"“{self._criterion_name}” confirmed",
        }[self.Requires(self.requires)]

    @property
    def _criterion_name(self) -> str:
        named = (c.name for c in self.version.criteria.all() if c.code == self.criterion_code)
        return next(named, self.criterion_code)

    def clean(self) -> None:
        super().clean()
        if self.requires in self.WITH_NUMBER and self.number is None:
            raise ValidationError({"number": "Enter how many."})
        if self.requires not in self.WITH_NUMBER:
            self.number = None
        if self.requires not in self.WITH_CRITERION:
            self.criterion_code = ""
        elif self.version_id is not None:
            codes = list(self.version.criteria.values_list("code", flat=True))
            if self.criterion_code not in codes:
                raise ValidationError(
                    {"criterion_code": f"Enter the code of a saved criterion: {', '.join(codes)}."}
                )
