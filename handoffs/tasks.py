"""What the worker runs for the handoffs app. Tasks take no arguments and find their work."""

from django.utils import timezone

from handoffs import news


def tell_news() -> None:
    """Tell of contacts that changed, and of updates that were given up."""
    news.tell_due(timezone.now())
    news.report_unmatched(timezone.now())
