"""What the worker runs for reports. Tasks take no arguments and find their work themselves."""

from django.utils import timezone

from reports import digest, facts, rollup

LONGEST = 120  # seconds of counting at a time, so that other tasks get their turn


def read_log() -> None:
    """Read what the log has gained and count the days it changed, so that no page has to."""
    facts.catch_up()
    rollup.roll(timezone.now(), seconds=LONGEST)


def send() -> None:
    """Post the invitation to the monthly review and the weekly digest where they are due."""
    now = timezone.now()
    digest.invite_to_review(now)
    digest.weekly(now)
