"""Where values come from: the vendors that send updates or are asked, what they sent, their ids."""

import re

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models.account import Account
from accounts.models.contact import Contact
from team.bounds import check_one_line, check_storable
from team.keys import SigningKey

HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,59}")


class EnrichmentSource(SigningKey):
    """A vendor or system that sends signed updates, that we ask about a record, or both."""

    class Asked(models.TextChoices):
        NOT = "", "Not asked"
        FILE = "file", "In a file of theirs that we keep"
        WEB = "web", "Over the web"

    name = models.CharField(
        max_length=60,
        unique=True,
        validators=[check_one_line, check_storable],
        help_text="As people see it beside each value, such as Clearfeed.",
    )
    slug = models.SlugField(
        "name in the address",
        max_length=40,
        unique=True,
        help_text="The last part of the address that they post to: /hooks/enrichment/…/",
    )
    is_enabled = models.BooleanField(
        "takes updates",
        default=False,
        help_text="While it is off, everything that they send is refused.",
    )
    per_minute = models.PositiveIntegerField(
        "at most a minute",
        default=6000,
        validators=[MinValueValidator(60), MaxValueValidator(60_000)],
        help_text="Beyond that they are asked to wait (429) and send again.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    asked = models.CharField(
        "how we ask",
        max_length=4,
        choices=Asked,
        default=Asked.NOT,
        db_default="",
        blank=True,
        help_text="What “Enrich now” on a contact or an account does with this source.",
    )
    person_url = models.CharField(
        "address for people",
        max_length=500,
        default="",
        db_default="",
        blank=True,
        validators=[check_one_line, check_storable],
        help_text="Such as https://api.vendor.com/people?email={email}. Also {first_name}, "
        "{last_name}, {phone}, {company}, {domain} and {id}. Without any of them, what we know "
        "is posted as JSON.",
    )
    company_url = models.CharField(
        "address for companies",
        max_length=500,
        default="",
        db_default="",
        blank=True,
        validators=[check_one_line, check_storable],
        help_text="Such as https://api.vendor.com/companies/{domain}. Also {name} and {id}.",
    )
    key_header = models.CharField(
        "header of the key",
        max_length=60,
        default="Authorization",
        db_default="Authorization",
        help_text="As their documentation calls it.",
    )
    api_key = models.CharField(
        "key",
        max_length=500,
        default="",
        db_default="",
        blank=True,
        validators=[check_one_line, check_storable],
        help_text="The whole value of the header, such as “Bearer …”. It is never shown again.",
    )
    their_names = models.TextField(
        "their names of the fields",
        max_length=4000,
        default="",
        db_default="",
        blank=True,
        validators=[check_storable],
        help_text="One a line, ours = theirs, such as “title = employment.title”. Empty: they "
        "answer in our own names.",
    )
    per_day = models.PositiveIntegerField(
        "at most a day",
        default=500,
        db_default=500,
        validators=[MinValueValidator(1), MaxValueValidator(1_000_000)],
        help_text="Vendors charge for each question. Beyond that, questions wait until tomorrow.",
    )

    class Meta:
        ordering = ["name"]
        verbose_name = "data source"

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if not HEADER_NAME.fullmatch(self.key_header):
            raise ValidationError({"key_header": "Letters, digits and hyphens, such as X-Api-Key."})


class InboundEvent(models.Model):
    """One delivery as it came, and what became of it. Kept for 30 days, with its id."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        PARKED = "parked", "Parked"
        DONE = "done", "Done"
        IGNORED = "ignored", "Ignored"
        REFUSED = "refused", "Refused"
        UNMATCHED = "unmatched", "Given up"
        FAILED = "failed", "Failed"

    source = models.ForeignKey(EnrichmentSource, on_delete=models.PROTECT, related_name="events")
    event_id = models.CharField("id", max_length=255)
    digest = models.CharField(max_length=64, editable=False)  # SHA-256 of the body, in hex
    body = models.TextField()
    kind = models.CharField("what", max_length=40)
    record_key = models.CharField("about", max_length=300, blank=True)
    occurred_at = models.DateTimeField("happened", null=True)
    received_at = models.DateTimeField("received", default=timezone.now)

    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True, default=timezone.now)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    outcome = models.CharField("what became of it", max_length=300, blank=True)
    processed_at = models.DateTimeField(null=True, blank=True)
    reported_at = models.DateTimeField(null=True, blank=True)
    contact = models.ForeignKey(Contact, on_delete=models.SET_NULL, null=True, related_name="+")
    account = models.ForeignKey(Account, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["-pk"]
        verbose_name = "received update"
        constraints = [
            models.UniqueConstraint(fields=["source", "event_id"], name="inbound_event_once")
        ]
        indexes = [
            models.Index(
                fields=["next_try_at", "occurred_at", "id"],
                condition=Q(state__in=["waiting", "parked"]),
                name="inbound_event_due",
            ),
            models.Index(fields=["received_at"], name="inbound_event_received"),
            models.Index(
                fields=["source", "record_key"],
                condition=Q(state="parked"),
                name="inbound_event_parked",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} from {self.source}"


class SourceRecord(models.Model):
    """What a source calls one of our records."""

    class Kind(models.TextChoices):
        CONTACT = "contact", "Contact"
        ACCOUNT = "account", "Account"

    source = models.ForeignKey(EnrichmentSource, on_delete=models.CASCADE, related_name="records")
    kind = models.CharField(max_length=7, choices=Kind)
    key = models.CharField("their id", max_length=64)
    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, null=True, blank=True, related_name="source_records"
    )
    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, null=True, blank=True, related_name="source_records"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "kind", "key"], name="source_record_once")
        ]

    def __str__(self) -> str:
        return f"{self.key} of {self.source}"
