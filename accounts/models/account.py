"""Accounts: companies, with what is known of them before the first dial."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.domains import clean_domain
from accounts.names import NameKey
from accounts.querysets import AccountQuerySet
from team.bounds import check_date, check_one_line, check_storable
from team.models import Territory, User


class Account(models.Model):
    """A company we sell to."""

    class Fit(models.TextChoices):
        STRONG = "strong", "Strong fit"
        GOOD = "good", "Good fit"
        WEAK = "weak", "Weak fit"
        NONE = "none", "No fit"
        UNKNOWN = "unknown", "Not judged yet"

    name = models.CharField(max_length=120, validators=[check_one_line, check_storable])
    name_key = NameKey()
    domain = models.CharField(
        max_length=253,
        blank=True,
        help_text="The company’s own web domain, such as acme.com; accounts are matched by it.",
    )
    industry = models.CharField(max_length=80, blank=True, validators=[check_storable])
    employees = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MaxValueValidator(10_000_000)],
        help_text="How many people work there.",
    )
    annual_revenue = models.DecimalField(
        "annual revenue (USD)",
        max_digits=15,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    country = models.CharField(max_length=2, blank=True, help_text="Two-letter code, such as US.")
    city = models.CharField(max_length=120, blank=True, validators=[check_storable])
    year_established = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1000), MaxValueValidator(2100)]
    )
    parent = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="subsidiaries"
    )
    fit = models.CharField("ICP fit", max_length=8, choices=Fit, default=Fit.UNKNOWN)
    fit_reason = models.CharField(
        "why this fit",
        max_length=500,
        blank=True,
        validators=[check_storable],
        help_text="Which parts of the ideal customer profile it meets.",
    )
    territory = models.ForeignKey(
        Territory, on_delete=models.PROTECT, null=True, blank=True, related_name="accounts"
    )
    owner = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="accounts",
        limit_choices_to={"is_ae": True},
        help_text="The account’s own AE; new handoffs go to them before anybody else.",
    )
    sdr = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="prospects",
        limit_choices_to={"is_sdr": True},
        help_text="The SDR who works it.",
    )
    source = models.CharField(
        max_length=60, blank=True, help_text="Where the record came from, such as HubSpot."
    )
    external_id = models.CharField(max_length=64, blank=True, help_text="Our own or a vendor’s.")
    hubspot_id = models.CharField("HubSpot record", max_length=64, blank=True)
    salesforce_id = models.CharField("Salesforce record", max_length=64, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = AccountQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["domain"],
                condition=~Q(domain=""),
                name="account_domain_once",
                violation_error_message="Another account already has this domain.",
            ),
            *[
                models.UniqueConstraint(
                    fields=[field],
                    condition=~Q(**{field: ""}),
                    name=f"account_{field}_once",
                    violation_error_message="Another account already has this id.",
                )
                for field in ("external_id", "hubspot_id", "salesforce_id")
            ],
        ]
        indexes = [
            models.Index(fields=["territory", "name"], name="account_by_territory"),
            models.Index(fields=["name", "id"], name="account_by_name"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if not self.name.strip():
            raise ValidationError({"name": "Enter the company’s name."})
        self.country = self.country.upper()
        if self.country and not (len(self.country) == 2 and self.country.isalpha()):
            raise ValidationError({"country": "Enter a two-letter country code, such as US."})
        if self.domain:
            self.domain = clean_domain(self.domain)
        if self.parent_id and self.parent_id == self.pk:
            raise ValidationError({"parent": "An account cannot be its own parent."})

    def above(self) -> list["Account"]:
        """The companies that it belongs to, its parent first; a query for each.

        Ends where the parents go round in a circle, as two lists of one file may have it.
        """
        found: list[Account] = []
        seen, parent = {self.pk}, self.parent
        while parent is not None and parent.pk not in seen:
            found.append(parent)
            seen.add(parent.pk)
            parent = parent.parent
        return found

    @property
    def size_text(self) -> str:
        """Company size as a rep says it; empty when unknown."""
        return f"{self.employees:,} employees" if self.employees else ""

    def tech_stack_text(self) -> str:
        return ", ".join(technology.name for technology in self.technologies.all())

    def growth_text(self) -> str:
        return "; ".join(str(signal) for signal in self.signals.all())


class AccountTechnology(models.Model):
    """Something the account runs: technographics."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="technologies")
    name = models.CharField(max_length=80, validators=[check_storable])
    category = models.CharField(max_length=80, blank=True, help_text="Such as CRM or dialer.")
    source = models.CharField(max_length=60, blank=True)
    seen_on = models.DateField(null=True, blank=True, validators=[check_date])

    class Meta:
        ordering = ["name"]
        verbose_name = "technology"
        verbose_name_plural = "technologies"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "name"],
                name="technology_named_once",
                violation_error_message="This technology is already listed.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class SignalKind(models.TextChoices):
    """What shows that a company is growing or about to buy; triggers use the same words."""

    FUNDING = "funding", "Funding"
    LEADERSHIP = "leadership", "Leadership hire"
    INTENT = "intent", "Intent spike"
    JOBS = "jobs", "Job posting"
    INBOUND = "inbound", "Inbound request"
    OTHER = "other", "Other"


class GrowthSignal(models.Model):
    """Something that happened at the account and shows growth or intent."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="signals")
    kind = models.CharField(max_length=12, choices=SignalKind)
    happened_on = models.DateField(validators=[check_date])
    detail = models.CharField(max_length=300, validators=[check_storable])
    source_url = models.URLField(max_length=500, blank=True)

    class Meta:
        ordering = ["-happened_on"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.happened_on:%b %Y}: {self.detail}"
