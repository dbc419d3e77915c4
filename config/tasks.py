"""Housekeeping that belongs to no app."""

from datetime import timedelta

from django.core.management import call_command
from django.utils import timezone
from django_q.models import Task

from accounts import merging
from accounts.enrichment import asking
from accounts.hooks import inbox

FAILURES_KEPT = timedelta(days=7)


def tidy() -> None:
    """Drop ended sessions, old records of tasks, and what was received long ago."""
    call_command("clearsessions")
    inbox.clean(timezone.now())
    merging.forget(timezone.now())
    asking.clean(timezone.now())
    Task.objects.filter(stopped__lt=timezone.now() - FAILURES_KEPT).delete()
