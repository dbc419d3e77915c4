"""Two records that were one: what was moved, so that it can be undone."""

from django.db import models
from django.utils import timezone

from accounts.models.account import Account
from accounts.models.contact import Contact
from team.models import User


class Merge(models.Model):
    """One record taken into another of its kind; can be undone for 30 days, then forgotten."""

    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, null=True, blank=True, related_name="merges"
    )
    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, null=True, blank=True, related_name="merges"
    )
    gone_id = models.BigIntegerField(editable=False)
    gone_name = models.CharField("taken in", max_length=254)
    # The record that went and its rows that found no place, as Django serialises them
    gone = models.TextField(editable=False)
    # Which rows were moved: {"handoffs.handoff.contact": [ids]}
    moved = models.JSONField(default=dict, editable=False)
    # What the kept record got from the other: {field: value}
    filled = models.JSONField(default=dict, editable=False)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.gone_name} into {self.contact or self.account}"
