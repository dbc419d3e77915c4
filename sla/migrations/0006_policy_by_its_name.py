# The name that the menu gives it; nothing in the database changes.

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('sla', '0005_by_start'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='policyversion',
            options={'ordering': ['policy__name', '-number'], 'verbose_name': 'SLA policy', 'verbose_name_plural': 'SLA policies'},
        ),
    ]
