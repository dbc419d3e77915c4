"""Where each value comes from, and values that wait for a person's yes."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models.account import Account
from accounts.models.contact import Contact
from team.models import User

LONGEST_VALUE = 500


class _OfARecord(models.Model):
    """Belongs to one field of a contact or of an account."""

    field = models.CharField(max_length=24)
    value = models.CharField(max_length=LONGEST_VALUE, blank=True)
    source = models.CharField(max_length=80)  # a person, an import or a vendor
    # Which of two that happened at the same instant comes later: any order, but always the same
    rank = models.CharField(max_length=255, blank=True, editable=False)

    class Meta:
        abstract = True


class ValueOrigin(_OfARecord):
    """Who or what gave a field its value, and when that was so."""

    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, null=True, blank=True, related_name="origins"
    )
    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, null=True, blank=True, related_name="origins"
    )
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["field"]
        constraints = [
            models.CheckConstraint(
                condition=Q(contact__isnull=False, account__isnull=True)
                | Q(contact__isnull=True, account__isnull=False),
                name="origin_of_one_record",
            ),
            models.UniqueConstraint(
                fields=["contact", "field"],
                condition=Q(contact__isnull=False),
                name="contact_origin_once",
            ),
            models.UniqueConstraint(
                fields=["account", "field"],
                condition=Q(account__isnull=False),
                name="account_origin_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.field}: {self.source}"


class Proposal(_OfARecord):
    """A value that contradicts what a person entered or checked later: a person decides."""

    value = models.CharField("new value", max_length=LONGEST_VALUE, blank=True)

    class State(models.TextChoices):
        OPEN = "open", "Waiting for a decision"
        ACCEPTED = "accepted", "Accepted"
        DECLINED = "declined", "Declined"
        OVERTAKEN = "overtaken", "Overtaken by something newer"

    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, null=True, blank=True, related_name="proposals"
    )
    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, null=True, blank=True, related_name="proposals"
    )
    # As it read when it was proposed; the record itself says what we have now
    present = models.CharField("what we have", max_length=LONGEST_VALUE, blank=True)
    because = models.CharField("why it was not simply taken", max_length=300)
    at = models.DateTimeField("as of")
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    created_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["-pk"]
        verbose_name = "proposed value"
        constraints = [
            models.CheckConstraint(
                condition=Q(contact__isnull=False, account__isnull=True)
                | Q(contact__isnull=True, account__isnull=False),
                name="proposal_of_one_record",
            ),
            models.UniqueConstraint(
                fields=["contact", "field", "source"],
                condition=Q(state="open", contact__isnull=False),
                name="contact_proposal_once",
            ),
            models.UniqueConstraint(
                fields=["account", "field", "source"],
                condition=Q(state="open", account__isnull=False),
                name="account_proposal_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.field}: {self.value}"
