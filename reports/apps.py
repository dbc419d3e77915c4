"""The reports app."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import pre_delete


class ReportsConfig(AppConfig):
    name = "reports"
    verbose_name = "Reports"

    def ready(self) -> None:
        from handoffs.models import Handoff

        pre_delete.connect(_forget, sender=Handoff, dispatch_uid="reports")


def _forget(instance: Any, **rest: Any) -> None:
    """A draft that is deleted takes its facts along: nothing is left in the log to tell of it."""
    from reports import facts

    facts.forget(instance.pk)
