"""The shared standard: frameworks as data, their criteria, and the two signatures.

A version that is signed, active, retired or used is locked: neither its wording nor its criteria
change any more, by any way that goes through these models.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import IntegrityError, models, transaction
from django.db.models import F, Q
from django.utils import timezone

from team.bounds import check_storable
from team.models import Role, User


class MustHave(models.TextChoices):
    """What has to be known before a lead transfers, whatever the framework (source article)."""

    BUDGET = "budget", "Budget, confirmed or estimated"
    AUTHORITY = "authority", "The contact’s decision authority"
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


LOCKED = "This version is signed or in use: make a new version to edit."


class FrameworkVersionQuerySet(models.QuerySet["FrameworkVersion"]):
    def active(self) -> "FrameworkVersionQuerySet":
        return self.filter(state=FrameworkVersion.State.ACTIVE)

    def locked(self) -> "FrameworkVersionQuerySet":
        """Versions that may no longer change: signed, once active, or used by a handoff."""
        handoffs = apps.get_model("handoffs", "Handoff").objects
        used = handoffs.filter(framework_version=models.OuterRef("pk"))
        return self.filter(
            ~Q(state=FrameworkVersion.State.DRAFT)
            | Q(signed_by_sdr_leader__isnull=False)
            | Q(signed_by_ae_leader__isnull=False)
            | models.Exists(used)
        )

    def delete(self) -> tuple[int, dict[str, int]]:
        if self.locked().exists():
            raise ValidationError(LOCKED)
        return super().delete()


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

    WORDING = ("framework_id", "number", "note")

    class Meta:
        ordering = ["framework__name", "-number"]
        verbose_name = "version of the standard"
        verbose_name_plural = "versions of the standard"
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
            models.CheckConstraint(
                condition=~Q(signed_by_sdr_leader=F("signed_by_ae_leader")),
                name="standard_signed_by_two_people",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.framework}, version {self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self._refuse_new_wording()
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        if self.is_locked:
            raise ValidationError(LOCKED)
        return super().delete(*args, **kwargs)

    @property
    def is_locked(self) -> bool:
        """Whether its wording may no longer change, as the database has it."""
        return self.pk is not None and FrameworkVersion.objects.locked().filter(pk=self.pk).exists()

    def clean(self) -> None:
        self._refuse_new_wording()

    def missing_must_haves(self) -> list[MustHave]:
        """The must-haves that no required criterion maps to."""
        covered = {c.must_have for c in self.criteria.all() if c.is_required}
        return [must for must in MustHave if must.value not in covered]

    def sign(self, *, by: User, side: Role, at: datetime | None = None) -> None:
        """Sign for the SDR or the AE side. Raises ValidationError in words."""
        if side not in (Role.SDR, Role.AE):
            raise ValidationError("Sign for the SDRs or for the AEs.")
        with transaction.atomic():
            self._read_again()
            if self.state != self.State.DRAFT:
                raise ValidationError("Only a draft can be signed.")
            if not by.leads(side):
                raise ValidationError(f"{by} leads no {side.label}s, so cannot sign for them.")
            self._refuse_unless_sound()
            sdr_leader, ae_leader = self.signed_by_sdr_leader, self.signed_by_ae_leader
            mine, other = (sdr_leader, ae_leader) if side == Role.SDR else (ae_leader, sdr_leader)
            if mine is not None:
                raise ValidationError(f"{mine} has already signed for the {side.label}s.")
            if other == by:
                raise ValidationError("The two sides have to be signed by two different people.")
            leader, signed_at = f"signed_by_{side.value}_leader", f"{side.value}_leader_signed_at"
            setattr(self, leader, by)
            setattr(self, signed_at, at or timezone.now())
            self.save(update_fields=[leader, signed_at])

    def activate(self, *, at: datetime | None = None) -> None:
        """Make this the standard for new handoffs; the one before retires.

        Raises ValidationError in words.
        """
        try:
            with transaction.atomic():
                self._read_again()
                if self.state != self.State.DRAFT:
                    raise ValidationError("Only a draft can be activated.")
                if not (self.signed_by_sdr_leader_id and self.signed_by_ae_leader_id):
                    raise ValidationError(
                        "An SDR leader and an AE leader both have to sign before it becomes active."
                    )
                self._refuse_unless_sound()
                FrameworkVersion.objects.active().update(state=self.State.RETIRED)
                self.state = self.State.ACTIVE
                self.activated_at = at or timezone.now()
                self.save(update_fields=["state", "activated_at"])
        except IntegrityError:
            raise ValidationError(
                "Another version was activated at the same moment. Look at it, then try again."
            ) from None

    def _refuse_new_wording(self) -> None:
        stored = FrameworkVersion.objects.filter(pk=self.pk).first()
        if stored is None or not stored.is_locked:
            return
        if any(getattr(stored, name) != getattr(self, name) for name in self.WORDING):
            raise ValidationError(LOCKED)

    def _read_again(self) -> None:
        """This version as it stands, held until the transaction ends."""
        self.refresh_from_db(from_queryset=FrameworkVersion.objects.select_for_update())

    def _refuse_unless_sound(self) -> None:
        if missing := self.missing_must_haves():
            words = "; ".join(str(must.label).lower() for must in missing)
            raise ValidationError(f"No required criterion asks for: {words}.")
        codes = {criterion.code for criterion in self.criteria.all()}
        for rule in self.rules.all():
            if rule.criterion_code and rule.criterion_code not in codes:
                raise ValidationError(
                    f"The rule for “{rule.get_lead_source_display()}” asks for the criterion "
                    f"“{rule.criterion_code}”, which this version does not have."
                )

    def copy(self, note: str = "") -> "FrameworkVersion":
        """A new draft with the same criteria, to be edited and signed."""
        last = self.framework.versions.aggregate(last=models.Max("number"))["last"] or 0
        draft = FrameworkVersion(framework=self.framework, number=last + 1, note=note)
        parts: list[list[Any]] = [list(self.criteria.all()), list(self.rules.all())]
        with transaction.atomic():
            draft.save()
            for rows in parts:
                for row in rows:
                    row.pk, row.version = None, draft
                    row._state.adding = True
                if rows:
                    type(rows[0]).objects.bulk_create(rows)
        return draft


class VersionPartQuerySet(models.QuerySet[Any]):
    """What belongs to a locked version is left alone by bulk changes too."""

    def update(self, **kwargs: Any) -> int:
        _refuse_locked(self._version_ids())
        version = kwargs.get("version", kwargs.get("version_id"))
        if version is not None:
            _refuse_locked([getattr(version, "pk", version)])
        return super().update(**kwargs)

    def delete(self) -> tuple[int, dict[str, int]]:
        _refuse_locked(self._version_ids())
        return super().delete()

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> Any:
        rows: list[Any] = list(objs)
        _refuse_locked({row.version_id for row in rows})
        return super().bulk_create(rows, *args, **kwargs)

    def _version_ids(self) -> set[int]:
        return set(self.order_by().values_list("version_id", flat=True))


def _refuse_locked(version_ids: Collection[int]) -> None:
    if FrameworkVersion.objects.locked().filter(pk__in=version_ids).exists():
        raise ValidationError(LOCKED)


class VersionPart(models.Model):
    """A row of a standard's version: it changes with a draft and stays once that is locked."""

    version: "models.ForeignKey[Any, Any]"
    version_id: int

    objects = VersionPartQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        _refuse_locked(self._versions())
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        _refuse_locked(self._versions())
        return super().delete(*args, **kwargs)

    def clean(self) -> None:
        _refuse_locked(self._versions())

    def _versions(self) -> set[int]:
        """The version it stands in and, where it is being moved, the one it comes from."""
        part: Any = type(self)  # the plugin does not know the key before it is declared
        stored = part.objects.filter(pk=self.pk).values_list("version_id", flat=True)
        return {pk for pk in (self.version_id, *stored) if pk is not None}


class Criterion(VersionPart):
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
    keeps_days = models.PositiveSmallIntegerField(
        "evidence counts for (days)",
        null=True,
        blank=True,
        validators=[MinValueValidator(7), MaxValueValidator(730)],
        help_text="What was confirmed longer ago counts as stated only. Empty: it does not age.",
    )

    class Meta:
        ordering = ["version", "position", "pk"]
        base_manager_name = "objects"  # what `version.criteria.add()` goes through
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

    def clean(self) -> None:
        super().clean()
        choices = self.choices
        if not isinstance(choices, list) or not all(isinstance(c, str) for c in choices):
            raise ValidationError({"choices": "Enter a list of texts."})
        if self.answer_type == self.AnswerType.CHOICE and len(choices) < 2:
            raise ValidationError({"choices": "A choice needs at least two answers."})
        if self.must_have not in ("", MustHave.BUDGET) and self.minimum == self.Minimum.ESTIMATED:
            raise ValidationError(
                {"minimum": "Only the budget may be estimated: ask for this one to be stated."}
            )
