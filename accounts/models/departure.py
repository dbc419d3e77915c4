"""Somebody left a company: a new record is offered where they went, and a replacement is asked."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models.account import Account
from accounts.models.contact import Contact
from team.models import User


class Departure(models.Model):
    """One person leaving one account."""

    class State(models.TextChoices):
        OPEN = "open", "Who takes over?"
        REPLACED = "replaced", "Replaced"
        NOBODY = "nobody", "Nobody takes over"
        BACK = "back", "They did not leave after all"

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="departures")
    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, related_name="departures", verbose_name="left"
    )
    title = models.CharField("as", max_length=120, blank=True)
    company = models.CharField("went to", max_length=254, blank=True)
    left_on = models.DateField()
    source = models.CharField("we know from", max_length=80)
    noticed_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    # The same person at the new company, and another person in their place at the old one
    successor = models.ForeignKey(
        Contact,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="came_from",
        verbose_name="now kept as",
    )
    replacement = models.ForeignKey(
        Contact,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="took_over_from",
        verbose_name="replaced by",
    )
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["-left_on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["contact", "account"],
                condition=Q(state="open"),
                name="departure_open_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.contact} left {self.account}"
