"""What the worker calls; each task only says “go and look”."""

from time import monotonic

from django_q.tasks import async_task

from messaging import outbox
from messaging.delivery import PASS_SECONDS


def deliver() -> dict[str, int]:
    """One pass of the outbox; the next at once where this one had to end before all had left."""
    began = monotonic()
    results = outbox.deliver_due(patient=True)
    if results["sent"] and monotonic() - began >= PASS_SECONDS:
        async_task("messaging.tasks.deliver")
    return results
