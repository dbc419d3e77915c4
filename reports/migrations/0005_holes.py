"""Which numbers of the log may still be filled by a transaction under way."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reports", "0004_days")]

    operations = [
        migrations.AddField("reading", "holes", models.JSONField(default=list, null=True)),
    ]
