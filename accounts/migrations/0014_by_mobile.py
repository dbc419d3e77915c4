"""Lets an update or a row of a file find a person by mobile number without reading everybody."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0013_curly_apostrophes")]

    operations = [
        migrations.AddIndex(
            "contact",
            models.Index(
                fields=["mobile"], condition=~models.Q(mobile=""), name="contact_by_mobile"
            ),
        ),
    ]
