"""Meetings: tentative until the package is complete; a reschedule is the next link of a chain."""

import uuid

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from handoffs.models.handoff import Handoff
from team.bounds import check_instant, check_storable

MOST_NO_SHOWS = 3  # after so many of theirs only a manager may book once more


def new_uid() -> str:
    return f"{uuid.uuid4()}@handoff-desk"


class Meeting(models.Model):
    """One scheduled slot. Its calendar UID is the chain's, its SEQUENCE counts the updates."""

    class Status(models.TextChoices):
        TENTATIVE = "tentative", "Tentative: the package is not complete"
        CONFIRMED = "confirmed", "Confirmed"
        HELD = "held", "Held"
        NO_SHOW = "no_show", "No-show"
        CANCELLED = "cancelled", "Cancelled"
        RESCHEDULED = "rescheduled", "Rescheduled"

    class Side(models.TextChoices):
        THEIRS = "theirs", "The prospect"
        OURS = "ours", "Us"

    handoff = models.ForeignKey(Handoff, on_delete=models.CASCADE, related_name="meetings")
    previous = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="next"
    )
    starts_at = models.DateTimeField(validators=[check_instant])
    minutes = models.PositiveSmallIntegerField(
        default=30, validators=[MinValueValidator(10), MaxValueValidator(480)]
    )
    location = models.CharField(
        "where or link", max_length=300, blank=True, validators=[check_storable]
    )
    status = models.CharField(
        max_length=12, choices=Status, default=Status.TENTATIVE, editable=False
    )
    by_side = models.CharField(
        "whose no-show or cancellation", max_length=6, choices=Side, blank=True, editable=False
    )
    uid = models.CharField(max_length=80, default=new_uid, editable=False)
    sequence = models.PositiveSmallIntegerField(default=0, editable=False)
    booked_at = models.DateTimeField(default=timezone.now, editable=False)
    answered_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When they said yes to this time."
    )
    outcome_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["starts_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["handoff"],
                condition=Q(status__in=["tentative", "confirmed"]),
                name="one_coming_meeting",
                violation_error_message="This handoff already has a meeting coming up.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_status_display()}, {self.starts_at:%d %b %Y %H:%M} UTC"
