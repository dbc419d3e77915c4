"""What the worker runs for the sla app. Tasks take no arguments and find their work themselves."""

from django.utils import timezone

from sla import clocks, health

ENOUGH = 40  # seconds for one task, which the worker ends after 60


def heartbeat() -> None:
    """Prove that tasks run."""
    health.beat(timezone.now())


def sweep() -> None:
    """Wake somebody where a promise runs late."""
    clocks.sweep(seconds=ENOUGH)
