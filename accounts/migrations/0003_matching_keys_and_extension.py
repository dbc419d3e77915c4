import accounts.names
import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_initial")]

    operations = [
        migrations.AddField("account", "name_key", accounts.names.NameKey()),
        migrations.AddField(
            "contact",
            "phone_extension",
            models.CharField(
                blank=True,
                max_length=11,
                validators=[django.core.validators.RegexValidator("^\\d*\\Z", "Digits only.")],
                verbose_name="extension",
                default="",
            ),
            preserve_default=False,
        ),
        migrations.AddIndex(
            "contact",
            models.Index(
                condition=~models.Q(phone=""), fields=["phone"], name="contact_by_phone"
            ),
        ),
    ]
