"""Requests of people about their data, and which handoffs were forgotten for their age."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from handoffs.models import Handoff
from team.bounds import check_storable
from team.models import User


class PersonRequest(models.Model):
    """Somebody asks for their data, or to be erased. One admin files it, another confirms.

    Once it is done the address is gone; `digest` says that two requests were the same person's.
    """

    class Kind(models.TextChoices):
        EXPORT = "export", "Hand out what we hold"
        ERASE = "erase", "Erase everything"

    class State(models.TextChoices):
        WAITING = "waiting", "Waits for a second admin"
        CONFIRMED = "confirmed", "Confirmed"
        DONE = "done", "Done"
        DECLINED = "declined", "Declined"
        REFUSED = "refused", "Could not be done"

    kind = models.CharField("what they ask for", max_length=6, choices=Kind)
    email = models.EmailField("their e-mail", blank=True)
    digest = models.CharField(max_length=64, editable=False)
    identity = models.CharField(
        "how we know that it is them",
        max_length=300,
        validators=[check_storable],
        help_text="Such as: wrote from this address and answered our call. No copies of papers.",
    )
    state = models.CharField(max_length=9, choices=State, default=State.WAITING, editable=False)
    filed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", editable=False, verbose_name="filed by"
    )
    filed_at = models.DateTimeField("filed", default=timezone.now, editable=False)
    decided_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    decided_at = models.DateTimeField(null=True, blank=True, editable=False)
    done_at = models.DateTimeField("done", null=True, blank=True, editable=False)
    # Counts only, before and after: see erasing.Result
    result = models.JSONField(default=dict, blank=True, editable=False)
    why = models.CharField("why not", max_length=300, blank=True, editable=False)

    class Meta:
        ordering = ["-filed_at", "-pk"]
        verbose_name = "person request"
        constraints = [
            models.CheckConstraint(
                condition=Q(state="declined") | Q(decided_by=None) | ~Q(decided_by=F("filed_by")),
                name="person_request_takes_two",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["confirmed", "done"]) | Q(decided_by__isnull=False),
                name="person_request_was_confirmed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.email or f'person {self.digest[:12]}'}"


class ForgottenHandoff(models.Model):
    """A handoff whose prospect was taken out because it ended long ago."""

    handoff = models.OneToOneField(Handoff, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"Handoff {self.handoff_id}, forgotten {self.at:%d %b %Y}"
