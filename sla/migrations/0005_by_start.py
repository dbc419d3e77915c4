"""Lets the reports find the promises and misses of a month without reading all of history."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sla", "0004_troubles_and_alerts")]

    operations = [
        migrations.AddIndex(
            "clock",
            models.Index(
                fields=["started_at"], condition=models.Q(cycle=0), name="clock_by_start"
            ),
        ),
        migrations.AddIndex("breach", models.Index(fields=["fell_due_at"], name="breach_by_due")),
    ]
