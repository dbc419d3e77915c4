"""The fifteen minutes of preparation, and the library that RevOps keeps for them."""

from django.db import models

from accounts.models import SignalKind
from handoffs.models.handoff import Handoff
from handoffs.models.package import Objection
from team.bounds import check_one_line, check_storable


class TaggedQuerySet(models.QuerySet):
    """Library entries, the best match for a package first: see handoffs.preparation."""

    def current(self) -> "TaggedQuerySet":
        return self.filter(is_active=True)


class LibraryEntry(models.Model):
    """What both kinds of entry share: tags and whether it is still offered."""

    industries = models.CharField(
        max_length=300,
        blank=True,
        validators=[check_storable],
        help_text="Industries it fits, separated by commas; empty fits all.",
    )
    triggers = models.JSONField(
        default=list, blank=True, help_text=f"Any of: {', '.join(SignalKind.values)}."
    )
    objections = models.JSONField(
        default=list, blank=True, help_text=f"Any of: {', '.join(Objection.Category.values)}."
    )
    is_active = models.BooleanField("offered", default=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = TaggedQuerySet.as_manager()

    class Meta:
        abstract = True

    def industry_list(self) -> list[str]:
        return [name.strip().lower() for name in self.industries.split(",") if name.strip()]


class CompetitorNote(LibraryEntry):
    """What to know about a competitor before the call."""

    competitor = models.CharField(
        max_length=80, unique=True, validators=[check_one_line, check_storable]
    )
    note = models.TextField(
        max_length=4000,
        validators=[check_storable],
        help_text="Where they are strong, where we are, and one question to ask.",
    )

    class Meta:
        ordering = ["competitor"]

    def __str__(self) -> str:
        return self.competitor


class CaseStudy(LibraryEntry):
    """A customer story to bring to the call."""

    title = models.CharField(
        max_length=120, unique=True, validators=[check_one_line, check_storable]
    )
    summary = models.TextField(max_length=2000, validators=[check_storable])
    url = models.URLField("link", max_length=500, blank=True)

    class Meta:
        ordering = ["title"]
        verbose_name_plural = "case studies"

    def __str__(self) -> str:
        return self.title


class Preparation(models.Model):
    """The checklist of one handoff. Opens at acceptance; finished when every point is done."""

    handoff = models.OneToOneField(Handoff, on_delete=models.CASCADE, related_name="preparation")
    read_package = models.BooleanField("I have read the package", default=False)
    competitors_done = models.BooleanField(
        "I have looked up the competitors they named", default=False
    )
    case_study = models.ForeignKey(
        CaseStudy, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    case_study_other = models.CharField(
        "another one, or why none fits",
        max_length=300,
        blank=True,
        validators=[check_storable],
    )
    objections = models.JSONField(
        "likely objections",
        default=list,
        blank=True,
        help_text="Two or three, each with the answer you will give.",
    )

    def __str__(self) -> str:
        return f"Preparation of handoff {self.handoff_id}"
