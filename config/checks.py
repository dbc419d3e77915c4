"""System checks for a deployment that is set up wrongly. Each has an id; see docs/operations.md."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connection


@register()
def worker_settings(**kwargs: Any) -> list[CheckMessage]:
    """django-q2 repeats a task that is still running when `retry` is not well above `timeout`."""
    found: list[CheckMessage] = []
    queue: dict[str, Any] = settings.Q_CLUSTER
    if queue["retry"] <= 3 * queue["timeout"]:
        found.append(
            Error(
                "Q_CLUSTER: retry has to be more than three times timeout.",
                hint="The count starts when a task is fetched ahead, not when it starts.",
                id="config.E001",
            )
        )
    if not queue.get("max_attempts"):
        found.append(
            Error("Q_CLUSTER: max_attempts has to be set.", hint="Such as 3.", id="config.E002")
        )
    if queue.get("catch_up", True) or not queue.get("ack_failures"):
        found.append(
            Error(
                "Q_CLUSTER: catch_up has to be off and ack_failures on.",
                hint="Missed runs collapse into one; a failed poke is not repeated for ever.",
                id="config.E003",
            )
        )
    return found


@register()
def time_settings(**kwargs: Any) -> list[CheckMessage]:
    """Instants are kept in UTC, and the scheduler counts in it."""
    if settings.USE_TZ and settings.TIME_ZONE == settings.Q_CLUSTER.get("time_zone") == "UTC":
        return []
    return [
        Error(
            "TIME_ZONE and Q_CLUSTER’s time_zone have to be UTC, with USE_TZ on.",
            hint="People have their own zone on their page; opening hours have the calendar’s.",
            id="config.E004",
        )
    ]


@register()
def mail_settings(**kwargs: Any) -> list[CheckMessage]:
    """A mail server that hangs must not hold the worker for ever."""
    if settings.EMAIL_TIMEOUT and 0 < settings.EMAIL_TIMEOUT < int(settings.Q_CLUSTER["timeout"]):
        return []
    return [
        Error(
            "EMAIL_TIMEOUT has to be set, and below the worker’s own limit for a task.",
            hint="EMAIL_URL takes ?timeout=15.",
            id="config.E005",
        )
    ]


@register(Tags.database)
def sqlite_settings(databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Without WAL, IMMEDIATE and a long wait people would see “database is locked”."""
    if connection.vendor != "sqlite":
        return []
    options = connection.settings_dict.get("OPTIONS", {})
    found: list[CheckMessage] = []
    if options.get("transaction_mode") != "IMMEDIATE" or options.get("timeout", 0) < 20:
        found.append(
            Error(
                "SQLite needs transaction_mode IMMEDIATE and a timeout of 20 seconds or more.",
                id="config.E006",
            )
        )
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode")
        mode = cursor.fetchone()[0]
    if mode not in {"wal", "memory"}:
        found.append(
            Warning(
                f"SQLite runs in journal mode {mode}, not WAL.",
                hint="Put the file on a local disk; network shares do not take WAL.",
                id="config.W001",
            )
        )
    return found


@register(deploy=True)
def deployed_settings(**kwargs: Any) -> list[CheckMessage]:
    """What a real installation has and a trial on one’s own machine does not."""
    found: list[CheckMessage] = []
    if not settings.BASE_URL.startswith("https://"):
        found.append(
            Warning(
                "BASE_URL is not an https:// address.",
                hint="Links in messages lead there, and cookies are only safe over it.",
                id="config.W002",
            )
        )
    if not settings.EMAIL_BACKEND.endswith(".smtp.EmailBackend") and "django.core" in (
        settings.EMAIL_BACKEND
    ):
        found.append(
            Warning(
                "EMAIL_URL does not name a mail server.",
                hint="Escalations by e-mail would only be printed.",
                id="config.W003",
            )
        )
    return found
