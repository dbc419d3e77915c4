"""Every recurring job in one table, and the only place where a schedule is made."""

from datetime import timedelta
from typing import Any, NamedTuple

from django.db import transaction
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.models import Schedule
from django_q.tasks import async_task

# Pokes that wait beyond this many say nothing new: each task finds all of its work itself.
ENOUGH_WAITING = 10
LONG_PAST = timedelta(hours=1)


class Job(NamedTuple):
    """A task without arguments that looks for its own work, run every so many minutes."""

    name: str
    task: str
    minutes: int


HEARTBEAT = Job("Show that the worker lives", "sla.tasks.heartbeat", 1)
JOBS = (
    Job("Wake somebody where a promise runs late", "sla.tasks.sweep", 1),
    Job("Send what waits in the outbox", "messaging.tasks.deliver", 1),
    HEARTBEAT,
    Job("Read what other systems sent", "accounts.tasks.process_inbox", 1),
    Job("Ask data sources about records", "accounts.tasks.ask_sources", 1),
    Job("Import what people have brought", "config.tasks.run_imports", 1),
    Job("Tell who works with somebody that they changed", "handoffs.tasks.tell_news", 1),
    Job("Read the log for the reports", "reports.tasks.read_log", 5),
    Job("Post reviews and weekly digests", "reports.tasks.send", 60),
    Job("Measure what waiting costs", "handoffs.tasks.measure_speed", 24 * 60),
    Job("Draw packages to calibrate on", "handoffs.tasks.open_calibration", 24 * 60),
    Job("Count who came to their meetings", "handoffs.tasks.measure_shows", 24 * 60),
    Job("Try whether missed promises reach somebody", "sla.tasks.check_reach", 24 * 60),
    Job("Measure how fast data go wrong", "accounts.tasks.measure_decay", 24 * 60),
    Job("Do what people asked about their data", "privacy.tasks.work_requests", 1),
    Job("Forget what is too old", "privacy.tasks.nightly", 24 * 60),
    Job("Tidy up", "config.tasks.tidy", 24 * 60),
)


def has_its_table(apps: Any) -> bool:
    """Whether `apps`, as a migration left them, have every column that `sync` writes to."""
    try:
        migrated = apps.get_model("django_q", "Schedule")
    except LookupError:
        return False
    return {field.column for field in Schedule._meta.fields} <= {
        field.column for field in migrated._meta.fields
    }


def sync() -> None:
    """Make django-q2's schedules those of JOBS, whatever was there.

    One malformed row stops all of its schedules, so nothing else may stand in that table; a row
    that a clock set back would leave waiting for hours is due at once.
    """
    now = timezone.now()
    kept = []
    with transaction.atomic():
        found = {row.name: row for row in Schedule.objects.order_by("-pk")}
        for job in JOBS:
            row = found.get(job.name) or Schedule(name=job.name, next_run=now)
            changed = row.pk is None
            for field, value in _wanted(job).items():
                changed = changed or getattr(row, field) != value
                setattr(row, field, value)
            latest = now + timedelta(minutes=job.minutes)
            if row.next_run is None or not now - LONG_PAST <= row.next_run <= latest:
                row.next_run, changed = now, True
            if changed:
                row.save()
            kept.append(row.pk)
        Schedule.objects.exclude(pk__in=kept).delete()


def poke(*jobs: Job) -> None:
    """Have the worker run `jobs` now, unless plenty waits already."""
    if get_broker().queue_size() < ENOUGH_WAITING:
        for job in jobs:
            async_task(job.task)


def _wanted(job: Job) -> dict[str, object]:
    return {
        "func": job.task,
        "schedule_type": Schedule.MINUTES,
        "minutes": job.minutes,
        "repeats": -1,
        "args": None,
        "kwargs": None,
        "hook": None,
        "cron": None,
        "cluster": None,
        "intended_date_kwarg": None,
    }
