"""The sla app: hangs its receivers on the bell; its policies are there after every migrate."""

from typing import Any

from django.apps import AppConfig
from django.apps import apps as installed
from django.db.models.signals import post_migrate


class SlaConfig(AppConfig):
    name = "sla"
    verbose_name = "SLA"

    def ready(self) -> None:
        from sla import receivers  # models can only be imported once every app is loaded

        receivers.connect()
        post_migrate.connect(ship, sender=self, dispatch_uid="sla.ship")


def ship(*, apps: Any = installed, **kwargs: object) -> None:
    """Put the shipped policies in force, unless their tables are not there (yet)."""
    try:
        apps.get_model("sla", "Spans")
    except LookupError:
        return
    from sla import shipped

    shipped.ship()
