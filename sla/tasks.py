"""What the worker runs for the sla app. Tasks take no arguments and find their work themselves."""

from django.utils import timezone

from sla import clocks, health, nightly

ENOUGH = 40  # seconds for one task, which the worker ends after 60


def heartbeat() -> None:
    """Prove that tasks run."""
    health.beat(timezone.now())


def sweep() -> None:
    """Wake somebody where a promise runs late."""
    clocks.sweep(seconds=ENOUGH)


def check_reach() -> None:
    """Look whether every missed promise would reach somebody; tell the admins of new holes."""
    nightly.check_reach(timezone.now())
