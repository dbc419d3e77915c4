"""What the worker runs for the accounts app. Tasks take no arguments and find their work."""

from django.utils import timezone

from accounts import decay
from accounts.enrichment import asking
from accounts.hooks import inbox


def process_inbox() -> None:
    """Read what other systems sent."""
    inbox.process_due()


def ask_sources() -> None:
    """Ask data sources what somebody wants to know of a record."""
    asking.answer_due()


def measure_decay() -> None:
    """Measure how fast contact data go wrong, by source."""
    decay.measure(timezone.now())
