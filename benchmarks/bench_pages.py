"""What a page costs beside the length of history: the same page at several sizes, in turns.

For each page: queries, CPU milliseconds of the whole request (median), and bytes. A page grows with
the work it shows, never with history: its queries and CPU at the longest history are printed as a
ratio to the shortest. The last lines hold the queue's own query to its limit, the same rows by
plain SQL. Run: python benchmarks/bench_pages.py [postgresql|sqlite] [sizes, such as 1000,10000]
"""

import json
import subprocess
import sys
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import stage

ROUNDS = 7
PAGES = {
    "sdr": ["/", "/queue/"],
    "ae": ["/", "/queue/", "brief"],
    "manager": ["/", "/queue/", "/sla/attention/", "/reports/", "/reports/more/"],
    "revops": [
        "/",
        "/queue/",
        "/sla/health/",
        "/admin/handoffs/handoff/",
        "/admin/handoffs/handoff/?q=quokka",
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
    print(f"{vendor}: queries, CPU ms (median of {ROUNDS} turns) and kB per page")
    print(
        f"{'page':44}" + "".join(f"{f'{size:,} handoffs':>26}" for size in sizes) + "   CPU ratio"
    )
    for number, first in enumerate(rounds[sizes[0]][0]):
        cells, cpu = [], []
        for size in sizes:
            mine = [turn[number] for turn in rounds[size]]
            cpu.append(median(row["cpu"] for row in mine))
            cells.append(f"{mine[-1]['queries']:>6} q {cpu[-1]:8.1f} ms {mine[-1]['kb']:5.0f}")
        ratio = cpu[-1] / cpu[0] if cpu[0] else 1.0
        print(
            f"{first['page']:44}" + "".join(f"{cell:>26}" for cell in cells) + f"   {ratio:6.2f}x"
        )


# --- In a child: one database ---------------------------------------------------------------------


def serve() -> None:
    import django
    from django.conf import settings

    settings.ALLOWED_HOSTS = ["*"]
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": plain}
    django.setup()
    from django.test import Client

    from team.models import User

    clients = {}
    for name in PAGES:
        clients[name] = Client()
        clients[name].force_login(User.objects.get(username=name))
    tries = [(name, page) for name, pages in PAGES.items() for page in pages]
    for name, page in tries:  # what is cached per process is cached before it counts
        _measure(clients[name], name, page)
    for _ in sys.stdin:
        rows = [_measure(clients[name], name, page) for name, page in tries]
        rows += _limit()
        print(json.dumps(rows), flush=True)


def _measure(client: Any, name: str, page: str) -> Row:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    path = _brief() if page == "brief" else page
    began = process_time()
    response = client.get(path)
    cpu = process_time() - began
    assert response.status_code == 200, (name, path, response.status_code)
    with CaptureQueriesContext(connection) as queries:
        client.get(path)
    kb = len(response.content) / 1000
    return {"page": f"{name} {page}", "cpu": 1000 * cpu, "queries": len(queries), "kb": kb}


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
        began = process_time()
        for _ in range(10):
            work()
        cpu = (process_time() - began) / 10
        rows.append({"page": name, "cpu": 1000 * cpu, "queries": 1, "kb": 0})
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
    if sys.argv[1:] == ["child"]:
        import os

        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
        serve()
    else:
        on = sys.argv[1] if len(sys.argv) > 1 else "postgresql"
        lengths = sys.argv[2] if len(sys.argv) > 2 else "1000,10000"
        main(on, [int(size) for size in lengths.split(",")])
