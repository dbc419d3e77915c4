"""Keeps with each handoff how fresh its contact’s data was; the next reading fills it in."""

from django.db import migrations, models


def age():
    return models.PositiveSmallIntegerField(null=True)


def read_again(apps, schema_editor):
    apps.get_model("reports", "Reading").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("reports", "0007_count_speed")]

    operations = [
        migrations.AddField(
            "fact",
            "email_age",
            models.PositiveSmallIntegerField(
                help_text="Days since the newest check of the contact’s e-mail when it was "
                "submitted; empty: there was none. The same for the other fields.",
                null=True,
            ),
        ),
        migrations.AddField("fact", "dial_age", age()),
        migrations.AddField("fact", "title_age", age()),
        migrations.AddField("fact", "employer_age", age()),
        migrations.AddField("fact", "has_contact", models.BooleanField(null=True)),
        migrations.RunPython(read_again, migrations.RunPython.noop),
    ]
