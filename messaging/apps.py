"""The messaging app: its texts are there after every migrate and every flush."""

from typing import Any

from django.apps import AppConfig
from django.apps import apps as installed
from django.db.models.signals import post_migrate


class MessagingConfig(AppConfig):
    name = "messaging"
    verbose_name = "Messages"

    def ready(self) -> None:
        post_migrate.connect(ship, sender=self, dispatch_uid="messaging.ship")


def ship(*, apps: Any = installed, **kwargs: object) -> None:
    """Write the shipped texts and the first channel, unless their tables are not there (yet)."""
    try:
        apps.get_model("messaging", "MessageTemplate")
    except LookupError:
        return
    # Models can only be imported once every app is loaded.
    from messaging import channels, texts

    texts.ship()
    channels.ship()
