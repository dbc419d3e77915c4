"""Contacts: people at accounts, what changed about them, and how fresh each field is."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from phonenumber_field.modelfields import PhoneNumberField

from accounts.erased import SENTENCE, is_erased, names_of
from accounts.models.account import Account
from accounts.querysets import ContactQuerySet
from team.bounds import check_date, check_instant, check_one_line, check_storable
from team.models import User


class CommitteeRole(models.TextChoices):
    """The part somebody has in the purchase."""

    ECONOMIC = "economic", "Economic buyer"
    DECISION = "decision", "Decision maker"
    CHAMPION = "champion", "Champion"
    COACH = "coach", "Coach"
    TECHNICAL = "technical", "Technical buyer"
    USER = "user", "User buyer"
    INFLUENCER = "influencer", "Influencer"
    SPONSOR = "sponsor", "Executive sponsor"
    PROCUREMENT = "procurement", "Procurement"
    LEGAL = "legal", "Legal or security"
    GATEKEEPER = "gatekeeper", "Gatekeeper"
    BLOCKER = "blocker", "Blocker"
    INITIATOR = "initiator", "Initiator"
    UNKNOWN = "unknown", "Not known yet"


class Attitude(models.TextChoices):
    FOR = "for", "For us"
    NEUTRAL = "neutral", "Neutral"
    AGAINST = "against", "Against us"
    UNKNOWN = "unknown", "Not known yet"


class Contact(models.Model):
    """A person at an account."""

    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, null=True, blank=True, related_name="contacts"
    )
    first_name = models.CharField(
        max_length=60, blank=True, validators=[check_one_line, check_storable]
    )
    last_name = models.CharField(
        max_length=60, blank=True, validators=[check_one_line, check_storable]
    )
    title = models.CharField(
        max_length=120, blank=True, validators=[check_one_line, check_storable]
    )
    email = models.EmailField("e-mail", max_length=254, blank=True)
    phone = PhoneNumberField("direct dial", blank=True, help_text="With country code: +1 415 …")
    phone_extension = models.CharField(
        "extension",
        max_length=11,
        blank=True,
        validators=[RegexValidator(r"^\d*\Z", "Digits only.")],
    )
    mobile = PhoneNumberField(blank=True)
    profile_url = models.URLField("social profile", max_length=500, blank=True)
    role = models.CharField(
        "role in the purchase",
        max_length=12,
        choices=CommitteeRole,
        default=CommitteeRole.UNKNOWN,
    )
    attitude = models.CharField(max_length=8, choices=Attitude, default=Attitude.UNKNOWN)
    left_on = models.DateField(
        "left the company on",
        null=True,
        blank=True,
        validators=[check_date],
        help_text="Set when they are known to be gone.",
    )
    source = models.CharField(
        max_length=60, blank=True, help_text="Where the record came from, such as a vendor."
    )
    external_id = models.CharField(max_length=64, blank=True, help_text="Our own or a vendor’s.")
    hubspot_id = models.CharField("HubSpot record", max_length=64, blank=True)
    salesforce_id = models.CharField("Salesforce record", max_length=64, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ContactQuerySet.as_manager()

    class Meta:
        ordering = ["last_name", "first_name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["email"],
                condition=~Q(email=""),
                name="contact_email_once",
                violation_error_message="Another contact already has this e-mail.",
            ),
            *[
                models.UniqueConstraint(
                    fields=[field],
                    condition=~Q(**{field: ""}),
                    name=f"contact_{field}_once",
                    violation_error_message="Another contact already has this id.",
                )
                for field in ("external_id", "hubspot_id", "salesforce_id")
            ],
        ]
        indexes = [
            models.Index(fields=["phone"], condition=~Q(phone=""), name="contact_by_phone"),
            models.Index(fields=["mobile"], condition=~Q(mobile=""), name="contact_by_mobile"),
            models.Index(fields=["last_name", "first_name", "id"], name="contact_by_name"),
        ]

    def __str__(self) -> str:
        return self.name or self.email or f"Contact {self.pk}"

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    def clean(self) -> None:
        self.email = self.email.strip().lower()
        if not (self.name or self.email):
            raise ValidationError({"last_name": "Enter the contact’s name."})
        if is_erased(*names_of(self)):
            raise ValidationError({"email": SENTENCE})

    def verified_value(self, field: "VerifiedField | str") -> str:
        """The present value of a verifiable field as text."""
        if field == VerifiedField.EMPLOYER:
            return self.account.name if self.account else ""
        value = getattr(self, "phone" if field == VerifiedField.DIAL else str(field))
        return str(value) if value else ""


class VerifiedField(models.TextChoices):
    """The contact fields whose freshness decides whether a package may go out."""

    EMAIL = "email", "E-mail"
    DIAL = "dial", "Direct dial"
    TITLE = "title", "Title"
    EMPLOYER = "employer", "Employer"


class Method(models.TextChoices):
    """How a field was verified."""

    SPOKE = "spoke", "Spoke with them"
    REPLIED = "replied", "They replied or it was delivered"
    VENDOR = "vendor", "Data vendor’s verification"
    WEBSITE = "website", "Company website"
    SIGNATURE = "signature", "E-mail signature"
    SOCIAL = "social", "Social profile"
    BOUNCE = "bounce", "Bounced or wrong number"


class Verification(models.Model):
    """One check of one field of a contact. Append-only: the newest about the value counts."""

    class Result(models.TextChoices):
        VALID = "valid", "Right"
        INVALID = "invalid", "Wrong"

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="verifications")
    field = models.CharField(max_length=8, choices=VerifiedField)
    value = models.CharField(max_length=254, help_text="The value that was checked.")
    method = models.CharField(max_length=10, choices=Method)
    source = models.CharField(
        max_length=80, blank=True, help_text="Which vendor, page or call it came from."
    )
    result = models.CharField(max_length=8, choices=Result, default=Result.VALID)
    verified_at = models.DateTimeField(validators=[check_instant])
    verified_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="verifications"
    )

    class Meta:
        ordering = ["-verified_at", "-pk"]
        indexes = [
            models.Index(fields=["contact", "field", "-verified_at"], name="verified_newest")
        ]

    def __str__(self) -> str:
        return f"{self.get_field_display()} {self.get_result_display().lower()}, {self.method}"

    def save(self, *args: object, **kwargs: object) -> None:
        if not self.value:
            self.value = self.contact.verified_value(self.field)
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    def age_days(self, now: datetime) -> int:
        return max(0, (now - self.verified_at).days)


class ContactChange(models.Model):
    """Something about a contact changed, or was found wrong. Append-only."""

    class Kind(models.TextChoices):
        CHANGED = "changed", "Changed"
        LEFT = "left", "Left the company"
        BACK = "back", "Still there after all"
        WRONG = "wrong", "Found wrong"

    kind = models.CharField(max_length=7, choices=Kind, default=Kind.CHANGED)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="changes")
    field = models.CharField(max_length=24)
    old = models.CharField(max_length=254, blank=True)
    new = models.CharField(max_length=254, blank=True)
    source = models.CharField(max_length=80, help_text="A person, an import or a vendor.")
    changed_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True)
    changed_at = models.DateTimeField(default=timezone.now)
    # When those who work with the contact were told, or it was found that nobody has to be
    told_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-changed_at", "-pk"]
        indexes = [
            models.Index(fields=["id"], condition=Q(told_at=None), name="contact_change_untold"),
        ]

    def __str__(self) -> str:
        return f"{self.field}: {self.old} → {self.new}"
