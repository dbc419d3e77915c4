"""One import of one file: whose, of what, how far it is and what came of it."""

from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone

from team.models.people import User

UNDO_FOR = timedelta(hours=24)


class ImportQuerySet(models.QuerySet["Import"]):
    def visible_to(self, user: User) -> "ImportQuerySet":
        """One’s own; a RevOps admin sees all."""
        if user.is_revops or user.is_superuser:
            return self.all()
        return self.filter(by=user)

    def waiting(self) -> "ImportQuerySet":
        """Those that the worker has to do something for."""
        return self.filter(state__in=Import.WORK).order_by("pk")


class ColumnMatch(models.Model):
    """What the columns of one set of headers mean, as somebody has said it once."""

    kind = models.CharField(max_length=60)
    headers = models.CharField(max_length=64, help_text="A digest of the header, in its order.")
    by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    columns = models.JSONField(help_text="Header of the file → field of ours.")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "headers", "by"], name="column_match_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} by {self.by}"


class Import(models.Model):
    """A file that somebody brought. The file itself is kept until it is done with, an hour at most
    where nobody confirms; rows and values are kept for as long as the import can be undone.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Being checked"
        CHECKED = "checked", "Waiting for you to confirm"
        REFUSED = "refused", "Not imported"
        CONFIRMED = "confirmed", "Being imported"
        DONE = "done", "Imported"
        CANCELLED = "cancelled", "Cancelled"
        FAILED = "failed", "Given up"
        UNDOING = "undoing", "Being undone"
        UNDONE = "undone", "Undone"

    WORK = (State.WAITING, State.CONFIRMED, State.UNDOING)

    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=60, help_text="The model that its rows become.")
    name = models.CharField("file", max_length=200)
    digest = models.CharField(max_length=64, help_text="SHA-256 of the file’s content.")
    file = models.CharField(max_length=120, blank=True)
    options = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    rows = models.PositiveIntegerField(default=0)
    summary = models.CharField(max_length=300, blank=True)
    problem = models.CharField(max_length=500, blank=True)
    report = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    # Since when the present state is the state
    since = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True, blank=True)

    objects = ImportQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["kind", "digest"], name="import_by_content"),
            models.Index(
                fields=["id"],
                condition=Q(state__in=("waiting", "confirmed", "undoing")),
                name="import_at_work",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_at_work(self) -> bool:
        return self.state in self.WORK
