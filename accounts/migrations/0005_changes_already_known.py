from django.db import migrations
from django.db.models import F


def told(apps, schema_editor):
    """What changed before anybody was told of changes is no news."""
    apps.get_model("accounts", "ContactChange").objects.filter(told_at=None).update(
        told_at=F("changed_at")
    )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_departures")]
    operations = [migrations.RunPython(told, migrations.RunPython.noop)]
