"""How the team's own speed has converted: a daily measurement, derived from the handoffs."""

from django.db import models


class SpeedCurve(models.Model):
    """The newest measurement, one row: written by `handoffs.waiting.measure`, never by hand.

    `points` are [hours, share] pairs in the order of hours: of the handoffs first contacted about
    so many calendar hours after submission, the share that became an opportunity. Empty while
    there are too few cases to say anything.
    """

    measured_at = models.DateTimeField()
    cases = models.PositiveIntegerField(help_text="First contacts with an outcome, last 12 months.")
    points = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="one_speed_curve"),
        ]

    def __str__(self) -> str:
        return f"Speed to conversion, {self.cases} cases"


class ShowRecord(models.Model):
    """How many came to their meetings, by the risk that was foretold: the newest count, one row.

    Written by `handoffs.no_show.measure`. `bands` is {band: [came, meetings]}.
    """

    measured_at = models.DateTimeField()
    bands = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="one_show_record"),
        ]

    def __str__(self) -> str:
        return f"Meetings by risk, as of {self.measured_at:%d %b %Y}"
