"""Drops the facts, which are derived from the log: the next migration gives them more columns, and
the next reading writes them anew."""

from django.db import migrations


def forget(apps, schema_editor):
    for name in ("Chain", "Fact", "Reading"):
        apps.get_model("reports", name).objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("reports", "0002_review")]

    operations = [migrations.RunPython(forget, migrations.RunPython.noop)]
