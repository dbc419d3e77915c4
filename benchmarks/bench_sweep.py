"""What the sweep costs beside its limit, and beside the number of clocks that are not due.

First ten due clocks at several numbers of open ones: queries, rows read (PostgreSQL: EXPLAIN
ANALYZE of each; SQLite: steps of its virtual machine), by which index the due ones are found, and
an idle pass. Then due clocks per second, in turns: the limit by plain SQL in batches of 500 (claim,
record, write a message; nobody's reachability, no words), the sweep, and one by one as most tools
do it. Run: python benchmarks/bench_sweep.py [postgresql,sqlite] [sizes, such as 1000,1000000]
"""

import json
import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import crowd, stage

TURNS = 5
DUE = {"plain SQL": 2_000, "sweep": 2_000, "one by one": 100}
BATCH = 500

Row = dict[str, Any]


def main(vendors: list[str], sizes: list[int]) -> None:
    for vendor in vendors:
        with crowd.crowds(vendor, sizes) as urls:
            children = {size: stage.child(__file__, url, "child") for size, url in urls.items()}
            print(f"{vendor}: a sweep with 10 due clocks, and with none")
            print(f"{'open':>14}{'queries':>9}{'rows read':>11}{'ms':>8}{'idle ms':>9}   by")
            for size, process in children.items():
                row = _ask(process, "cost")
                print(
                    f"{size:>14,}{row['queries']:>9}{row['read']:>11,}{row['ms']:>7.1f}"
                    f"{row['idle']:>9.2f}  {row['by']}"
                )
            print(f"{vendor}: due clocks per second, median of {TURNS} turns, {sizes[-1]:,} open")
            speeds = _ask(children[sizes[-1]], "speed")
            limit = median(speeds["plain SQL"])
            for name, turns in speeds.items():
                print(
                    f"{name:14}{median(turns):>9,.0f}/s   {median(turns) / limit:6.1%} of the limit"
                )
            for process in children.values():
                process.kill()


def _ask(process: "subprocess.Popen[str]", what: str) -> Row:
    assert process.stdin and process.stdout
    process.stdin.write(f"{what}\n")
    process.stdin.flush()
    answer = process.stdout.readline()
    if not answer:
        raise SystemExit("a child has died; its words are above")
    row: Row = json.loads(answer)
    return row


# --- In a child: one database ---------------------------------------------------------------------


def serve() -> None:
    for line in sys.stdin:
        print(json.dumps({"cost": cost, "speed": speed}[line.strip()]()), flush=True)


def cost() -> Row:
    from django.db import connection, transaction
    from django.test.utils import CaptureQueriesContext

    from sla import clocks
    from sla.models import Clock

    now = crowd.make_due(10)

    def taken_back(work: Any) -> Any:
        with transaction.atomic():
            done = work()
            transaction.set_rollback(True)
        return done

    def timed() -> float:
        began = perf_counter()
        assert clocks.sweep(now)["fired"] == 10
        return 1000 * (perf_counter() - began)

    spent = [taken_back(timed) for _ in range(TURNS)]
    with CaptureQueriesContext(connection) as queries:
        taken_back(timed)
    read = _rows_read if connection.vendor == "postgresql" else _steps
    seen = taken_back(lambda: read(lambda: clocks.sweep(now)))
    plan = Clock.objects.due(now).order_by("next_at", "pk")[: clocks.BATCH].explain()
    assert clocks.sweep(now)["fired"] == 10
    idle = []
    for _ in range(20):
        began = perf_counter()
        clocks.sweep(now)
        idle.append(1000 * (perf_counter() - began))
    return {
        "queries": len([q for q in queries if "SAVEPOINT" not in q["sql"]]),
        "read": seen,
        "ms": median(spent),
        "idle": median(idle),
        "by": "clock_due" if "clock_due" in plan else plan,
    }


def _rows_read(work: Any) -> int:
    """Rows that PostgreSQL looks at for what `work` asks, by EXPLAIN ANALYZE of each question."""
    from django.db import connection

    read = 0

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal read
        if sql.startswith("SELECT"):
            with context["connection"].connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params)
                ((plans,),) = cursor.fetchall()
            read += sum(_scanned(plan["Plan"]) for plan in _loaded(plans))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        work()
    return read


def _loaded(plans: Any) -> Any:
    return json.loads(plans) if isinstance(plans, str) else plans


def _scanned(node: Row) -> int:
    """The rows that a plan reads from tables: those it keeps and those it throws away."""
    below = sum(_scanned(one) for one in node.get("Plans", []))
    if "Relation Name" not in node:
        return below
    thrown = sum(count for name, count in node.items() if name.startswith("Rows Removed by"))
    return below + int((node["Actual Rows"] + thrown) * node["Actual Loops"])


def _steps(work: Any) -> int:
    """Steps of SQLite's virtual machine for all that `work` does: its own count of the work."""
    from django.db import connection

    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    connection.ensure_connection()
    connection.connection.set_progress_handler(step, 1)
    try:
        work()
    finally:
        connection.connection.set_progress_handler(None, 1)
    return steps


def speed() -> Row:
    ways = {"plain SQL": _plain, "sweep": _sweep, "one by one": _one_by_one}
    speeds: Row = {name: [] for name in ways}
    for _ in range(TURNS):
        for name, way in ways.items():
            now = _again(DUE[name])
            began = perf_counter()
            done = way(now)
            speeds[name].append(done / (perf_counter() - began))
            assert done == DUE[name], (name, done)
    return speeds


def _again(count: int) -> Any:
    """As if nothing had happened, with so many due."""
    from django.db import connection

    from messaging.models import Message
    from sla.models import Clock, Escalation

    Message.objects.filter(event_key__startswith="escalation:").delete()
    done = Escalation.objects.all()
    Clock.objects.filter(pk__in=done.values("clock")).update(next_at=None)
    done.delete()
    now = crowd.make_due(count)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for table in ("sla_clock", "sla_escalation", "messaging_message"):
                cursor.execute(f"VACUUM ANALYZE {table}")
    return now


def _sweep(now: Any) -> int:
    from sla import clocks

    return clocks.sweep(now)["fired"]


def _plain(now: Any) -> int:
    """The least that can be done about what is due: claim it, record it, write one message."""
    from django.db import connection, transaction

    from sla.models import EscalationStep

    step = EscalationStep.objects.get(
        version__policy__lead_source="inbound",
        version__policy__territory=None,
        kind="accept",
        action="remind",
    )
    lock = "FOR UPDATE SKIP LOCKED" if connection.vendor == "postgresql" else ""
    done = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT id FROM sla_clock WHERE state = 'running' AND next_at IS NOT NULL "
                f"AND next_at <= %s ORDER BY next_at, id LIMIT {BATCH} {lock}",
                [now],
            )
            due = ",".join(str(pk) for (pk,) in cursor.fetchall())
            if not due:
                return done
            cursor.execute(f"UPDATE sla_clock SET next_at = NULL, plan = '[]' WHERE id IN ({due})")
            cursor.execute(
                "INSERT INTO sla_escalation "
                "(clock_id, step_id, cycle, due_at, fired_at, action, hops, outcome) "
                "SELECT id, %s, cycle, due_at, %s, 'remind', '[]', '' "
                f"FROM sla_clock WHERE id IN ({due})",
                [step.pk, now],
            )
            done += cursor.rowcount
            cursor.execute(
                "INSERT INTO messaging_message (event_key, medium, recipient, person_id, "
                "audience, about, kind, subject, body, headers, calendar, calendar_method, "
                "message_id, state, attempts, next_try_at, error, created_at) "
                "SELECT 'escalation:' || sla_clock.id, 'email', team_user.email, team_user.id, "
                "'internal', 'handoff:' || handoff_id, 'sla_remind', 'It is due', %s, '{}', '', "
                "'', '<' || sla_clock.id || '@desk.example>', 'pending', 0, %s, '', %s "
                "FROM sla_clock JOIN team_user ON team_user.id = sla_clock.holder_id "
                f"WHERE sla_clock.id IN ({due})",
                ["Somebody waits for you. " * 10, now, now],
            )


def _one_by_one(now: Any) -> int:
    """As most tools do it: lock a row, save it, write its record and its message."""
    from django.db import transaction

    from messaging import outbox
    from sla.models import Clock, Escalation, EscalationStep

    done = 0
    for pk in list(Clock.objects.due(now).values_list("pk", flat=True)):
        with transaction.atomic():
            clock = (
                Clock.objects.select_for_update(of=("self",)).select_related("holder").get(pk=pk)
            )
            step = EscalationStep.objects.filter(
                version=clock.policy_version_id, kind=clock.kind, action="remind"
            ).get()
            Escalation.objects.create(clock=clock, step=step, due_at=now, action="remind")
            outbox.tell(
                clock.holder,
                event_key=f"escalation:{clock.pk}",
                text="sla_remind",
                fields={"company": "Acme"},
                now=now,
            )
            clock.next_at = None
            clock.save()
        done += 1
    return done


if __name__ == "__main__":
    if sys.argv[1:] == ["child"]:
        crowd.at_home()
        serve()
    else:
        on = sys.argv[1] if len(sys.argv) > 1 else "postgresql,sqlite"
        lengths = sys.argv[2] if len(sys.argv) > 2 else "1000,50000"
        main(on.split(","), [int(size) for size in lengths.split(",")])
