"""The monthly calibration: packages that leaders of both sides score blind, and their scores."""

from django.db import models
from django.utils import timezone

from handoffs.models.handoff import Handoff
from handoffs.models.standard import Criterion, FrameworkVersion
from team.models import User


class CalibrationRound(models.Model):
    """One month's draw. `month` is its first day; the packages were submitted the month before."""

    month = models.DateField(unique=True)
    version = models.ForeignKey(FrameworkVersion, on_delete=models.PROTECT, related_name="rounds")
    opened_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-month"]

    def __str__(self) -> str:
        return f"Calibration of {self.month:%B %Y}"


class CalibrationCase(models.Model):
    """One package in a round, told by its number only."""

    round = models.ForeignKey(CalibrationRound, on_delete=models.CASCADE, related_name="cases")
    handoff = models.ForeignKey(Handoff, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["round", "number"]
        constraints = [
            models.UniqueConstraint(fields=["round", "number"], name="case_number_once"),
            models.UniqueConstraint(fields=["round", "handoff"], name="case_drawn_once"),
        ]

    def __str__(self) -> str:
        return f"Case {self.number}"


class CalibrationScore(models.Model):
    """Whether one leader finds one criterion met in one case."""

    class Side(models.TextChoices):
        SDR = "sdr", "SDR leader"
        AE = "ae", "AE leader"

    case = models.ForeignKey(CalibrationCase, on_delete=models.CASCADE, related_name="scores")
    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="+")
    scorer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    side = models.CharField(max_length=3, choices=Side)
    is_met = models.BooleanField("met")
    scored_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["case", "criterion", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["case", "criterion", "scorer"], name="scored_once")
        ]

    def __str__(self) -> str:
        return f"{self.criterion}: {'met' if self.is_met else 'not met'}"
