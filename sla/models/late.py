"""What became of a late promise: steps that fired, breaches and their causes, signs of life."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone

from sla.models.clock import Clock
from sla.models.policy import EscalationStep
from team.models import User


class Escalation(models.Model):
    """A step that fired on a clock. The unique constraint is the lock: it fires once."""

    clock = models.ForeignKey(Clock, on_delete=models.CASCADE, related_name="escalations")
    step = models.ForeignKey(EscalationStep, on_delete=models.PROTECT, related_name="+")
    cycle = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(help_text="When it fell due.")
    fired_at = models.DateTimeField(default=timezone.now)
    action = models.CharField(max_length=8, choices=EscalationStep.Action)
    told = models.ManyToManyField(User, blank=True, related_name="+")
    hops = models.JSONField(
        default=list, blank=True, help_text="Whom it tried, in order, and why it went on."
    )
    outcome = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["fired_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["clock", "step", "cycle"], name="step_fires_once_per_clock"
            )
        ]
        indexes = [models.Index(fields=["fired_at"], name="escalation_by_time")]

    def __str__(self) -> str:
        return f"{self.get_action_display()} ({self.clock})"


class Breach(models.Model):
    """A missed promise: a failure of the process, which asks the manager for its cause."""

    class Cause(models.TextChoices):
        ABSENCE = "absence", "Absence"
        OVERLOAD = "overload", "Overload"
        ROUTING = "routing", "Routing"
        PACKAGE = "package", "Unclear package"
        TOOLING = "tooling", "Tooling"
        LATE = "late", "Simply late"
        OTHER = "other", "Other"

    clock = models.OneToOneField(Clock, on_delete=models.CASCADE, related_name="breach")
    fell_due_at = models.DateTimeField(help_text="When the promise was missed, not when noticed.")
    holder = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="breaches"
    )
    proposed_cause = models.CharField(max_length=8, choices=Cause, blank=True)
    proposed_because = models.CharField(max_length=200, blank=True)
    cause = models.CharField(max_length=8, choices=Cause, blank=True)
    cause_note = models.CharField(max_length=500, blank=True)
    explained_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    explained_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-fell_due_at"]
        verbose_name_plural = "breaches"
        indexes = [
            models.Index(
                fields=["-fell_due_at"], condition=Q(cause=""), name="breach_without_cause"
            ),
            models.Index(fields=["fell_due_at"], name="breach_by_due"),
        ]

    def __str__(self) -> str:
        return f"{self.clock} missed {self.fell_due_at:%d %b %Y %H:%M} UTC"

    def clean(self) -> None:
        if self.cause == self.Cause.OTHER and len(self.cause_note.split()) < 3:
            raise ValidationError({"cause_note": "Say in a sentence what the cause was."})


class Heartbeat(models.Model):
    """When a task of the worker last ran: a process that exists is no proof of life."""

    name = models.CharField(max_length=40, primary_key=True)
    beat_at = models.DateTimeField()
    detail = models.JSONField(default=dict, blank=True)

    def __str__(self) -> str:
        return f"{self.name} at {self.beat_at:%H:%M:%S} UTC"
