"""What the worker runs for privacy. Tasks take no arguments and find their work."""

from django.utils import timezone

from privacy import people, requests, retention


def work_requests() -> None:
    """Do what two admins have agreed on."""
    requests.work(timezone.now())


def nightly() -> None:
    """Forget what is too old, and once more whoever came back after an erasure."""
    now = timezone.now()
    people.erase_again(at=now)
    retention.forget(now)
