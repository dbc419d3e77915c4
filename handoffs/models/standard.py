"""The shared standard: frameworks as data, their criteria, and the two signatures."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone

from team.bounds import check_storable
from team.models import Role, User


class MustHave(models.TextChoices):
    """What has to be known before a lead transfers, whatever the framework (source article)."""

    BUDGET = "budget", "Budget, confirmed or estimated"
    AUTHORITY = "authority", "The contact's decision authority"
    TIMELINE = "timeline", "A stated timeline"
    PAIN = "pain", "A specific pain"


class Framework(models.Model):
    """BANT, MEDDIC, SPICED, or the team's own."""

    code = models.SlugField(max_length=20, unique=True)
    name = models.CharField(max_length=60, unique=True)
    description = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class FrameworkVersionQuerySet(models.QuerySet["FrameworkVersion"]):
    def active(self) -> "FrameworkVersionQuerySet":
        return self.filter(state=FrameworkVersion.State.ACTIVE)


class FrameworkVersion(models.Model):
    """One agreed wording of a framework. A version that was used or signed is never edited."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        ACTIVE = "active", "Active"
        RETIRED = "retired", "Retired"

    framework = models.ForeignKey(Framework, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(default=1, editable=False)
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT, editable=False)
    note = models.CharField(max_length=300, blank=True, help_text="What is new in this version.")
    signed_by_sdr_leader = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="signed_for_sdrs",
    )
    signed_by_ae_leader = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="signed_for_aes",
    )
    sdr_leader_signed_at = models.DateTimeField(null=True, blank=True, editable=False)
    ae_leader_signed_at = models.DateTimeField(null=True, blank=True, editable=False)
    activated_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = FrameworkVersionQuerySet.as_manager()

    class Meta:
        ordering = ["framework__name", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["framework", "number"], name="framework_version_number_once"
            ),
            models.UniqueConstraint(
                fields=["state"], condition=Q(state="active"), name="one_active_standard"
            ),
            models.CheckConstraint(
                condition=~Q(state="active")
                | Q(signed_by_sdr_leader__isnull=False, signed_by_ae_leader__isnull=False),
                name="active_standard_is_signed_by_both",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.framework}, version {self.number}"

    @property
    def is_locked(self) -> bool:
        """Whether its wording may no longer change: signed, once active, or used."""
        return (
            self.state != self.State.DRAFT
            or self.signed_by_sdr_leader_id is not None
            or self.signed_by_ae_leader_id is not None
            or (self.pk is not None and self.handoffs.exists())
        )

    def missing_must_haves(self) -> list[MustHave]:
        """The must-haves that no required criterion maps to."""
        covered = {c.must_have for c in self.criteria.all() if c.is_required}
        return [must for must in MustHave if must.value not in covered]

    def sign(self, *, by: User, side: Role) -> None:
        """Sign for the SDR or the AE side. Raises ValidationError in words."""
        if self.state != self.State.DRAFT:
            raise ValidationError("Only a draft can be signed.")
        if side not in (Role.SDR, Role.AE) or not by.leads(side):
            raise ValidationError(
                f"{by} leads no {side.label}s, so cannot sign for them."
                if side in (Role.SDR, Role.AE)
                else "Sign for the SDRs or for the AEs."
            )
        if missing := self.missing_must_haves():
            words = "; ".join(str(must.label).lower() for must in missing)
            raise ValidationError(f"No required criterion asks for: {words}.")
        other = self.signed_by_ae_leader if side == Role.SDR else self.signed_by_sdr_leader
        if other == by:
            raise ValidationError("The two sides have to be signed by two different people.")
        prefix = side.value
        setattr(self, f"signed_by_{prefix}_leader", by)
        setattr(self, f"{prefix}_leader_signed_at", timezone.now())
        self.save(update_fields=[f"signed_by_{prefix}_leader", f"{prefix}_leader_signed_at"])

    def activate(self) -> None:
        """Make this the standard for new handoffs; the one before retires."""
        if self.state != self.State.DRAFT:
            raise ValidationError("Only a draft can be activated.")
        if not (self.signed_by_sdr_leader_id and self.signed_by_ae_leader_id):
            raise ValidationError(
                "An SDR leader and an AE leader both have to sign before it becomes active."
            )
        if missing := self.missing_must_haves():
            words = "; ".join(str(must.label).lower() for must in missing)
            raise ValidationError(f"No required criterion asks for: {words}.")
        FrameworkVersion.objects.active().update(state=self.State.RETIRED)
        self.state = self.State.ACTIVE
        self.activated_at = timezone.now()
        self.save(update_fields=["state", "activated_at"])

    def copy(self, note: str = "") -> "FrameworkVersion":
        """A new draft with the same criteria, to be edited and signed."""
        last = self.framework.versions.aggregate(last=models.Max("number"))["last"] or 0
        draft = FrameworkVersion.objects.create(
            framework=self.framework, number=last + 1, note=note
        )
        for criterion in self.criteria.all():
            criterion.pk = None
            criterion.version = draft
            criterion.save(force_insert=True)
        return draft


class Criterion(models.Model):
    """One thing to find out, with what counts as confirmed, in words."""

    class AnswerType(models.TextChoices):
        TEXT = "text", "Text"
        CHOICE = "choice", "Choice"
        AMOUNT = "amount", "Amount"
        DATE = "date", "Date or quarter"
        CONTACT = "contact", "Person"

    class Minimum(models.TextChoices):
        """The least an answer has to be: see Answer.Status."""

        ESTIMATED = "estimated", "May be estimated"
        STATED = "stated", "Stated by the prospect"
        CONFIRMED = "confirmed", "Confirmed"

    version = models.ForeignKey(FrameworkVersion, on_delete=models.CASCADE, related_name="criteria")
    position = models.PositiveSmallIntegerField(default=0)
    code = models.SlugField(max_length=30, help_text="Stays the same from version to version.")
    name = models.CharField(max_length=60, validators=[check_storable])
    confirmed_means = models.TextField(
        "what counts as confirmed",
        max_length=1000,
        validators=[check_storable],
        help_text="Shown beside the field. “Budget confirmed” means what exactly?",
    )
    answer_type = models.CharField(max_length=8, choices=AnswerType, default=AnswerType.TEXT)
    choices = models.JSONField(
        default=list, blank=True, help_text="For a choice: the answers to choose from."
    )
    minimum = models.CharField(
        "needed at handoff", max_length=10, choices=Minimum, default=Minimum.STATED
    )
    is_required = models.BooleanField("required", default=True)
    must_have = models.CharField(
        "covers the must-have",
        max_length=10,
        choices=MustHave,
        blank=True,
        help_text="Budget, authority, timeline and pain each need a required criterion.",
    )

    class Meta:
        ordering = ["version", "position", "pk"]
        verbose_name_plural = "criteria"
        constraints = [
            models.UniqueConstraint(
                fields=["version", "code"],
                name="criterion_code_once",
                violation_error_message="Another criterion of this version has this code.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: object, **kwargs: object) -> None:
        if self.pk and self.version.is_locked:
            raise ValidationError("This version is signed or in use: make a new version to edit.")
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    def clean(self) -> None:
        choices = self.choices
        if not isinstance(choices, list) or not all(isinstance(c, str) for c in choices):
            raise ValidationError({"choices": "Enter a list of texts."})
        if self.answer_type == self.AnswerType.CHOICE and len(choices) < 2:
            raise ValidationError({"choices": "A choice needs at least two answers."})
