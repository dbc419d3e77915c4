"""The handoffs app: its frameworks and reasons are there after every migrate and every flush."""

from typing import Any

from django.apps import AppConfig
from django.apps import apps as installed
from django.db import DEFAULT_DB_ALIAS
from django.db.models.signals import post_migrate


class HandoffsConfig(AppConfig):
    name = "handoffs"
    verbose_name = "Handoffs"

    def ready(self) -> None:
        from accounts.querysets import OPENS
        from handoffs.querysets import people_opened_to

        if people_opened_to not in OPENS:
            OPENS.append(people_opened_to)
        post_migrate.connect(ship, sender=self, dispatch_uid="handoffs.ship")


def ship(*, using: str = DEFAULT_DB_ALIAS, apps: Any = installed, **kwargs: object) -> None:
    """Write what ships with the product, once the tables are as this release has them."""
    # Models can only be imported once every app is loaded.
    from handoffs import shipped

    if using == DEFAULT_DB_ALIAS and shipped.has_its_tables(apps):
        shipped.ship()
