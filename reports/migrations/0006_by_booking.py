"""Lets the reports find the meetings booked in a month without reading all of them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reports", "0005_holes")]

    operations = [
        migrations.AddIndex("chain", models.Index(fields=["booked_at"], name="chain_by_booking")),
    ]
