"""The log of what happened to each handoff, and the reasons people may give."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from handoffs.models.handoff import Handoff
from team.models import User


class Reason(models.Model):
    """Why a handoff is returned, rejected or disqualified; a short list kept by RevOps (4.5)."""

    class Use(models.TextChoices):
        REJECT = "reject", "Rejecting"
        RETURN = "return", "Returning for information"
        DISQUALIFY = "disqualify", "Disqualifying after the meeting"

    code = models.SlugField(max_length=30, unique=True)
    label = models.CharField(max_length=80)
    use = models.CharField("used when", max_length=10, choices=Use)
    counts = models.BooleanField(
        "counts as rejection",
        default=True,
        help_text="Duplicates, wrong territory and lack of capacity say nothing about the SDR.",
    )
    gives_back = models.BooleanField(
        "gives the turn back",
        default=False,
        db_default=False,
        help_text="Whoever got it is sooner next again: for what was never theirs to win.",
    )
    hint = models.CharField(max_length=200, blank=True, help_text="What the sentence should name.")
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField("offered", default=True)

    class Meta:
        ordering = ["use", "position", "label"]

    def __str__(self) -> str:
        return self.label


class EventKind(models.TextChoices):
    """What can happen to a handoff. The labels finish “Ana Silva …”."""

    CREATED = "created", "started the draft"
    GATE_REFUSED = "gate_refused", "tried to submit it"
    SUBMITTED = "submitted", "submitted it"
    ASSIGNED = "assigned", "was given it"
    RETURNED = "returned", "returned it for information"
    ANSWERED = "answered", "answered and sent it back"
    ACCEPTED = "accepted", "accepted it"
    REJECTED = "rejected", "rejected it"
    WITHDRAWN = "withdrawn", "withdrew it"
    REASSIGNED = "reassigned", "reassigned it"
    PREP_STARTED = "prep_started", "started to prepare"
    PREP_FINISHED = "prep_finished", "finished preparing"
    INTRODUCED = "introduced", "sent the introduction"
    CONFIRMATION_SENT = "confirmation_sent", "confirmed to the prospect that it arrived"
    CONTACTED = "contacted", "contacted the prospect"
    MEETING_BOOKED = "meeting_booked", "booked the meeting"
    MEETING_CONFIRMED = "meeting_confirmed", "confirmed the meeting"
    MEETING_ANSWERED = "meeting_answered", "noted that they said yes to the meeting"
    MEETING_HELD = "meeting_held", "held the meeting"
    MEETING_MISSED = "meeting_missed", "recorded a no-show"
    MEETING_CANCELLED = "meeting_cancelled", "cancelled the meeting"
    MEETING_MOVED = "meeting_moved", "rescheduled the meeting"
    QUALIFIED = "qualified", "created the opportunity"
    AMENDED = "amended", "changed the opportunity"
    DISQUALIFIED = "disqualified", "disqualified it"
    CONTESTED = "contested", "contested the rejection"
    RULED = "ruled", "ruled on it"
    TALKED = "talked", "talked the rejection over"
    PAUSED = "paused", "paused its clocks"
    RESUMED = "resumed", "resumed its clocks"


class AppendOnlyQuerySet(models.QuerySet["HandoffEvent"]):
    """The log is the truth: what is written stays."""

    def update(self, **kwargs: object) -> int:
        raise TypeError("Events are append-only.")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise TypeError("Events are append-only.")


class HandoffEvent(models.Model):
    """Something that happened to a handoff. Written by handoffs.lifecycle alone."""

    handoff = models.ForeignKey(Handoff, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=20, choices=EventKind)
    actor = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty where the product acted by itself.",
    )
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(default=timezone.now)
    from_status = models.CharField(max_length=12, blank=True)
    to_status = models.CharField(max_length=12, blank=True)
    owner = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The owner after it.",
    )
    reason = models.ForeignKey(
        Reason, on_delete=models.PROTECT, null=True, blank=True, related_name="events"
    )
    note = models.TextField(max_length=2000, blank=True)
    data = models.JSONField(default=dict, blank=True)
    backfilled = models.BooleanField(
        default=False, help_text="Recorded later than it happened, from imported history."
    )

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        ordering = ["occurred_at", "pk"]
        indexes = [
            models.Index(fields=["handoff", "occurred_at", "id"], name="event_of_handoff"),
            models.Index(fields=["kind", "occurred_at", "handoff"], name="event_by_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.actor or 'Handoff Desk'} {self.get_kind_display()}"

    def save(self, *args: object, **kwargs: object) -> None:
        if not self._state.adding:
            raise ValidationError("Events are append-only.")
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    def delete(self, *args: object, **kwargs: object) -> tuple[int, dict[str, int]]:
        raise ValidationError("Events are append-only.")
