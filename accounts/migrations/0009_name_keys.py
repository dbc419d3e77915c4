from django.db import migrations

from accounts.names import name_key


def fill(apps, schema_editor):
    """Accounts from before names had a key get theirs; a thousand at a time."""
    Account = apps.get_model("accounts", "Account")
    batch = []
    for account in Account.objects.filter(name_key="").only("pk", "name").iterator(1000):
        account.name_key = name_key(account.name)
        batch.append(account)
        if len(batch) == 1000:
            Account.objects.bulk_update(batch, ["name_key"])
            batch = []
    Account.objects.bulk_update(batch, ["name_key"])


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_merges")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
