"""The people who sign in, their roles, whom they report to, and when they are away."""

import zoneinfo
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import connection, models
from django.db.models import F, Q
from django.db.models.expressions import RawSQL
from django.utils import timezone
from django.utils.functional import cached_property

from team.bounds import check_instant
from team.zones import zone_named

BEFORE = timedelta(microseconds=1)  # an end is the first instant that no longer belongs to it
# A circle of people ends where it comes back to somebody who was found already.
TEAM = """
WITH RECURSIVE team(id) AS (
    SELECT id FROM team_user WHERE reports_to_id = %s
    UNION SELECT below.id FROM team_user AS below JOIN team ON below.reports_to_id = team.id
) SELECT id FROM team WHERE id <> %s
"""


class Role(models.TextChoices):
    """What somebody does in the process; a person can have more than one."""

    SDR = "sdr", "SDR"
    AE = "ae", "AE"
    MANAGER = "manager", "Manager"
    REVOPS = "revops", "RevOps admin"


def validate_time_zone(name: str) -> None:
    """Refuse what the system's time zone data does not know."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(f"“{name}” is not a time zone, such as Europe/Berlin.")


class PeopleQuerySet(models.QuerySet["User"]):
    def active(self) -> "PeopleQuerySet":
        return self.filter(is_active=True)

    def with_role(self, role: Role) -> "PeopleQuerySet":
        return self.active().filter(**{f"is_{role.value}": True})

    def admins(self) -> "PeopleQuerySet":
        """Everybody who is asked when nobody else is left: RevOps and superusers."""
        return self.active().filter(Q(is_revops=True) | Q(is_superuser=True)).order_by("pk")


class PeopleManager(UserManager["User"].from_queryset(PeopleQuerySet)):  # type: ignore[misc]
    """Django's manager with our queries."""


class User(AbstractUser):
    """Somebody of the sales team."""

    is_sdr = models.BooleanField("SDR", default=False, help_text="Fills in handoffs.")
    is_ae = models.BooleanField("AE", default=False, help_text="Takes handoffs over.")
    is_manager = models.BooleanField(
        "manager", default=False, help_text="Is told of missed promises and may reassign."
    )
    is_revops = models.BooleanField(
        "RevOps admin", default=False, help_text="Configures the product and runs imports."
    )
    reports_to = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="reports",
        help_text="The manager who is told when a promise of this person is missed.",
    )
    calendar = models.ForeignKey(
        "team.WorkCalendar",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="people",
        help_text="Their own working hours; empty means those of the territory.",
    )
    time_zone = models.CharField(
        max_length=64,
        default="UTC",
        validators=[validate_time_zone],
        help_text="Times are shown to them in this zone, such as America/New_York.",
    )
    capacity = models.PositiveSmallIntegerField(
        default=25,
        validators=[MinValueValidator(1), MaxValueValidator(500)],
        help_text="Open handoffs an AE may hold before new ones go to the backup.",
    )
    by_email = models.BooleanField(
        "notices by e-mail",
        default=True,
        help_text="Escalations come by e-mail whatever is chosen here.",
    )
    by_slack = models.BooleanField(
        "notices in Slack",
        default=True,
        help_text="Mentions in the team’s Slack channel, where one is set up.",
    )
    slack_member_id = models.CharField(
        max_length=32, blank=True, help_text="Such as U024BE7LH; lets Slack mention them."
    )

    password_given = models.BooleanField(
        default=False, db_default=False, editable=False
    )  # by somebody else, who knows it: to be changed at the next sign-in

    objects: ClassVar[PeopleManager] = PeopleManager()

    class Meta:
        ordering = ["first_name", "last_name", "username"]
        verbose_name = "person"
        verbose_name_plural = "people"
        constraints = [
            models.CheckConstraint(
                condition=Q(reports_to__isnull=True) | ~Q(reports_to=F("pk")),
                name="user_reports_to_somebody_else",
            )
        ]

    def __str__(self) -> str:
        return self.get_full_name() or self.username

    @property
    def roles(self) -> list[Role]:
        return [role for role in Role if getattr(self, f"is_{role.value}")]

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """Their time zone; the site's where the stored name no longer exists."""
        return zone_named(self.time_zone)

    def leads(self, role: Role) -> bool:
        """Whether this manager leads people with `role`: who may sign for that side."""
        if not (self.is_active and self.is_manager):
            return False
        return self.reports.filter(is_active=True, **{f"is_{role.value}": True}).exists()

    def chain_of_command(self, limit: int = 10) -> list["User"]:
        """The managers above this person, nearest first; stops at a circle."""
        chain: list[User] = []
        seen, person = {self.pk}, self.reports_to
        while person is not None and person.pk not in seen and len(chain) < limit:
            chain.append(person)
            seen.add(person.pk)
            person = person.reports_to
        return chain

    def team_ids(self) -> list[int]:
        """The ids of everybody who reports to this person, directly or through others. One query.

        As it stood when this instance was first asked: a page asks for every button it may show.
        """
        return list(self._team)

    @cached_property
    def _team(self) -> list[int]:
        with connection.cursor() as cursor:
            cursor.execute(TEAM, [self.pk, self.pk])
            return [pk for (pk,) in cursor.fetchall()]

    def team_query(self) -> RawSQL:
        """`team_ids` as part of a query."""
        return RawSQL(TEAM, [self.pk, self.pk], models.BigIntegerField())  # noqa: S611  no values

    def clean(self) -> None:
        super().clean()
        if self.pk and self.reports_to:
            above = [self.reports_to, *self.reports_to.chain_of_command()]
            if self.pk in {person.pk for person in above}:
                raise ValidationError(
                    {"reports_to": "These two would report to each other in a circle."}
                )
        if self.pk and not (self.is_active and (self.is_revops or self.is_superuser)):
            others = User.objects.admins().exclude(pk=self.pk)
            was_admin = User.objects.admins().filter(pk=self.pk).exists()
            if was_admin and not others.exists():
                raise ValidationError("This is the last active admin: name another one first.")

    def set_password(self, raw_password: str | None) -> None:
        """Set a password of their own: see `give_password` for one that somebody else knows."""
        super().set_password(raw_password)
        self.password_given = False

    def give_password(self, raw_password: str) -> None:
        """Set a password for them; they choose another one when they have signed in with it."""
        self.set_password(raw_password)
        self.password_given = True

    def save(self, *args: object, **kwargs: object) -> None:
        # Whoever has a role works in the admin's frame; what they see there is a matter of roles.
        self.is_staff = self.is_superuser or bool(self.roles)
        super().save(*args, **kwargs)  # type: ignore[arg-type]


class AbsenceQuerySet(models.QuerySet["Absence"]):
    def at(self, now: datetime) -> "AbsenceQuerySet":
        return self.filter(starts_at__lte=now, ends_at__gt=now)

    def of(self, people: Iterable[int]) -> "AbsenceQuerySet":
        return self.filter(user_id__in=people)


class Absence(models.Model):
    """A time in which somebody does not work: [starts_at, ends_at)."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="absences")
    starts_at = models.DateTimeField(validators=[check_instant])
    ends_at = models.DateTimeField(validators=[check_instant])
    cover = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="covers",
        help_text="Who takes their handoffs meanwhile; empty means the territory’s backups.",
    )
    note = models.CharField(
        max_length=200, blank=True, help_text="Seen by you, your managers and RevOps."
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = AbsenceQuerySet.as_manager()

    class Meta:
        ordering = ["-starts_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="absence_ends_after_it_starts",
                violation_error_message="The absence must end after it starts.",
            )
        ]

    def __str__(self) -> str:
        zone = zone_named(self.user.time_zone)
        first, last = self.starts_at.astimezone(zone), (self.ends_at - BEFORE).astimezone(zone)
        return f"{self.user} away {first:%-d %b %Y} to {last:%-d %b %Y}"

    def clean(self) -> None:
        if self.cover_id and self.cover_id == self.user_id:
            raise ValidationError({"cover": "Somebody else has to cover."})
