"""The outbox row, message texts that an admin edits, and the channels to post to."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from team.bounds import check_one_line, check_storable
from team.keys import SigningKey
from team.models import User


class Channel(models.Model):
    """A Slack channel with its incoming webhook."""

    name = models.CharField(max_length=80, unique=True, help_text="Such as #handoffs.")
    webhook_url = models.CharField(
        max_length=500, help_text="The incoming webhook of Slack; kept secret after saving."
    )
    is_enabled = models.BooleanField("on", default=True)
    off_reason = models.CharField(max_length=300, blank=True, editable=False)
    off_at = models.DateTimeField(null=True, blank=True, editable=False)
    # One message a second per webhook: the next send waits for this instant
    free_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["name"]
        verbose_name = "Slack channel"

    def __str__(self) -> str:
        return self.name


class MessageTemplate(models.Model):
    """The words of one kind of message. Fields in {braces} come from an allow-list."""

    key = models.SlugField(max_length=40, unique=True, editable=False)
    name = models.CharField(max_length=80, editable=False)
    subject = models.CharField(max_length=200)
    body = models.TextField(max_length=5000)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Message(models.Model):
    """One message to one recipient over one medium: a row of the outbox.

    Written in the transaction of the fact that caused it, rendered there and then, delivered by
    `messaging.outbox.deliver_due` after it. At-least-once on the wire for internal messages; a
    prospect's is never repeated by itself once its fate is unknown.
    """

    class Medium(models.TextChoices):
        EMAIL = "email", "E-mail"
        SLACK = "slack", "Slack"
        WEBHOOK = "webhook", "Webhook"

    class Audience(models.TextChoices):
        INTERNAL = "internal", "Our people"
        PROSPECT = "prospect", "A prospect"

    class State(models.TextChoices):
        PENDING = "pending", "Waiting to be sent"
        SENDING = "sending", "Being sent"
        SENT = "sent", "Sent"
        RETRY = "retry", "Waiting for the next try"
        DEAD = "dead", "Given up"
        UNKNOWN = "unknown", "Unknown whether it arrived"
        EXPIRED = "expired", "Dropped: too late to matter"
        CANCELLED = "cancelled", "Cancelled"

    # What stands in place of a text that was removed for its age
    REMOVED = "[removed for its age]"

    event_key = models.CharField(
        max_length=120, help_text="The cause; one message per cause, medium and recipient."
    )
    medium = models.CharField(max_length=8, choices=Medium)
    recipient = models.CharField(
        max_length=254, help_text="An e-mail address, or the name of a Slack channel or webhook."
    )
    person = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="messages_to"
    )
    audience = models.CharField(max_length=8, choices=Audience, default=Audience.INTERNAL)
    # What it is about, without a foreign key up the stairs: such as handoff:42
    about = models.CharField(max_length=40, blank=True, db_index=True)
    kind = models.CharField(max_length=40, help_text="Which text it was made from.")
    subject = models.CharField(max_length=250, blank=True)
    body = models.TextField()
    headers = models.JSONField(
        default=dict, blank=True, help_text="To, Cc, Reply-To as shown; each recipient is a row."
    )
    calendar = models.TextField(blank=True, help_text="The invitation that goes with it (.ics).")
    calendar_method = models.CharField(max_length=10, blank=True)
    message_id = models.CharField(max_length=120, default="", blank=True, editable=False)

    state = models.CharField(max_length=9, choices=State, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(default=timezone.now, null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)
    # When the other side said that nobody has a prospect's address, and when that was noted there
    bounced_at = models.DateTimeField(null=True, blank=True, editable=False)
    bounce_noted_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["event_key", "medium", "recipient"], name="message_once_per_cause"
            )
        ]
        indexes = [
            models.Index(
                fields=["next_try_at", "id"],
                condition=Q(state__in=["pending", "retry"]),
                name="message_due",
            ),
            models.Index(
                fields=["lease_until"], condition=Q(state="sending"), name="message_leased"
            ),
            models.Index(
                fields=["state", "-id"],
                condition=Q(state__in=["dead", "unknown"]),
                name="message_failed",
            ),
            models.Index(
                fields=["id"],
                condition=Q(bounced_at__isnull=False, bounce_noted_at=None),
                name="message_bounced",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject or self.kind} to {self.recipient}"

    def save(self, *args: object, **kwargs: object) -> None:
        if not self.message_id:
            self.message_id = f"<{uuid.uuid4()}@handoff-desk>"
        super().save(*args, **kwargs)  # type: ignore[arg-type]


class Endpoint(SigningKey):
    """Another system that is told, such as the CRM: where to post, signed with its secret."""

    name = models.CharField(
        max_length=60,
        unique=True,
        validators=[check_one_line, check_storable],
        help_text="As the outbox shows it, such as CRM.",
    )
    url = models.CharField(
        "address", max_length=500, help_text="Where the updates are posted to, https://…"
    )
    is_enabled = models.BooleanField("on", default=False)
    on_opportunity = models.BooleanField(
        "when an opportunity is created",
        default=True,
        help_text="With the whole package, the account and the people.",
    )
    on_disqualified = models.BooleanField(
        "when a handoff is disqualified", default=False, help_text="With the reason."
    )
    off_reason = models.CharField(max_length=300, blank=True, editable=False)
    off_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["name"]
        verbose_name = "outgoing webhook"

    def __str__(self) -> str:
        return self.name
