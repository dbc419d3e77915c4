"""What the worker runs for the handoffs app. Tasks take no arguments and find their work."""

from django.utils import timezone

from handoffs import bounces, calibration, news, no_show, waiting


def measure_speed() -> None:
    """Measure what waiting costs from how the team's own handoffs ended."""
    waiting.measure(timezone.now())


def measure_shows() -> None:
    """Count how many came to their meetings, by the risk that was foretold."""
    no_show.measure(timezone.now())


def tell_news() -> None:
    """Tell of contacts that changed, and of updates that were given up."""
    bounces.note_due(timezone.now())
    news.tell_due(timezone.now())
    news.report_unmatched(timezone.now())


def open_calibration() -> None:
    """Draw the packages that leaders score this month, if that is not done yet."""
    calibration.open_round(timezone.now())
