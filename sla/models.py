"""Promises about handoffs: policies and their steps, running clocks, what was done, breaches."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from handoffs.models import Handoff, LeadSource
from team.business_time import BusinessHours
from team.models import CalendarVersion, Territory, User

MOST_MINUTES = 60 * 24 * 90  # a promise of more than a quarter is none


class ClockKind(models.TextChoices):
    """The promises; several run at once on one handoff."""

    ACCEPT = "accept", "Accept"
    FIRST_CONTACT = "first_contact", "First contact"
    CONFIRMATION = "confirmation", "Confirmation to the prospect"
    DISPOSITION = "disposition", "Outcome after the call"
    ANSWER = "answer", "Answer by the SDR"


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

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "policies"
        constraints = [
            models.UniqueConstraint(
                fields=["lead_source", "territory"],
                nulls_distinct=False,
                name="one_policy_per_source_and_territory",
                violation_error_message="There already is a policy for this source and territory.",
            )
        ]

    def __str__(self) -> str:
        return self.name


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

    class Meta:
        ordering = ["policy__name", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["policy", "number"], name="policy_version_once"),
            models.UniqueConstraint(
                fields=["policy"], condition=Q(state="active"), name="one_active_policy_version"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.policy}, version {self.number}"

    @property
    def is_locked(self) -> bool:
        return self.state != self.State.DRAFT


class Target(models.Model):
    """One promise of a policy version: warn after so many minutes, breached after the limit."""

    class Hours(models.TextChoices):
        BUSINESS = "business", "Territory's business hours"
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
        return f"{self.get_kind_display()} within {self.limit_minutes} min"


class EscalationStep(models.Model):
    """What happens when a promise runs late: at a percentage of the limit, or minutes past it."""

    class Action(models.TextChoices):
        REMIND = "remind", "Remind the owner"
        MANAGER = "manager", "Alert the manager"
        BACKUP = "backup", "Reassign to the backup"
        UPPER = "upper", "Alert the manager's manager"
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


class Clock(models.Model):
    """One running promise on one handoff. Keeps what it promised when it started.

    `cycle` 0 belongs to the handoff and runs on through reassignments; each further owner gets
    a cycle of their own beside it. All spans in seconds; business seconds in the clock's hours.
    """

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        PAUSED = "paused", "Paused"
        STOPPED = "stopped", "Stopped"

    handoff = models.ForeignKey(Handoff, on_delete=models.CASCADE, related_name="clocks")
    kind = models.CharField(max_length=14, choices=ClockKind)
    cycle = models.PositiveSmallIntegerField(default=0)
    holder = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="clocks"
    )
    policy_version = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="+")
    calendar_version = models.ForeignKey(
        CalendarVersion,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty: around the clock.",
    )
    limit_seconds = models.PositiveIntegerField()
    warn_seconds = models.PositiveIntegerField()

    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    started_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True, blank=True)
    elapsed_seconds = models.PositiveIntegerField(
        default=0, help_text="Up to the last change of state, in the clock's own hours."
    )
    wall_seconds = models.PositiveIntegerField(
        default=0, help_text="The same in calendar time, pauses left out."
    )
    resumed_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when it has been running; empty unless it runs."
    )
    warn_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(
        null=True, blank=True, help_text="Empty while paused and not reached, or never due."
    )
    # [[step id, instant], …] of the steps that have not fired, in the order they fall due
    plan = models.JSONField(default=list, blank=True)
    next_at = models.DateTimeField(
        null=True, blank=True, help_text="When the sweep has to look at it next."
    )
    trouble = models.CharField(
        max_length=300, blank=True, help_text="Why the sweep put it off, if it did."
    )

    class Meta:
        ordering = ["handoff", "kind", "cycle"]
        constraints = [
            models.UniqueConstraint(
                fields=["handoff", "kind", "cycle"], name="clock_once_per_cycle"
            )
        ]
        indexes = [
            models.Index(
                fields=["next_at", "id"],
                condition=Q(state="running", next_at__isnull=False),
                name="clock_due",
            ),
            models.Index(
                fields=["due_at", "id"], condition=Q(state="running"), name="clock_overdue"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} on handoff {self.handoff_id}"

    @property
    def limit(self) -> timedelta:
        return timedelta(seconds=self.limit_seconds)

    def hours(self) -> BusinessHours:
        """The working time it counts, as promised at its start."""
        if self.calendar_version is None:
            return BusinessHours.around_the_clock()
        return self.calendar_version.hours()


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
        indexes = [
            models.Index(
                fields=["-fell_due_at"], condition=Q(cause=""), name="breach_without_cause"
            )
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
