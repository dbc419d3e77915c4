"""The rows of a package: answers, quotes, objections, committee members and triggers."""

from django.db import models

from accounts.models import Attitude, CommitteeRole, Contact, SignalKind
from handoffs.models.handoff import Handoff
from handoffs.models.standard import Criterion
from team.bounds import check_date, check_one_line, check_storable


class Channel(models.TextChoices):
    """How something was said."""

    CALL = "call", "Call"
    EMAIL = "email", "E-mail"
    CHAT = "chat", "Chat"
    MEETING = "meeting", "Meeting"
    FORM = "form", "Web form"


class Answer(models.Model):
    """What is known for one criterion, and how well."""

    class Status(models.TextChoices):
        UNKNOWN = "unknown", "Not asked yet"
        ESTIMATED = "estimated", "Estimated by us"
        STATED = "stated", "Stated, no specifics"
        CONFIRMED = "confirmed", "Confirmed"
        DISPROVED = "disproved", "They said the opposite"
        NOT_APPLICABLE = "na", "Does not apply"

    # The statuses that claim to know something, each worth more than the one before.
    CLAIMS = (Status.ESTIMATED, Status.STATED, Status.CONFIRMED)

    handoff = models.ForeignKey(Handoff, on_delete=models.CASCADE, related_name="answers")
    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="answers")
    status = models.CharField(max_length=10, choices=Status, default=Status.UNKNOWN)
    value = models.CharField(max_length=500, blank=True, validators=[check_storable])
    evidence = models.TextField(
        "what the prospect said",
        max_length=2000,
        blank=True,
        validators=[check_storable],
        help_text="Their words, or where an estimate comes from.",
    )
    said_by = models.CharField(
        max_length=120, blank=True, validators=[check_one_line, check_storable]
    )
    said_on = models.DateField(null=True, blank=True, validators=[check_date])
    channel = models.CharField(max_length=8, choices=Channel, blank=True)

    class Meta:
        ordering = ["criterion__position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["handoff", "criterion"], name="criterion_answered_once")
        ]

    def __str__(self) -> str:
        return f"{self.criterion}: {self.get_status_display()}"


class Quote(models.Model):
    """Something the prospect said, word for word."""

    handoff = models.ForeignKey(Handoff, on_delete=models.CASCADE, related_name="quotes")
    text = models.TextField("in their words", max_length=2000, validators=[check_storable])
    speaker = models.CharField(
        "who said it", max_length=120, blank=True, validators=[check_one_line, check_storable]
    )
    topic = models.CharField(
        "about what", max_length=120, blank=True, validators=[check_one_line, check_storable]
    )

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.text[:60]


class Objection(models.Model):
    """A hesitation, concern or competitor that came up."""

    class Category(models.TextChoices):
        PRICE = "price", "Price"
        TIMING = "timing", "Timing"
        AUTHORITY = "authority", "Needs others’ consent"
        NEED = "need", "Sees no need"
        COMPETITOR = "competitor", "Competitor"
        TRUST = "trust", "Trust or proof"
        PRODUCT = "product", "Missing feature"
        SECURITY = "security", "Security or legal"
        OTHER = "other", "Other"

    class Left(models.TextChoices):
        ANSWERED = "answered", "Answered"
        OPEN = "open", "Still open"
        PROMISED = "promised", "We promised an answer"

    handoff = models.ForeignKey(Handoff, on_delete=models.CASCADE, related_name="objections")
    category = models.CharField(max_length=10, choices=Category)
    said = models.TextField("what was said", max_length=1000, validators=[check_storable])
    competitor = models.CharField(
        max_length=80, blank=True, validators=[check_one_line, check_storable]
    )
    left = models.CharField("how it was left", max_length=8, choices=Left, blank=True)
    left_note = models.CharField(
        "in a sentence", max_length=300, blank=True, validators=[check_storable]
    )

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.get_category_display()}: {self.said[:60]}"


class CommitteeMember(models.Model):
    """Another person who takes part in the purchase, even if only mentioned in passing."""

    class Engaged(models.TextChoices):
        MET = "met", "Met"
        EMAILED = "emailed", "E-mailed"
        MENTIONED = "mentioned", "Only mentioned"

    handoff = models.ForeignKey(Handoff, on_delete=models.CASCADE, related_name="committee")
    contact = models.ForeignKey(
        Contact, on_delete=models.SET_NULL, null=True, blank=True, related_name="committees"
    )
    name = models.CharField(max_length=120, validators=[check_one_line, check_storable])
    title = models.CharField(
        max_length=120, blank=True, validators=[check_one_line, check_storable]
    )
    role = models.CharField(
        "role in the purchase",
        max_length=12,
        choices=CommitteeRole,
        default=CommitteeRole.UNKNOWN,
    )
    attitude = models.CharField(max_length=8, choices=Attitude, default=Attitude.UNKNOWN)
    engaged = models.CharField(max_length=9, choices=Engaged, default=Engaged.MENTIONED)
    mentioned_by = models.CharField(
        max_length=120, blank=True, validators=[check_one_line, check_storable]
    )

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name


class Trigger(models.Model):
    """The buying signal that prompted the outreach."""

    handoff = models.ForeignKey(Handoff, on_delete=models.CASCADE, related_name="triggers")
    kind = models.CharField(max_length=12, choices=SignalKind)
    happened_on = models.DateField("when", null=True, blank=True, validators=[check_date])
    detail = models.CharField("in a line", max_length=300, blank=True, validators=[check_storable])
    source_url = models.URLField("link", max_length=500, blank=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.detail}"
