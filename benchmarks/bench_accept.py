"""The race for a handoff: 64 clients, each handoff wanted by four of them; prints, asserts no time.

Ways, in turns on equal handoffs: the limit by one plain conditional UPDATE; Django's conditional
UPDATE and a row in the log; the product's own verb with everything that belongs to it (rights, log,
clocks, messages); and the naive way (read, look, save), which shows that the race is a real one.
Doubles are handoffs that more than one got; errors are exceptions other than a refusal in words.
Run: python benchmarks/bench_accept.py [postgresql,sqlite] [handoffs for each way and turn]
"""

import json
import random
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import crowd, stage

PROCESSES, THREADS = 4, 16
WANTED_BY = 4
TURNS = 3
WAYS = ["plain SQL", "conditional UPDATE and log", "accept", "read, look, save"]

Row = dict[str, Any]


def main(vendors: list[str], count: int) -> None:
    for vendor in vendors:
        size = TURNS * len(WAYS) * count
        with crowd.crowds(vendor, [size]) as urls:
            team = [
                stage.child(__file__, urls[size], "child", str(number))
                for number in range(PROCESSES)
            ]
            rounds: dict[str, list[Row]] = {way: [] for way in WAYS}
            first = 0
            for _ in range(TURNS):
                for way in WAYS:
                    rounds[way].append(_race(team, way, first, count))
                    first += count
            for process in team:
                process.kill()
        _print(vendor, count, rounds)


def _race(team: "list[subprocess.Popen[str]]", way: str, first: int, count: int) -> Row:
    """All clients at once on `count` handoffs from the `first` on."""
    for process in team:
        assert process.stdin
        process.stdin.write(json.dumps([way, first, count]) + "\n")
        process.stdin.flush()
    answers = []
    for process in team:
        assert process.stdout
        line = process.stdout.readline()
        if not line:
            raise SystemExit("a child has died; its words are above")
        answers.append(json.loads(line))
    won = Counter(pk for answer in answers for pk in answer["won"])
    return {
        "speed": len(won) / max(answer["seconds"] for answer in answers),
        "cpu": 1000 * sum(answer["cpu"] for answer in answers) / len(won),
        "doubles": sum(times > 1 for times in won.values()),
        "errors": sum(answer["errors"] for answer in answers),
        "left": count - len(won),
    }


def _print(vendor: str, count: int, rounds: dict[str, list[Row]]) -> None:
    clients = PROCESSES * THREADS
    print(f"{vendor}: {clients} clients, {count} handoffs, median of {TURNS} turns")
    peer = median(row["speed"] for row in rounds[WAYS[1]])
    for way, rows in rounds.items():
        speed = median(row["speed"] for row in rows)
        cpu = median(row["cpu"] for row in rows)
        doubles, errors, left = (sum(row[n] for row in rows) for n in ("doubles", "errors", "left"))
        print(
            f"{way:28}{speed:>8,.0f}/s  {speed / peer:6.1%} of the second row "
            f"{cpu:7.1f} ms CPU each  {doubles} doubles, {errors} errors, {left} left over"
        )


# --- In a child: some of the clients --------------------------------------------------------------


def serve(number: int) -> None:
    from django.db import connection

    for line in sys.stdin:
        way, first, count = json.loads(line)
        wishes = _wishes(first, count)[number * THREADS :][:THREADS]
        connection.close()
        answer: Row = {"won": [], "errors": 0}
        started = threading.Barrier(THREADS + 1)
        clients = [
            threading.Thread(target=_client, args=(DO[way], mine, answer, started))
            for mine in wishes
        ]
        for client in clients:
            client.start()
        started.wait()
        began, used = perf_counter(), process_time()
        for client in clients:
            client.join()
        answer |= {"seconds": perf_counter() - began, "cpu": process_time() - used}
        print(json.dumps(answer), flush=True)


def _wishes(first: int, count: int) -> list[list[tuple[int, int]]]:
    """What each client of all processes tries to take, and as whom; the same in each process."""
    from handoffs.models import Handoff
    from team.models import User

    people = list(User.objects.filter(is_ae=True).order_by("pk").values_list("pk", flat=True))
    chosen = Handoff.objects.order_by("pk").values_list("pk", flat=True)[first : first + count]
    chance = random.Random(first)
    wishes: list[list[tuple[int, int]]] = [[] for _ in range(PROCESSES * THREADS)]
    for place, handoff in enumerate(chosen):
        # Neighbours, who come to it at about the same time
        for ahead in range(WANTED_BY):
            one = (place * WANTED_BY + ahead * THREADS) % len(wishes)
            wishes[one].append((handoff, chance.choice(people)))
    return wishes


def _client(do: Callable[[int, int], bool], mine: Any, answer: Row, started: Any) -> None:
    from django.db import connection

    from handoffs.refusal import TransitionRefused

    connection.ensure_connection()
    started.wait()
    for handoff, person in mine:
        try:
            if do(handoff, person):
                answer["won"].append(handoff)
        except TransitionRefused:
            continue
        except Exception as error:  # noqa: BLE001  counted, whatever it is
            print(f"{type(error).__name__}: {error}"[:200], file=sys.stderr)
            answer["errors"] += 1
    connection.close()


def _plain(handoff: int, person: int) -> bool:
    from django.db import connection
    from django.utils import timezone

    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE handoffs_handoff SET status = 'accepted', owner_id = %s, accepted_by_id = %s, "
            "accepted_at = %s, decided_at = %s WHERE id = %s AND status = 'submitted'",
            [person, person, now, now, handoff],
        )
        return bool(cursor.rowcount == 1)


def _with_log(handoff: int, person: int) -> bool:
    from django.db import transaction
    from django.utils import timezone

    from handoffs.models import Handoff, HandoffEvent

    now = timezone.now()
    with transaction.atomic():
        changed = Handoff.objects.filter(pk=handoff, status="submitted").update(
            status="accepted", owner=person, accepted_by=person, accepted_at=now, decided_at=now
        )
        if changed:
            HandoffEvent.objects.create(
                handoff_id=handoff,
                kind="accepted",
                actor_id=person,
                owner_id=person,
                from_status="submitted",
                to_status="accepted",
                occurred_at=now,
            )
    return bool(changed)


def _accept(handoff: int, person: int) -> bool:
    from handoffs import lifecycle
    from handoffs.models import Handoff
    from team.models import User

    lifecycle.accept(Handoff.objects.get(pk=handoff), by=User.objects.get(pk=person))
    return True


def _naive(handoff: int, person: int) -> bool:
    from django.utils import timezone

    from handoffs.models import Handoff

    found = Handoff.objects.get(pk=handoff)
    if found.status != "submitted":
        return False
    found.status, found.owner_id, found.accepted_by_id = "accepted", person, person
    found.accepted_at = found.decided_at = timezone.now()
    found.save()
    return True


DO = dict(zip(WAYS, [_plain, _with_log, _accept, _naive], strict=True))


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        crowd.at_home()
        serve(int(sys.argv[2]))
    else:
        on = sys.argv[1] if len(sys.argv) > 1 else "postgresql,sqlite"
        main(on.split(","), int(sys.argv[2]) if len(sys.argv) > 2 else 160)
