"""Policies: what is promised per lead source, in versions that are never edited once in use."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from handoffs.models import LeadSource
from sla.words import span
from team.models import Territory, User

MOST_MINUTES = 60 * 24 * 90  # a promise of more than a quarter is none


class ClockKind(models.TextChoices):
    """The promises; several run at once on one handoff."""

    ACCEPT = "accept", "Accept"
    FIRST_CONTACT = "first_contact", "First contact"
    CONFIRMATION = "confirmation", "Confirmation to the prospect"
    DISPOSITION = "disposition", "Outcome after the call"
    ANSWER = "answer", "Answer by the SDR"


IN_USE = "This version is in use: make a new version and change that."


class PolicyQuerySet(models.QuerySet["Policy"]):
    def active(self) -> PolicyQuerySet:
        """Those with numbers in force."""
        return self.filter(versions__state="active")


class Policy(models.Model):
    """The SLA of a lead source, everywhere or in one territory. Its versions hold the numbers."""

    name = models.CharField(max_length=80, unique=True)
    lead_source = models.CharField(max_length=10, choices=LeadSource)
    territory = models.ForeignKey(
        Territory,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="policies",
        help_text="Empty: everywhere that has no policy of its own.",
    )

    objects = PolicyQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "policies"
        constraints = [
            # Two of them, because SQLite takes two empty territories for different ones.
            models.UniqueConstraint(
                fields=["lead_source", "territory"],
                name="one_policy_per_source_and_territory",
                violation_error_message="There already is a policy for this source and territory.",
            ),
            models.UniqueConstraint(
                fields=["lead_source"],
                condition=Q(territory__isnull=True),
                name="one_policy_per_source_everywhere",
                violation_error_message="There already is a policy for this source and territory.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.refuse_to_move()
        super().save(*args, **kwargs)

    def clean(self) -> None:
        self.refuse_to_move()

    def refuse_to_move(self) -> None:
        """ValidationError if it would come to govern other handoffs than its clocks came from."""
        before = Policy.objects.filter(pk=self.pk).first()
        if before is None or not before.versions.exclude(state="draft").exists():
            return
        if (before.lead_source, before.territory_id) != (self.lead_source, self.territory_id):
            raise ValidationError(
                "This policy has been in force: add another one for that source and territory."
            )


class PolicyVersionQuerySet(models.QuerySet["PolicyVersion"]):
    def active(self) -> PolicyVersionQuerySet:
        return self.filter(state=PolicyVersion.State.ACTIVE)

    def locked(self) -> PolicyVersionQuerySet:
        return self.exclude(state=PolicyVersion.State.DRAFT)

    def delete(self) -> tuple[int, dict[str, int]]:
        if self.locked().exists():
            raise ValidationError(IN_USE)
        return super().delete()


class PolicyVersion(models.Model):
    """The numbers of a policy from one moment on. In use, it is never edited."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        ACTIVE = "active", "Active"
        RETIRED = "retired", "Retired"

    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(default=1, editable=False)
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT, editable=False)
    note = models.CharField(max_length=300, blank=True)
    activated_at = models.DateTimeField(null=True, blank=True, editable=False)
    activated_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )

    objects = PolicyVersionQuerySet.as_manager()

    class Meta:
        ordering = ["policy__name", "-number"]
        verbose_name = "SLA policy"
        verbose_name_plural = "SLA policies"
        constraints = [
            models.UniqueConstraint(fields=["policy", "number"], name="policy_version_once"),
            models.UniqueConstraint(
                fields=["policy"], condition=Q(state="active"), name="one_active_policy_version"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.policy}, version {self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if PolicyVersion.objects.locked().filter(pk=self.pk).exists():
            raise ValidationError(IN_USE)
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        if PolicyVersion.objects.locked().filter(pk=self.pk).exists():
            raise ValidationError(IN_USE)
        return super().delete(*args, **kwargs)

    @property
    def is_locked(self) -> bool:
        """Whether its numbers may no longer change."""
        return self.state != self.State.DRAFT


class NumbersQuerySet(models.QuerySet):
    """Targets and steps: once their version is in force, no path changes them."""

    def update(self, **values: Any) -> int:
        self._refuse_locked()
        if "version" in values or "version_id" in values:
            raise ValidationError("What belongs to one version stays there.")
        return super().update(**values)

    def delete(self) -> tuple[int, dict[str, int]]:
        self._refuse_locked()
        return super().delete()

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        objs = list(objs)
        versions = {row.version_id for row in objs}
        if PolicyVersion.objects.locked().filter(pk__in=versions).exists():
            raise ValidationError(IN_USE)
        return super().bulk_create(objs, *args, **kwargs)

    def _refuse_locked(self) -> None:
        if self.exclude(version__state=PolicyVersion.State.DRAFT).exists():
            raise ValidationError(IN_USE)


class Numbers(models.Model):
    """A row of a policy version, which is never edited once the version is in force."""

    version: models.ForeignKey[PolicyVersion, PolicyVersion]
    version_id: int

    objects = NumbersQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        self._refuse_locked()
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        self._refuse_locked()
        return super().delete(*args, **kwargs)

    def _refuse_locked(self) -> None:
        before: models.QuerySet[Any, Any] = (
            NumbersQuerySet(type(self)).filter(pk=self.pk).values("version")
        )
        touched = Q(pk=self.version_id) | Q(pk__in=before)
        if PolicyVersion.objects.locked().filter(touched).exists():
            raise ValidationError(IN_USE)


class Target(Numbers):
    """One promise of a policy version: warn after so many minutes, breached after the limit."""

    class Hours(models.TextChoices):
        BUSINESS = "business", "Territory’s business hours"
        AROUND = "around", "Around the clock"

    version = models.ForeignKey(PolicyVersion, on_delete=models.CASCADE, related_name="targets")
    kind = models.CharField("promise", max_length=14, choices=ClockKind)
    warn_minutes = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_MINUTES)],
        help_text="Shown as at risk from here on; empty: at three quarters of the limit.",
    )
    limit_minutes = models.PositiveIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(MOST_MINUTES)],
        help_text="Breached when more minutes have run than this.",
    )
    hours = models.CharField(max_length=8, choices=Hours, default=Hours.BUSINESS)

    class Meta:
        ordering = ["version", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "kind"],
                name="target_once_per_promise",
                violation_error_message="This promise already has a target here.",
            ),
            models.CheckConstraint(
                condition=Q(warn_minutes__isnull=True) | Q(warn_minutes__lt=F("limit_minutes")),
                name="target_warns_before_its_limit",
                violation_error_message="The warning has to come before the limit.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} within {span(timedelta(minutes=self.limit_minutes))}"

    @property
    def limit(self) -> timedelta:
        return timedelta(minutes=self.limit_minutes)

    @property
    def warn(self) -> timedelta:
        """After how much of its time it is shown as at risk: three quarters unless said."""
        if self.warn_minutes is None:
            return self.limit * 3 / 4
        return timedelta(minutes=self.warn_minutes)


# Promises that each owner of a handoff gets a cycle of their own for, so a backup can keep them
OF_THE_OWNER = (ClockKind.ACCEPT, ClockKind.FIRST_CONTACT)


class EscalationStep(Numbers):
    """What happens when a promise runs late: at a percentage of the limit, or minutes past it."""

    class Action(models.TextChoices):
        REMIND = "remind", "Remind the owner"
        MANAGER = "manager", "Alert the manager"
        BACKUP = "backup", "Reassign to the backup"
        UPPER = "upper", "Alert the manager’s manager"
        CHANNEL = "channel", "Post to a channel"

    version = models.ForeignKey(PolicyVersion, on_delete=models.CASCADE, related_name="steps")
    kind = models.CharField("promise", max_length=14, choices=ClockKind, default=ClockKind.ACCEPT)
    at_percent = models.PositiveSmallIntegerField(
        "at % of the limit",
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
    )
    minutes_past = models.PositiveIntegerField(
        "or minutes past it",
        null=True,
        blank=True,
        validators=[MaxValueValidator(MOST_MINUTES)],
        help_text="In the same hours as the promise.",
    )
    action = models.CharField(max_length=8, choices=Action)
    channel = models.ForeignKey(
        "messaging.Channel", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["version", "kind", F("minutes_past").asc(nulls_first=True), "at_percent", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(at_percent__isnull=True, minutes_past__isnull=False)
                | Q(at_percent__isnull=False, minutes_past__isnull=True),
                name="step_has_one_time",
                violation_error_message="Give either a percentage or minutes past the limit.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.when_text}: {self.get_action_display().lower()}"

    def clean(self) -> None:
        if self.action == self.Action.CHANNEL and self.channel_id is None:
            raise ValidationError({"channel": "Choose the channel to post to."})
        if self.action == self.Action.BACKUP and self.kind not in OF_THE_OWNER:
            raise ValidationError(
                {"action": "Only what an AE has to do themselves can go to a backup."}
            )

    @property
    def when_text(self) -> str:
        if self.at_percent is not None:
            return f"at {self.at_percent}% of the limit"
        return f"{self.minutes_past} min past the limit" if self.minutes_past else "at the limit"

    def offset(self, limit: timedelta) -> timedelta:
        """How much of the clock's own time has run when this step is due."""
        if self.at_percent is not None:
            return limit * self.at_percent / 100
        return limit + timedelta(minutes=self.minutes_past or 0)
