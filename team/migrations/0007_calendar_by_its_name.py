# The name that the menu gives it; nothing in the database changes.

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('team', '0006_column_matches'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='workcalendar',
            options={'ordering': ['name'], 'verbose_name': 'calendar'},
        ),
    ]
