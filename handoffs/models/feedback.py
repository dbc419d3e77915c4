"""What came back: contested rejections, and what the AE had to ask again."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from handoffs.models.event import HandoffEvent
from handoffs.models.handoff import Handoff
from handoffs.models.standard import Criterion
from team.bounds import check_storable
from team.models import User


class Contest(models.Model):
    """An SDR disagrees with a rejection, once and within two working days; a manager rules."""

    class Ruling(models.TextChoices):
        UPHELD = "upheld", "The rejection stands"
        OVERTURNED = "overturned", "The rejection was wrong"

    rejection = models.OneToOneField(HandoffEvent, on_delete=models.PROTECT, related_name="contest")
    handoff = models.ForeignKey(Handoff, on_delete=models.CASCADE, related_name="contests")
    criterion = models.ForeignKey(
        Criterion, on_delete=models.PROTECT, null=True, blank=True, related_name="contests"
    )
    argument = models.TextField(max_length=2000, validators=[check_storable])
    raised_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="contests")
    raised_at = models.DateTimeField(default=timezone.now)
    ruling = models.CharField(max_length=10, choices=Ruling, blank=True)
    because = models.TextField(max_length=2000, blank=True, validators=[check_storable])
    ruled_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="rulings"
    )
    ruled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-raised_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ruling="", ruled_by__isnull=True)
                | (~Q(ruling="") & Q(ruled_by__isnull=False)),
                name="ruling_has_a_judge",
            )
        ]
        indexes = [
            models.Index(fields=["raised_at", "id"], condition=Q(ruling=""), name="contest_open")
        ]

    def __str__(self) -> str:
        return f"Contest of handoff {self.handoff_id}"


class AskedAgain(models.Model):
    """Something the AE had to ask again in the call although the SDR had heard it: context loss."""

    class Why(models.TextChoices):
        MISSING = "missing", "Not in the package"
        VAGUE = "vague", "Too vague to use"
        WRONG = "wrong", "Not true any more"
        UNREAD = "unread", "I had not read it"
        CHECK = "check", "To check it with somebody else"

    handoff = models.ForeignKey(Handoff, on_delete=models.CASCADE, related_name="asked_again")
    section = models.CharField(max_length=20)
    field = models.CharField(max_length=40)
    why = models.CharField(max_length=8, choices=Why)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["handoff", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["handoff", "field"], name="asked_again_once_per_field")
        ]

    def __str__(self) -> str:
        return f"{self.field} asked again on handoff {self.handoff_id}"
