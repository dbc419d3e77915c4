"""What the worker runs for the sla app. Tasks take no arguments and find their work themselves."""

from django.utils import timezone

from sla import health


def heartbeat() -> None:
    """Prove that tasks run."""
    health.beat(timezone.now())
