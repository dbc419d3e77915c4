"""What the worker calls; each task only says “go and look”."""

from messaging import outbox


def deliver() -> dict[str, int]:
    """One pass of the outbox."""
    return outbox.deliver_due(patient=True)
