"""Running promises: the clocks of a handoff and the spans between its milestones."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from functools import lru_cache

from django.db import models
from django.db.models import Q

from handoffs.models import Handoff
from sla.models.policy import ClockKind, PolicyVersion
from team.business_time import BusinessHours
from team.models import CalendarVersion, User

AROUND_THE_CLOCK = BusinessHours.around_the_clock()


def hours_of(version: CalendarVersion | None) -> BusinessHours:
    """The working time of a calendar version; None is around the clock."""
    if version is None:
        return AROUND_THE_CLOCK
    return _hours(version.time_zone, json.dumps(version.weekly_hours), tuple(version.holidays))


@lru_cache(maxsize=256)
def _hours(time_zone: str, weekly_hours: str, holidays: tuple[str, ...]) -> BusinessHours:
    """Read once for the many clocks that share a version."""
    said = CalendarVersion(
        time_zone=time_zone, weekly_hours=json.loads(weekly_hours), holidays=list(holidays)
    )
    return said.hours()


class ClockQuerySet(models.QuerySet["Clock"]):
    """Lateness is computed from the clock when read: right even if every worker is dead."""

    def running(self) -> ClockQuerySet:
        return self.filter(state="running")

    def due(self, now: datetime) -> ClockQuerySet:
        """What the sweep has to look at; the partial index `clock_due` finds it."""
        return self.filter(state="running", next_at__isnull=False, next_at__lte=now)

    def overdue(self, now: datetime) -> ClockQuerySet:
        """Running ones that have used more than their limit at `now`."""
        return self.filter(state="running", late_after__lt=now)

    def at_risk(self, now: datetime) -> ClockQuerySet:
        """Running ones past their warning, not past their limit."""
        return self.filter(state="running", warn_at__lte=now, late_after__gte=now)


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
        default=0, help_text="Up to the last change of state, in the clock’s own hours."
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
    late_after = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Missed from any later instant on: when it is due, or the next opening after.",
    )
    # [[step id, instant], …] of the steps that have not fired, in the order they fall due
    plan = models.JSONField(default=list, blank=True)
    next_at = models.DateTimeField(
        null=True, blank=True, help_text="When the sweep has to look at it next."
    )
    trouble = models.CharField(
        max_length=300, blank=True, help_text="Why the sweep put it off, if it did."
    )

    objects = ClockQuerySet.as_manager()

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
                fields=["late_after", "id"], condition=Q(state="running"), name="clock_overdue"
            ),
            models.Index(
                fields=["id"], condition=Q(state="running") & ~Q(trouble=""), name="clock_troubled"
            ),
            models.Index(fields=["started_at"], condition=Q(cycle=0), name="clock_by_start"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} on handoff {self.handoff_id}"

    @property
    def limit(self) -> timedelta:
        return timedelta(seconds=self.limit_seconds)

    def hours(self) -> BusinessHours:
        """The working time it counts, as promised at its start."""
        return hours_of(self.calendar_version)

    def working_hours(self) -> BusinessHours | None:
        """Its hours where they are not simply all hours."""
        return self.hours() if self.calendar_version_id else None

    def elapsed_at(self, now: datetime) -> timedelta:
        """How much of its time is used at `now`."""
        elapsed = timedelta(seconds=self.elapsed_seconds)
        if self.state == self.State.RUNNING and self.resumed_at and self.resumed_at < now:
            elapsed += self.hours().elapsed(self.resumed_at, now)
        return elapsed

    def left_at(self, now: datetime) -> timedelta:
        """The time left at `now` in the clock's own hours; negative once it is missed."""
        return self.limit - self.elapsed_at(now)

    def is_missed(self, now: datetime) -> bool:
        """Whether more than the limit has been used: minutes decide, instants inform."""
        if self.state == self.State.RUNNING:
            return self.late_after is not None and self.late_after < now
        return self.elapsed_seconds > self.limit_seconds


class Spans(models.Model):
    """How long a handoff took between its milestones, in seconds; empty until reached.

    Business seconds count the territory's hours as they were at submission. Waiting for the SDR's
    answer counts as well, because the prospect waited; the clocks have the time without it.
    """

    handoff = models.OneToOneField(
        Handoff, on_delete=models.CASCADE, primary_key=True, related_name="spans"
    )
    calendar_version = models.ForeignKey(
        CalendarVersion,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty: around the clock.",
    )
    accept_business = models.PositiveIntegerField("submitted to accepted", null=True, blank=True)
    accept_calendar = models.PositiveIntegerField(null=True, blank=True)
    contact_business = models.PositiveIntegerField(
        "accepted to first contact", null=True, blank=True
    )
    contact_calendar = models.PositiveIntegerField(null=True, blank=True)
    whole_business = models.PositiveIntegerField(
        "submitted to first contact", null=True, blank=True
    )
    whole_calendar = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "spans"

    def __str__(self) -> str:
        return f"Spans of handoff {self.handoff_id}"
