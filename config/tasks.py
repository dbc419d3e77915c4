"""Housekeeping that belongs to no app."""

import subprocess
from datetime import timedelta

from django.core.management import call_command
from django.utils import timezone
from django_q.models import Task

from accounts import merging
from accounts.enrichment import asking
from accounts.hooks import inbox
from config.worker import command
from team.sheets import runs

FAILURES_KEPT = timedelta(days=7)


def run_imports() -> None:
    """Start a process for imports that wait: a long one would outlast a task's time.

    It belongs to the cluster's group, so it ends with it; its work is then begun again.
    """
    runs.tidy(timezone.now())
    if runs.is_waited_for():
        subprocess.Popen(command("run_imports"))  # noqa: S603  a command of our own


def tidy() -> None:
    """Drop ended sessions, old records of tasks, and what was received long ago."""
    call_command("clearsessions")
    inbox.clean(timezone.now())
    merging.forget(timezone.now())
    asking.clean(timezone.now())
    Task.objects.filter(stopped__lt=timezone.now() - FAILURES_KEPT).delete()
