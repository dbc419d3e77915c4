"""What the log says about each handoff and each meeting chain, one flat row each, for counting.

Derived: `reports.facts` writes these rows and can drop and write them anew at any time.
"""

from django.db import models
from django.db.models import Q

from handoffs.models import FrameworkVersion, Handoff, LeadSource, Reason
from team.models import CalendarVersion, Territory, User


class Whose(models.Model):
    """What reports are narrowed down to and cut along; the same on a handoff and its meetings."""

    sdr = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    ae = models.ForeignKey(
        User,
        on_delete=models.CASCADE,
        null=True,
        related_name="+",
        help_text="Who accepted or rejected it; before that, who has it.",
    )
    territory = models.ForeignKey(
        Territory, on_delete=models.CASCADE, null=True, related_name="+", db_index=False
    )
    lead_source = models.CharField(max_length=10, choices=LeadSource)
    framework_version = models.ForeignKey(
        FrameworkVersion, on_delete=models.CASCADE, null=True, related_name="+"
    )
    is_duplicate = models.BooleanField(default=False)

    class Meta:
        abstract = True


class Fact(Whose):
    """One handoff as its log tells it. Spans in seconds; empty until the log has reached them."""

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted", "Accepted"
        REJECTED = "rejected", "Rejected"

    handoff = models.OneToOneField(
        Handoff, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    calendar_version = models.ForeignKey(
        CalendarVersion, on_delete=models.CASCADE, null=True, related_name="+"
    )

    submitted_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    contacted_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=8, choices=Outcome, blank=True)
    counts = models.BooleanField(default=True, help_text="Whether a rejection counts as one.")
    reason = models.ForeignKey(
        Reason, on_delete=models.CASCADE, null=True, related_name="+", help_text="Of a rejection."
    )
    closed_at = models.DateTimeField(null=True)
    qualified_at = models.DateTimeField(null=True)

    returns = models.PositiveSmallIntegerField(default=0)
    refusals = models.PositiveSmallIntegerField(
        default=0, help_text="How often the gate refused it before it was submitted."
    )
    is_unprepared = models.BooleanField(default=False)
    missing_fields = models.PositiveSmallIntegerField(
        default=0, help_text="How many things the gate missed at the first try."
    )

    email_age = models.PositiveSmallIntegerField(
        null=True,
        help_text="Days since the newest check of the contact’s e-mail when it was submitted; "
        "empty: there was none. The same for the other fields.",
    )
    dial_age = models.PositiveSmallIntegerField(null=True)
    title_age = models.PositiveSmallIntegerField(null=True)
    employer_age = models.PositiveSmallIntegerField(null=True)
    has_contact = models.BooleanField(null=True)

    accept_business = models.PositiveIntegerField(null=True)
    contact_business = models.PositiveIntegerField(null=True)
    whole_business = models.PositiveIntegerField(null=True)
    accept_calendar = models.PositiveIntegerField(null=True)
    contact_calendar = models.PositiveIntegerField(null=True)
    whole_calendar = models.PositiveIntegerField(null=True)
    in_time = models.BooleanField(
        null=True,
        help_text="Whether the first-contact clock stopped within its limit; empty: it runs, or "
        "nothing was promised.",
    )
    is_promised = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["submitted_at", "outcome"], name="fact_by_submission"),
            models.Index(fields=["accepted_at"], name="fact_by_acceptance"),
            models.Index(fields=["decided_at", "outcome"], name="fact_by_decision"),
            models.Index(fields=["qualified_at"], name="fact_by_opportunity"),
            models.Index(fields=["contacted_at"], name="fact_by_contact"),
            models.Index(
                fields=["accepted_at"],
                condition=Q(contacted_at__isnull=True, closed_at__isnull=True),
                name="fact_accepted_and_waiting",
            ),
            models.Index(
                fields=["submitted_at"],
                condition=Q(contacted_at__isnull=True, closed_at__isnull=True),
                name="fact_submitted_and_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"Facts of handoff {self.handoff_id}"


class Chain(Whose):
    """One meeting: its first booking with all reschedules of it, counted once."""

    class Side(models.TextChoices):
        THEIRS = "theirs", "The prospect"
        OURS = "ours", "Us"

    fact = models.ForeignKey(Fact, on_delete=models.CASCADE, related_name="chains")
    uid = models.CharField(max_length=80)
    booked_at = models.DateTimeField()
    first_slot = models.DateTimeField()
    last_slot = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=1)
    no_shows_theirs = models.PositiveSmallIntegerField(default=0)
    no_shows_ours = models.PositiveSmallIntegerField(default=0)
    is_settled = models.BooleanField(
        default=False, help_text="Whether its last slot has an outcome."
    )
    is_confirmed_late = models.BooleanField(
        default=False, help_text="Not confirmed within 24 hours of its booking."
    )
    held_at = models.DateTimeField(null=True, help_text="The slot in which it was held.")
    is_late_show = models.BooleanField(
        default=False, help_text="Held more than 14 days after the slot that was missed."
    )
    cancelled_at = models.DateTimeField(null=True)
    cancelled_by = models.CharField(max_length=6, choices=Side, blank=True)
    is_before_the_day = models.BooleanField(
        default=False, help_text="Cancelled before the day of its slot, in its territory’s zone."
    )
    is_with_notice = models.BooleanField(
        default=False, help_text="Cancelled more than 24 hours ahead."
    )
    is_follow_up = models.BooleanField(
        default=False, help_text="Booked after another meeting of the handoff was held."
    )
    qualified_at = models.DateTimeField(
        null=True, help_text="When the opportunity that came of it was qualified."
    )
    is_won_of_slot = models.BooleanField(
        default=False, help_text="Qualified within 30 days of the first slot."
    )
    is_won_of_call = models.BooleanField(
        default=False, help_text="Qualified within 30 days of the meeting."
    )
    decided_at = models.DateTimeField(
        null=True, help_text="When the handoff was qualified or disqualified."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["fact", "uid"], name="chain_once")]
        indexes = [
            models.Index(fields=["first_slot"], name="chain_by_first_slot"),
            models.Index(fields=["booked_at"], name="chain_by_booking"),
            models.Index(fields=["held_at"], name="chain_by_hold"),
            models.Index(fields=["qualified_at"], name="chain_by_opportunity"),
        ]

    def __str__(self) -> str:
        return f"Meeting of handoff {self.fact_id}"


class Reading(models.Model):
    """How far the log has been read: a single row.

    `holes` are numbers below `event_id` that a transaction still under way may yet fill, each as
    [first, last, number of the next transaction when it was seen, looked at again].
    """

    event_id = models.BigIntegerField(default=0)
    holes = models.JSONField(default=list, null=True)

    def __str__(self) -> str:
        return f"Read up to event {self.event_id}"
