"""The joint monthly review: what both sides looked at, wrote down, agreed to do, and signed."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from team.bounds import check_storable
from team.models import User

FROZEN = "This review is signed: it stays as it is. A later correction appears as a restatement."


class Review(models.Model):
    """One month, opened together. The first signature freezes its figures and notes."""

    month = models.CharField(max_length=7, unique=True, editable=False)
    time_zone = models.CharField(max_length=64, editable=False)
    notes = models.TextField(max_length=10_000, blank=True, validators=[check_storable])
    version = models.PositiveIntegerField(default=1, editable=False)
    signed_by_sdr_leader = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    sdr_leader_signed_at = models.DateTimeField(null=True, blank=True, editable=False)
    signed_by_ae_leader = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    ae_leader_signed_at = models.DateTimeField(null=True, blank=True, editable=False)
    frozen_at = models.DateTimeField(null=True, blank=True, editable=False)
    digest = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        ordering = ["-month"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(signed_by_sdr_leader=F("signed_by_ae_leader")),
                name="review_signed_by_two_people",
            ),
            models.CheckConstraint(
                condition=Q(signed_by_sdr_leader=None, signed_by_ae_leader=None)
                | (Q(frozen_at__isnull=False) & ~Q(digest="")),
                name="signed_review_is_frozen",
            ),
        ]

    def __str__(self) -> str:
        return f"Review of {self.month}"

    @property
    def is_frozen(self) -> bool:
        return self.frozen_at is not None

    @property
    def is_signed(self) -> bool:
        """Whether both sides have signed."""
        return bool(self.signed_by_sdr_leader_id and self.signed_by_ae_leader_id)


class ReviewRow(models.Model):
    """A figure as it was signed. Append-only."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="rows")
    position = models.PositiveSmallIntegerField()
    key = models.CharField(max_length=20)
    figures = models.JSONField()

    class Meta:
        ordering = ["review", "position"]
        constraints = [
            models.UniqueConstraint(fields=["review", "key"], name="review_row_once"),
        ]

    def __str__(self) -> str:
        return f"{self.key} in {self.review_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise ValidationError(FROZEN)
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise ValidationError(FROZEN)


class ReviewAction(models.Model):
    """Something somebody will do until a day, agreed on in a review."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="actions")
    what = models.CharField(max_length=300, validators=[check_storable])
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="review_actions")
    due_on = models.DateField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["due_on", "pk"]

    def __str__(self) -> str:
        return self.what
