# The name that the menu gives it; nothing in the database changes.

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('handoffs', '0015_closed_of_sdr'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='frameworkversion',
            options={'ordering': ['framework__name', '-number'], 'verbose_name': 'version of the standard', 'verbose_name_plural': 'versions of the standard'},
        ),
    ]
