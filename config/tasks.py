"""Housekeeping that belongs to no app."""

from datetime import timedelta

from django.core.management import call_command
from django.utils import timezone
from django_q.models import Task

FAILURES_KEPT = timedelta(days=7)


def tidy() -> None:
    """Drop ended sessions and old records of tasks."""
    call_command("clearsessions")
    Task.objects.filter(stopped__lt=timezone.now() - FAILURES_KEPT).delete()
