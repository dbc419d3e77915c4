"""What a page costs beside the length of history: the same page at several sizes, in turns.

For each page: queries, milliseconds of the whole request as one reader waits for it and of that the
CPU of the web process (medians), and kilobytes. A page grows with the work it shows, never with
history: its queries and CPU at the longest history are printed as a ratio to the shortest. The last
lines hold the queue's own query to its limit, the same rows by plain SQL.
Run: python benchmarks/bench_pages.py [postgresql|sqlite] [sizes, such as 1000,10000], 1000000 is
possible; with `measure` instead, on the demo that DATABASE_URL holds already.
"""

import json
import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import stage

ROUNDS = 7
PAGES = {
    "sdr": ["/", "/queue/"],
    "ae": ["/", "/queue/", "brief"],
    "manager": [
        "/",
        "/queue/",
        "/sla/attention/",
        "/sla/coverage/",
        "/reports/",
        "/reports/?by=sdr",
        "/reports/more/",
        "/reports/review/",
        "/reports/handoffs/?metric=show&part=denominator",
    ],
    "revops": [
        "/",
        "/queue/",
        "/sla/health/",
        "/admin/handoffs/handoff/",
        "/admin/handoffs/handoff/?q=quokka",
        "/admin/handoffs/handoff/?p=last",
        "/admin/accounts/account/",
        "/admin/accounts/contact/",
        "/admin/messaging/message/",
    ],
}

Row = dict[str, Any]


def main(vendor: str, sizes: list[int]) -> None:
    with stage.histories(vendor, sizes) as urls:
        children = {size: stage.child(__file__, url, "child") for size, url in urls.items()}
        rounds: dict[int, list[list[Row]]] = {size: [] for size in sizes}
        for _ in range(ROUNDS):
            for size, process in children.items():
                rounds[size].append(_ask(process))
        for process in children.values():
            process.kill()
    _print(vendor, sizes, rounds)


def measure() -> None:
    """The same of one database that is there."""
    clients = _clients()
    rounds = [_rows(clients) for _ in range(ROUNDS + 1)][1:]  # the first warms what is cached

    from django.db import connection

    from handoffs.models import Handoff

    size = Handoff.objects.count()
    _print(connection.vendor, [size], {size: rounds})


def _ask(process: "subprocess.Popen[str]") -> list[Row]:
    assert process.stdin and process.stdout
    process.stdin.write("go\n")
    process.stdin.flush()
    answer = process.stdout.readline()
    if not answer:
        raise SystemExit("a child has died; its words are above")
    rows: list[Row] = json.loads(answer)
    return rows


def _print(vendor: str, sizes: list[int], rounds: dict[int, list[list[Row]]]) -> None:
    print(f"{vendor}: queries, ms of waiting and of CPU (medians of {ROUNDS} turns), kB per page")
    print(
        f"{'page':44}" + "".join(f"{f'{size:,} handoffs':>26}" for size in sizes) + "   CPU ratio"
    )
    for number, first in enumerate(rounds[sizes[0]][0]):
        cells, cpu = [], []
        for size in sizes:
            mine = [turn[number] for turn in rounds[size]]
            cpu.append(median(row["cpu"] for row in mine))
            wall = median(row["wall"] for row in mine)
            last = mine[-1]
            cells.append(f"{last['queries']:>5} q {wall:7.0f} {cpu[-1]:7.1f} ms {last['kb']:5.0f}")
        ratio = cpu[-1] / cpu[0] if cpu[0] else 1.0
        print(
            f"{first['page']:44}" + "".join(f"{cell:>34}" for cell in cells) + f"   {ratio:6.2f}x"
        )


# --- In a child: one database ---------------------------------------------------------------------


def serve() -> None:
    clients = _clients()
    _rows(clients)  # what is cached per process is cached before it counts
    for _ in sys.stdin:
        print(json.dumps(_rows(clients)), flush=True)


def _clients() -> dict[str, Any]:
    """A browser for each reader, signed in."""
    import django
    from django.conf import settings

    settings.ALLOWED_HOSTS = ["*"]
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": plain}
    django.setup()
    from django.test import Client

    from team.models import User

    clients = {name: Client() for name in PAGES}
    for name, client in clients.items():
        client.force_login(User.objects.get(username=name))
    return clients


def _rows(clients: dict[str, Any]) -> list[Row]:
    tries = [(name, page) for name, pages in PAGES.items() for page in pages]
    return [_measure(clients[name], name, page) for name, page in tries] + _limit()


def _measure(client: Any, name: str, page: str) -> Row:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    path = _brief() if page == "brief" else page.replace("p=last", f"p={_last_page()}")
    waited, began = perf_counter(), process_time()
    response = client.get(path, follow=True)
    cpu, wall = process_time() - began, perf_counter() - waited
    assert response.status_code == 200, (name, path, response.status_code)
    with CaptureQueriesContext(connection) as queries:
        client.get(path, follow=True)
    kb = len(response.content) / 1000
    row = {"cpu": 1000 * cpu, "wall": 1000 * wall, "queries": len(queries), "kb": kb}
    return {"page": f"{name} {page}", **row}


def _last_page() -> int:
    from django.contrib import admin

    from handoffs.models import Handoff

    size = admin.site.get_model_admin(Handoff).list_per_page
    return -(-Handoff.objects.count() // size)


def _brief() -> str:
    from handoffs.models import Handoff
    from team.models import User

    ae = User.objects.get(username="ae")
    mine = Handoff.objects.filter(owner=ae, status="accepted").order_by("pk").first()
    assert mine is not None
    return f"/handoffs/{mine.pk}/"


def _limit() -> list[Row]:
    """The rows that the AE's queue shows, by plain SQL and by the queue's own query."""
    from django.db import connection

    from handoffs.models import Handoff
    from team.models import User

    ae = User.objects.get(username="ae")
    rows = []
    ours = Handoff.objects.waiting_for(ae)[:50]
    for name, work in (
        ("queue rows, ours", lambda: list(ours.all())),
        ("queue rows, plain SQL", lambda: _plain(connection, ae.pk)),
    ):
        waited, began = perf_counter(), process_time()
        for _ in range(10):
            work()
        cpu, wall = (process_time() - began) / 10, (perf_counter() - waited) / 10
        rows.append({"page": name, "cpu": 1000 * cpu, "wall": 1000 * wall, "queries": 1, "kb": 0})
    return rows


def _plain(connection: Any, owner: int) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, account_id, lead_source, next_due_at FROM handoffs_handoff "
            "WHERE owner_id = %s AND status = 'submitted' ORDER BY next_due_at, id LIMIT 50",
            [owner],
        )
        return list(cursor.fetchall())


if __name__ == "__main__":
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if sys.argv[1:] == ["child"]:
        serve()
    elif sys.argv[1:] == ["measure"]:
        measure()
    else:
        on = sys.argv[1] if len(sys.argv) > 1 else "postgresql"
        lengths = sys.argv[2] if len(sys.argv) > 2 else "1000,10000"
        main(on, [int(size) for size in lengths.split(",")])
