"""Letters to the prospect: the 3-way introduction, the AE's prep e-mail, the confirmation."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from handoffs.models.handoff import Handoff
from handoffs.models.meeting import Meeting
from team.bounds import check_one_line, check_storable
from team.models import User


class Letter(models.Model):
    """One e-mail to a prospect: drafted from the package, edited by a person, sent once.

    How it fares on its way is the outbox's business: see `messaging.models.Message` with
    `event_key` starting with `letter:<pk>`.
    """

    class Kind(models.TextChoices):
        INTRODUCTION = "introduction", "3-way introduction"
        PREP = "prep", "Prep e-mail"
        CONFIRMATION = "confirmation", "Automatic confirmation"
        UPDATE = "update", "Change of the meeting"

    handoff = models.ForeignKey(Handoff, on_delete=models.CASCADE, related_name="letters")
    kind = models.CharField(max_length=12, choices=Kind)
    meeting = models.ForeignKey(
        Meeting, on_delete=models.SET_NULL, null=True, blank=True, related_name="letters"
    )
    subject = models.CharField(max_length=200, validators=[check_one_line, check_storable])
    body = models.TextField(max_length=10_000, validators=[check_storable])
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    sent_at = models.DateTimeField(null=True, blank=True, editable=False)
    sent_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )

    class Meta:
        ordering = ["created_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["handoff", "kind"],
                condition=Q(sent_at__isnull=True),
                name="one_unsent_letter_of_a_kind",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of handoff {self.handoff_id}"
