"""How fast values of each kind go wrong, by who vouched for them, as our own checks show it."""

from django.db import models

from accounts.models.contact import VerifiedField


class DecayRate(models.Model):
    """The hazard of one field of one source; measured anew every night."""

    source = models.CharField(max_length=80)
    field = models.CharField(max_length=8, choices=VerifiedField)
    per_year = models.FloatField(help_text="Hazard: a share of exp(−this) is right after a year.")
    wrong = models.PositiveIntegerField("found wrong")
    contact_years = models.FloatField("contact-years watched")
    measured_at = models.DateTimeField()

    class Meta:
        ordering = ["-per_year"]
        constraints = [
            models.UniqueConstraint(fields=["source", "field"], name="decay_rate_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_field_display()} of {self.source}"
