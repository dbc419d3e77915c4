"""Where benchmarks of the machinery play: a team with any number of handoffs that wait.

One handoff is submitted for each AE through the real verbs; those are then copied inside the
database, without the packages in their log, with clocks that are not due. Nothing here measures.
"""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.stage import HOME, child, manage

TEAM = 40  # AEs
HALF = timedelta(minutes=30)  # of an inbound request's hour: when its first step falls due
FAR = timedelta(days=30)


@contextmanager
def crowds(vendor: str, sizes: list[int]) -> Iterator[dict[int, str]]:
    """The address of a database for each number of open handoffs."""
    with ExitStack() as stack:
        urls = {}
        start, copy = (_postgres if vendor == "postgresql" else _sqlite)(stack)
        manage(start, "migrate", "-v0")
        for size in sizes:
            urls[size] = copy(start, size)
            maker = child(__file__, urls[size], str(size))
            maker.communicate()
            if maker.returncode:
                raise SystemExit("The crowd was not made; its words are above.")
            print(f"{size:,} open handoffs are there", flush=True)
        yield urls


def _sqlite(stack: ExitStack) -> tuple[str, Any]:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="desk-bench-")))

    def copy(start: str, size: int) -> str:
        shutil.copy(folder / "start.sqlite3", folder / f"{size}.sqlite3")
        return f"sqlite:///{folder}/{size}.sqlite3"

    return f"sqlite:///{folder}/start.sqlite3", copy


def _postgres(stack: ExitStack) -> tuple[str, Any]:
    from tests.postgres import new_database, start_postgres

    server = stack.enter_context(start_postgres())
    start = stack.enter_context(new_database(server))

    def copy(start: str, size: int) -> str:
        return stack.enter_context(new_database(server, like=start.rsplit("/", 1)[1]))

    return start, copy


def at_home() -> None:
    """Django, set up in a child of a benchmark."""
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.chdir(HOME)
    import django

    django.setup()


# --- In a child: one database ---------------------------------------------------------------------


def make(size: int) -> None:
    """So many handoffs that wait for acceptance, the same number for each AE."""
    from django.db import connection
    from django.db.models import QuerySet
    from django.utils import timezone

    from handoffs.models import Handoff, HandoffEvent
    from sla.models import Clock

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")  # a million rows in one statement
    _cast(timezone.now() - HALF - timedelta(minutes=1))
    # A million packages would measure the disk; the log itself refuses to be changed
    QuerySet(HandoffEvent).update(data={})
    Clock.objects.update(next_at=timezone.now() + FAR)
    copy((Handoff, HandoffEvent, Clock), -(-size // TEAM) - 1)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def make_due(count: int) -> datetime:
    """Have the first step of so many fall due; at which instant they are."""
    from sla.models import Clock, ClockKind

    waiting = Clock.objects.filter(kind=ClockKind.ACCEPT, state="running").order_by("pk")
    due_at = waiting[0].started_at + HALF
    chosen = list(waiting.values_list("pk", flat=True)[:count])
    Clock.objects.filter(pk__in=chosen).update(next_at=due_at)
    return due_at + timedelta(seconds=30)


def _cast(at: datetime) -> None:
    from team.models import Territory, WorkCalendar, WorkInterval
    from tests.factories import make_account, make_contact, make_standard, make_user, submitted

    director = make_user("director", "manager")
    manager = make_user("manager", "manager", reports_to=director)
    sdr = make_user("sdr", "sdr", reports_to=manager)
    make_user("revops", "revops")
    make_standard(manager, director)
    calendar = WorkCalendar.objects.create(name="Office hours", time_zone="Europe/Berlin")
    for day in ("mon", "tue", "wed", "thu", "fri"):
        WorkInterval.objects.create(calendar=calendar, weekday=day, opens="09:00", closes="17:00")
    north = Territory.objects.create(
        name="North", countries=["DE"], calendar=calendar, manager=manager
    )
    for number in range(TEAM):
        ae = make_user(f"ae{number}", "ae", reports_to=manager, capacity=500)
        north.team.add(ae)
        account = make_account(territory=north, owner=ae)
        contact = make_contact(account)
        submitted(sdr=sdr, account=account, contact=contact, lead_source="inbound", at=at)


def copy(models: tuple[Any, ...], times: int, only: list[int] | None = None) -> None:
    """Every row of `models` so many times more, each copy on its own copy of the handoff.

    `only`: the keys of the handoffs that are copied with what hangs on them; None: all.
    """
    from django.core.management.color import no_style
    from django.db import connection
    from django.db.models import Max

    from handoffs.models import Handoff

    strides = {model: model._base_manager.aggregate(last=Max("pk"))["last"] for model in models}
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        for model in models:
            columns = [field.column for field in model._meta.concrete_fields]
            moved = {"id": strides[model], "handoff_id": strides[Handoff]}
            values = [
                f"{quote(column)} + k * {moved[column]}" if column in moved else quote(column)
                for column in columns
            ]
            key = "id" if model is Handoff else "handoff_id"
            where = f" WHERE {key} IN ({', '.join(map(str, only))})" if only else ""
            cursor.execute(
                "WITH RECURSIVE copies(k) AS "
                "(SELECT 1 UNION ALL SELECT k + 1 FROM copies WHERE k < %s) "
                f"INSERT INTO {quote(model._meta.db_table)} ({', '.join(map(quote, columns))}) "
                f"SELECT {', '.join(values)} FROM {quote(model._meta.db_table)}, copies{where}",
                [times],
            )
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)


if __name__ == "__main__":
    at_home()
    make(int(sys.argv[1]))
