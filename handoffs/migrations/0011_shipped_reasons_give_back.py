"""Marks the shipped reasons that give a turn back, where they were shipped before."""

from django.db import migrations

GIVING_BACK = [
    "duplicate",
    "wrong_territory",
    "existing_customer",
    "after_duplicate",
    "no_shows",
    "unreachable",
]


def mark(apps, schema_editor):
    apps.get_model("handoffs", "Reason").objects.filter(code__in=GIVING_BACK).update(
        gives_back=True
    )


class Migration(migrations.Migration):
    dependencies = [("handoffs", "0010_reason_gives_back_the_turn")]

    operations = [migrations.RunPython(mark, migrations.RunPython.noop, elidable=True)]
