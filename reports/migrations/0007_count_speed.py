"""Has every day counted again: it now holds what waiting cost as well."""

from django.db import migrations


def count_again(apps, schema_editor):
    apps.get_model("reports", "Day").objects.update(rolled=0)


class Migration(migrations.Migration):
    dependencies = [("reports", "0006_by_booking")]

    operations = [migrations.RunPython(count_again, migrations.RunPython.noop)]
