"""The handoff: one transfer of one account's opportunity from an SDR to an AE."""

from typing import TYPE_CHECKING

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Account, Contact
from handoffs.models.standard import FrameworkVersion
from handoffs.querysets import HandoffQuerySet
from team.bounds import check_instant, check_one_line, check_storable
from team.models import CalendarVersion, Territory, User

if TYPE_CHECKING:
    from handoffs.models.event import HandoffEvent
    from handoffs.models.meeting import Meeting


class LeadSource(models.TextChoices):
    """Where the lead comes from: its tier, which decides the promises made on it."""

    INBOUND = "inbound", "Inbound demo request"
    OUTBOUND = "outbound", "Outbound qualified interest"
    MEETING = "meeting", "SDR-booked meeting"
    MQL = "mql", "Marketing-qualified lead"


class Handoff(models.Model):
    """One handoff with the single-valued parts of its package.

    `status`, `owner`, `next_due_at` and the other machine-written columns change through the
    verbs of `handoffs.lifecycle` (and `sla.clocks` for the due time) only; `save()` leaves them
    alone, so that a stale instance cannot undo a move.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        SUBMITTED = "submitted", "Waiting for an AE"
        RETURNED = "returned", "Returned to the SDR"
        ACCEPTED = "accepted", "Accepted"
        REJECTED = "rejected", "Rejected"
        WITHDRAWN = "withdrawn", "Withdrawn"
        QUALIFIED = "qualified", "Opportunity created"
        DISQUALIFIED = "disqualified", "Disqualified"

    # Whose, about whom, from where
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, null=True, blank=True, related_name="handoffs"
    )
    contact = models.ForeignKey(
        Contact,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="handoffs",
        verbose_name="primary contact",
    )
    sdr = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="authored", verbose_name="SDR"
    )
    lead_source = models.CharField(max_length=10, choices=LeadSource, default=LeadSource.MEETING)
    original_source = models.CharField(
        "campaign or channel",
        max_length=80,
        blank=True,
        validators=[check_storable],
        help_text="Where the lead was first heard of; kept as it was.",
    )
    framework_version = models.ForeignKey(
        FrameworkVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="handoffs"
    )

    # ICP fit as handed over; filled in from the account
    company_size = models.CharField(max_length=80, blank=True, validators=[check_storable])
    industry = models.CharField(max_length=80, blank=True, validators=[check_storable])
    tech_stack = models.CharField(max_length=500, blank=True, validators=[check_storable])
    growth_signals = models.CharField(max_length=1000, blank=True, validators=[check_storable])
    why_targeted = models.TextField(
        "why we targeted them",
        max_length=2000,
        blank=True,
        validators=[check_storable],
        help_text="Why this account and not another, in a sentence.",
    )

    # Conversation
    call_notes = models.TextField(max_length=20_000, blank=True, validators=[check_storable])
    no_objections = models.BooleanField("none raised", default=False)
    nobody_else = models.BooleanField("nobody else mentioned", default=False)

    # Agreed next step
    next_step = models.TextField(
        "what the prospect agreed to",
        max_length=1000,
        blank=True,
        validators=[check_storable],
        help_text="Exactly what they said yes to, not “demo scheduled”.",
    )
    next_step_at = models.DateTimeField("when", null=True, blank=True, validators=[check_instant])
    next_step_who = models.CharField(
        "who does what",
        max_length=500,
        blank=True,
        validators=[check_storable],
        help_text="Who brings or prepares what until then.",
    )

    # Written by the lifecycle
    status = models.CharField(max_length=12, choices=Status, default=Status.DRAFT, editable=False)
    owner = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="owned",
        verbose_name="AE",
    )
    territory = models.ForeignKey(
        Territory,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="handoffs",
    )
    submitted_at = models.DateTimeField(null=True, blank=True, editable=False)
    accepted_at = models.DateTimeField(null=True, blank=True, editable=False)
    accepted_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    first_contact_at = models.DateTimeField(null=True, blank=True, editable=False)
    decided_at = models.DateTimeField(null=True, blank=True, editable=False)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)
    prep_started_at = models.DateTimeField(null=True, blank=True, editable=False)
    prep_finished_at = models.DateTimeField(null=True, blank=True, editable=False)
    next_due_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="The next deadline of a running clock."
    )
    next_warn_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When that deadline turns at risk."
    )
    next_due_calendar = models.ForeignKey(
        CalendarVersion,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        help_text="The hours in which that deadline runs; empty: around the clock.",
    )
    asked_again_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="When the AE said what had to be asked again, if anything.",
    )
    opportunity_amount = models.DecimalField(
        max_digits=13,
        decimal_places=2,
        null=True,
        blank=True,
        editable=False,
        validators=[MinValueValidator(0)],
    )
    opportunity_stage = models.CharField(
        max_length=40,
        blank=True,
        default="",
        db_default="",
        editable=False,
        validators=[check_one_line, check_storable],
        help_text="As the CRM calls it.",
    )
    opportunity_id = models.CharField(max_length=64, blank=True, editable=False)
    opportunity_url = models.URLField(max_length=500, blank=True, editable=False)

    # Counts every edit and move: two people who edit the same draft never lose text
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = HandoffQuerySet.as_manager()

    MACHINE_WRITTEN = frozenset(
        {
            "status",
            "owner",
            "territory",
            "submitted_at",
            "accepted_at",
            "accepted_by",
            "first_contact_at",
            "decided_at",
            "closed_at",
            "prep_started_at",
            "prep_finished_at",
            "asked_again_at",
            "next_due_at",
            "next_warn_at",
            "next_due_calendar",
            "opportunity_amount",
            "opportunity_stage",
            "opportunity_id",
            "opportunity_url",
            "version",
        }
    )
    OPEN = (Status.DRAFT, Status.SUBMITTED, Status.RETURNED, Status.ACCEPTED)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            # The queue: what is due next, of one owner or of a territory.
            models.Index(
                fields=["owner", "next_due_at", "id"],
                condition=Q(status__in=["submitted", "returned", "accepted"]),
                name="handoff_queue_of_owner",
            ),
            models.Index(
                fields=["territory", "next_due_at", "id"],
                condition=Q(status__in=["submitted", "returned", "accepted"]),
                name="handoff_queue_of_territory",
            ),
            models.Index(
                fields=["next_due_at", "id"],
                condition=Q(status__in=["submitted", "returned", "accepted"]),
                name="handoff_queue",
            ),
            models.Index(fields=["sdr", "status", "-id"], name="handoff_of_sdr"),
            models.Index(fields=["sdr", "-closed_at"], name="handoff_closed_of_sdr"),
            models.Index(
                fields=["territory", "id"],
                condition=Q(status="submitted", owner__isnull=True),
                name="handoff_unassigned",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        "draft",
                        "submitted",
                        "returned",
                        "accepted",
                        "rejected",
                        "withdrawn",
                        "qualified",
                        "disqualified",
                    ]
                ),
                name="handoff_status_is_known",
            ),
            # What the database can hold of the gate: whatever has left the draft has a person, a
            # company, a standard, the essential texts, an answer to "anybody else, any objection"
            # in the rows or the boxes (that part is the gate's), and the moment it was submitted.
            models.CheckConstraint(
                condition=Q(status__in=["draft", "withdrawn"])
                | (
                    Q(
                        account__isnull=False,
                        contact__isnull=False,
                        framework_version__isnull=False,
                        submitted_at__isnull=False,
                        next_step_at__isnull=False,
                    )
                    & ~Q(next_step="")
                    & ~Q(next_step_who="")
                    & ~Q(why_targeted="")
                    & ~Q(call_notes="")
                    & ~Q(company_size="")
                    & ~Q(industry="")
                    & ~Q(tech_stack="")
                    & ~Q(growth_signals="")
                ),
                name="handoff_submitted_is_complete",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["accepted", "qualified", "disqualified"])
                | Q(owner__isnull=False, accepted_at__isnull=False, accepted_by__isnull=False),
                name="handoff_accepted_has_an_owner",
            ),
            models.CheckConstraint(
                condition=Q(accepted_by__isnull=True) | ~Q(accepted_by=models.F("sdr")),
                name="handoff_author_is_not_acceptor",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account or 'No account yet'} (#{self.pk})"

    def save(self, *args: object, **kwargs: object) -> None:
        """Save what a person may edit; a new row is always a draft.

        Machine-written columns are left out, whatever the instance holds: they belong to the
        verbs, which write them by conditional UPDATE.
        """
        if self._state.adding:
            self.status = self.Status.DRAFT
            if self.framework_version_id is None:
                self.framework_version = FrameworkVersion.objects.active().first()
            for name in self.MACHINE_WRITTEN - {"status", "version"}:
                field = self._meta.get_field(name)
                setattr(self, field.attname, field.get_default())  # type: ignore[union-attr]
        elif kwargs.get("update_fields") is None:
            self.updated_at = timezone.now()
            kwargs["update_fields"] = [
                field.name
                for field in self._meta.concrete_fields
                if not field.primary_key and field.name not in self.MACHINE_WRITTEN
            ]
        elif refused := self.MACHINE_WRITTEN & set(kwargs["update_fields"]):  # type: ignore[call-overload]
            raise ValueError(
                f"{', '.join(sorted(refused))} belong to handoffs.lifecycle; use a verb."
            )
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    @property
    def is_editable_package(self) -> bool:
        """Whether the SDR's form may change the package now."""
        return self.status in (self.Status.DRAFT, self.Status.RETURNED)

    @property
    def is_open(self) -> bool:
        return self.status in self.OPEN

    @property
    def is_unassigned(self) -> bool:
        return self.status == self.Status.SUBMITTED and self.owner_id is None

    def coming_meeting(self) -> "Meeting | None":
        """The meeting that is still to be held or decided on, if any."""
        coming = (row for row in self.meetings.all() if row.status in ("tentative", "confirmed"))
        return next(coming, None)

    def told(self, *kinds: str) -> "list[HandoffEvent]":
        """Its events of these kinds, the oldest first; as prefetched, where they are."""
        if "events" in getattr(self, "_prefetched_objects_cache", {}):
            return [event for event in self.events.all() if event.kind in kinds]
        return list(self.events.filter(kind__in=kinds).select_related("actor", "reason"))

    @property
    def is_prepared(self) -> bool:
        return self.prep_finished_at is not None
