"""The audit trail: who changed what in the set-up, took data along or looked behind a mask."""

from typing import Any

from django.apps import apps
from django.db import models
from django.utils import timezone

from team.models.people import User


class Deed(models.TextChoices):
    """What somebody did. The labels finish “Rita Vance …”."""

    ADDED = "added", "added"
    CHANGED = "changed", "changed"
    DELETED = "deleted", "deleted"
    IMPORTED = "imported", "imported"
    EXPORTED = "exported", "exported"
    ASKED = "asked", "asked for"
    CONFIRMED = "confirmed", "confirmed"
    ERASED = "erased", "erased"


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    """What is written stays: nobody edits or deletes an entry."""

    def of(self, row: models.Model) -> "AuditQuerySet":
        return self.filter(model=row._meta.label_lower, object_id=str(row.pk))

    def update(self, **kwargs: Any) -> int:
        raise TypeError("Audit entries are append-only.")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise TypeError("Audit entries are append-only.")


class AuditEntry(models.Model):
    """One deed. Written through team.audit alone; two processes ever touch it again: erasing a
    person replaces their values, and retention takes away what is too old (see privacy).
    """

    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty where it was done on the server, or by the product itself.",
    )
    deed = models.CharField(max_length=10, choices=Deed)
    model = models.CharField(max_length=60, blank=True)
    object_id = models.CharField(max_length=40, blank=True)
    name = models.CharField("what", max_length=200, blank=True)
    changes = models.JSONField(
        default=list, blank=True, help_text="Each with field, before and after."
    )
    note = models.CharField(max_length=500, blank=True)

    objects = AuditQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        base_manager_name = "objects"
        verbose_name = "audit entry"
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["model", "object_id", "-id"], name="audit_of_object"),
            models.Index(fields=["-at", "-id"], name="audit_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.by or 'Handoff Desk'} {self.get_deed_display()} {self.name}".strip()

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("Audit entries are append-only.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise TypeError("Audit entries are append-only.")

    @property
    def kind(self) -> str:
        """What sort of thing it was done to, as people call it; empty where that is gone."""
        try:
            return str(apps.get_model(self.model)._meta.verbose_name) if self.model else ""
        except LookupError:
            return ""
