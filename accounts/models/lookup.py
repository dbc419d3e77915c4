"""Questions to data sources about our records, and the rows of the files that some gave us."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models.account import Account
from accounts.models.contact import Contact
from accounts.models.source import EnrichmentSource
from team.models import User


class Lookup(models.Model):
    """One question to one source about one record, and what became of it."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        ANSWERED = "answered", "Answered"
        UNKNOWN = "unknown", "They know nothing"
        FAILED = "failed", "Failed"

    source = models.ForeignKey(EnrichmentSource, on_delete=models.CASCADE, related_name="lookups")
    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, null=True, blank=True, related_name="lookups"
    )
    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, null=True, blank=True, related_name="lookups"
    )
    asked_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField("asked", default=timezone.now)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    outcome = models.CharField("what came of it", max_length=300, blank=True)
    answered_at = models.DateTimeField("answered", null=True, blank=True)

    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    next_try_at = models.DateTimeField(null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    lease_token = models.UUIDField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-pk"]
        verbose_name = "question to a source"
        verbose_name_plural = "questions to sources"
        constraints = [
            models.CheckConstraint(
                condition=Q(contact__isnull=False, account__isnull=True)
                | Q(contact__isnull=True, account__isnull=False),
                name="lookup_of_one_record",
            ),
            models.UniqueConstraint(
                fields=["source", "contact"],
                condition=Q(state="waiting", contact__isnull=False),
                name="contact_lookup_once",
            ),
            models.UniqueConstraint(
                fields=["source", "account"],
                condition=Q(state="waiting", account__isnull=False),
                name="account_lookup_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at", "id"], condition=Q(state="waiting"), name="lookup_due"
            ),
            models.Index(fields=["source", "answered_at"], name="lookup_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.source} about {self.contact or self.account}"


class FileRow(models.Model):
    """What one row of a source’s file says; the next file of that source replaces them all."""

    class About(models.TextChoices):
        CONTACT = "contact", "Contact"
        ACCOUNT = "account", "Account"

    source = models.ForeignKey(EnrichmentSource, on_delete=models.CASCADE, related_name="rows")
    about = models.CharField(max_length=7, choices=About)
    # What it is found by, each in one spelling; empty where the file does not say
    key = models.CharField(max_length=64, blank=True)
    email = models.CharField(max_length=254, blank=True)
    domain = models.CharField(max_length=253, blank=True)
    company_key = models.CharField(max_length=120, blank=True)
    person = models.CharField(max_length=121, blank=True)
    said_at = models.DateTimeField()
    # The row in our names of the fields, as JSON
    data = models.TextField()

    class Meta:
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["source", "email"], name="file_row_by_email"),
            models.Index(fields=["source", "key"], name="file_row_by_key"),
            models.Index(fields=["source", "domain"], name="file_row_by_domain"),
            models.Index(fields=["source", "company_key"], name="file_row_by_company"),
        ]

    def __str__(self) -> str:
        return f"{self.email or self.domain or self.key} of {self.source}"
