"""What the worker runs for the accounts app. Tasks take no arguments and find their work."""

from accounts.hooks import inbox


def process_inbox() -> None:
    """Read what other systems sent."""
    inbox.process_due()
