"""Counts by day, so that no page has to read a million rows: derived from the facts.

A page is right without them: a day that is not counted, or counted before something on it changed,
is read from the facts instead. `reports.rollup` writes these rows.
"""

from datetime import datetime

from django.db import models
from django.db.models import F, Q


class DayQuerySet(models.QuerySet["Day"]):
    def fresh(self, now: datetime) -> "DayQuerySet":
        """Days whose counts are those of the facts, as seen at `now`."""
        holds = Q(holds_until=None) | Q(holds_until__gt=now)
        return self.filter(holds, rolled=F("version"), counted_at__lte=now)

    def stale(self, now: datetime) -> "DayQuerySet":
        """Days to count again: something on them changed, or time has passed a moment on them."""
        return self.filter(Q(rolled__lt=F("version")) | Q(holds_until__lte=now))


class Day(models.Model):
    """One day, UTC. `version` goes up with every change of a fact that belongs to it."""

    day = models.DateField(primary_key=True)
    version = models.PositiveBigIntegerField(default=1)
    rolled = models.PositiveBigIntegerField(
        default=0, help_text="The version that its counts were taken from."
    )
    counted_at = models.DateTimeField(null=True)
    holds_until = models.DateTimeField(
        null=True, help_text="When time alone changes its counts; empty: never."
    )

    objects = DayQuerySet.as_manager()

    class Meta:
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d}"


class Tally(models.Model):
    """What one day comes to for one value of one dimension; for everybody both are empty.

    For each of the metrics how many are counted and of how many, by the metric’s own date; what is
    printed apart; and how long people waited, in full minutes, each wait as four bytes: those who
    were reached and those who gave up unreached (`left`), by acceptance and by submission.
    """

    day = models.ForeignKey(Day, on_delete=models.CASCADE, related_name="tallies", db_index=False)
    dimension = models.CharField(max_length=20, blank=True)
    value = models.CharField(max_length=20, blank=True)

    opportunity_counted = models.PositiveIntegerField(default=0)
    opportunity_of = models.PositiveIntegerField(default=0)
    show_counted = models.PositiveIntegerField(default=0)
    show_of = models.PositiveIntegerField(default=0)
    call_counted = models.PositiveIntegerField(default=0)
    call_of = models.PositiveIntegerField(default=0)
    rejection_counted = models.PositiveIntegerField(default=0)
    rejection_of = models.PositiveIntegerField(default=0)
    contact_counted = models.PositiveIntegerField(default=0)
    contact_of = models.PositiveIntegerField(default=0)
    opportunity_happened = models.PositiveIntegerField(default=0)
    show_happened = models.PositiveIntegerField(default=0)
    rejection_happened = models.PositiveIntegerField(default=0)
    contact_happened = models.PositiveIntegerField(default=0)
    apart = models.JSONField(default=dict)

    accepted_business = models.BinaryField(default=bytes)
    accepted_calendar = models.BinaryField(default=bytes)
    accepted_left_business = models.BinaryField(default=bytes)
    accepted_left_calendar = models.BinaryField(default=bytes)
    accepted_promised = models.PositiveIntegerField(default=0)
    accepted_in_time = models.PositiveIntegerField(default=0)
    submitted_business = models.BinaryField(default=bytes)
    submitted_calendar = models.BinaryField(default=bytes)
    submitted_left_business = models.BinaryField(default=bytes)
    submitted_left_calendar = models.BinaryField(default=bytes)
    submitted_promised = models.PositiveIntegerField(default=0)
    submitted_in_time = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "tallies"
        constraints = [
            models.UniqueConstraint(fields=["dimension", "day", "value"], name="tally_once"),
        ]
        indexes = [
            models.Index(fields=["dimension", "value", "day"], name="tally_of_value"),
            models.Index(fields=["day"], name="tally_of_day"),
        ]

    def __str__(self) -> str:
        return f"{self.dimension or 'Everybody'} {self.value} on {self.day_id}"
