"""Territories: a set of accounts with a team, a primary AE and ordered backups."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from team.models.calendars import WorkCalendar
from team.models.people import User


class TerritoryQuerySet(models.QuerySet["Territory"]):
    def worked_by(self, ae: User) -> "TerritoryQuerySet":
        """Those whose handoffs this AE may take: as primary, in the team, or as a backup."""
        mine = Q(primary=ae) | Q(team=ae) | Q(coverage__backup=ae)
        return self.filter(mine).order_by().distinct()


class Territory(models.Model):
    """A set of accounts that one team works."""

    name = models.CharField(max_length=80, unique=True)
    countries = models.JSONField(
        default=list,
        blank=True,
        help_text="Two-letter codes of the countries whose accounts belong here by default.",
    )
    calendar = models.ForeignKey(
        WorkCalendar,
        on_delete=models.PROTECT,
        related_name="territories",
        help_text="The business hours in which its promises run.",
    )
    manager = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="manages",
        limit_choices_to={"is_manager": True},
        help_text="Owns what nobody else can take.",
    )
    primary = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="primary_of",
        limit_choices_to={"is_ae": True},
        help_text="Gets every new handoff unless the account has an AE of its own.",
    )
    team = models.ManyToManyField(
        User,
        blank=True,
        related_name="territories",
        limit_choices_to={"is_ae": True},
        help_text="AEs who share new handoffs when there is no primary, and may take any of them.",
    )
    is_active = models.BooleanField("in use", default=True)

    objects = TerritoryQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "territories"

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        codes = self.countries
        if not isinstance(codes, list) or not all(
            isinstance(code, str) and len(code) == 2 and code.isalpha() for code in codes
        ):
            raise ValidationError({"countries": "Enter two-letter country codes, such as DE, AT."})
        self.countries = sorted({code.upper() for code in codes})
        for other in Territory.objects.filter(is_active=True).exclude(pk=self.pk):
            if both := set(self.countries) & set(other.countries):
                raise ValidationError(
                    {"countries": f"{', '.join(sorted(both))} already belongs to {other}."}
                )


class Coverage(models.Model):
    """A backup of a territory: asked in order of rank when the one before cannot."""

    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="coverage")
    backup = models.ForeignKey(
        User,
        on_delete=models.CASCADE,
        related_name="backs_up",
        limit_choices_to={"is_ae": True},
    )
    rank = models.PositiveSmallIntegerField(default=1, help_text="1 is asked first.")

    class Meta:
        ordering = ["territory", "rank", "pk"]
        verbose_name = "backup"
        constraints = [
            models.UniqueConstraint(
                fields=["territory", "backup"],
                name="coverage_names_a_backup_once",
                violation_error_message="This AE is already a backup of this territory.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.backup}, backup {self.rank} of {self.territory}"

    def clean(self) -> None:
        if self.territory_id and self.backup_id and self.backup_id == self.territory.primary_id:
            raise ValidationError({"backup": "The primary AE cannot be their own backup."})
