"""The report pages over a long history, beside plain SQL that counts the same from the same rows.

Milliseconds are medians of turns that take each work once, whole requests for pages and single
calls for tables. The joint page reads days that are counted in advance; beside it stands the plain
count of its 24 months. Each table of “What else” reads the log directly and stands beside the
hand-written query that its figures come of; a ratio below 1 is faster. Prints, asserts no time.
Run: python benchmarks/bench_reports.py [postgresql|sqlite|both] [handoffs], 1,000,000 is possible;
with `measure` instead, on the demo that DATABASE_URL holds already.
"""

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

ROUNDS = 5
GOAL = 300  # ms, docs: the joint page, any one dimension
DIMENSIONS = ("month", "sdr", "ae", "manager", "territory", "lead_source", "framework_version")
Work = Callable[[], object]


def main(vendors: list[str], size: int) -> None:
    from benchmarks import stage

    for vendor in vendors:
        with stage.histories(vendor, [size]) as urls:
            process = stage.child(__file__, urls[size], "measure")
            print(process.communicate()[0], flush=True)


# --- With one database ----------------------------------------------------------------------------


def measure() -> None:
    from django.conf import settings

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    settings.ALLOWED_HOSTS = ["*"]
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": plain}
    from django.db import connection
    from django.utils import timezone

    import config.wsgi  # noqa: F401 - as a web process starts
    from handoffs.models import Handoff
    from reports import facts, rollup

    facts.catch_up()
    began = perf_counter()
    counted = rollup.roll(timezone.now())
    spent = perf_counter() - began
    size = Handoff.objects.count()
    print(f"{connection.vendor}, {size:,} handoffs; {counted} days counted in {spent:.1f} s")
    _print("joint page", _turns(_pages()), f"plain SQL, 24 months; goal {GOAL} ms")
    _print("table of “What else”, a month", _turns(_tables()), "plain SQL of the same")


def _turns(works: dict[str, tuple[Work, Work]]) -> dict[str, tuple[float, float]]:
    """Milliseconds of ours and of what stands beside it, medians."""
    spent: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in works}
    for turn in range(ROUNDS + 1):
        for name, pair in works.items():
            for work, into in zip(pair, spent[name], strict=True):
                began = perf_counter()
                work()
                if turn:  # the first one warms what is kept per process
                    into.append(1000 * (perf_counter() - began))
    return {name: (median(ours), median(limit)) for name, (ours, limit) in spent.items()}


def _print(title: str, found: dict[str, tuple[float, float]], beside: str) -> None:
    print(f"\n{title:44}{'ours, ms':>10}{'limit, ms':>11}{'ratio':>8}   ({beside})")
    for name, (ours, limit) in found.items():
        print(f"{name:44}{ours:10.1f}{limit:11.1f}{ours / limit:7.2f}x")
    ours, limit = (sum(pair[n] for pair in found.values()) for n in (0, 1))
    print(f"{'together':44}{ours:10.1f}{limit:11.1f}{ours / limit:7.2f}x", flush=True)


def _pages() -> dict[str, tuple[Work, Work]]:
    from django.test import Client

    from team.models import User

    clients = {}
    for name in ("revops", "manager"):
        clients[name] = Client()
        clients[name].force_login(User.objects.get(username=name))

    def page(name: str, path: str) -> Work:
        def ask() -> None:
            if clients[name].get(path).status_code != 200:
                raise SystemExit(f"{path} did not answer")

        return ask

    works = {f"by {one}": page("revops", f"/reports/?by={one}") for one in DIMENSIONS}
    works["of one lead source, by ae"] = page("revops", "/reports/?source=mql&by=ae")
    works["of a manager’s team, by sdr"] = page("manager", "/reports/?by=sdr")
    return {name: (work, _five_metrics) for name, work in works.items()}


def _tables() -> dict[str, tuple[Work, Work]]:
    from django.conf import settings
    from django.utils import timezone

    from reports import besides
    from reports.periods import last_months, month_of
    from reports.scope import Scope
    from team.zones import zone_named

    now = timezone.now()
    period = month_of(now, zone_named(settings.TIME_ZONE)).before()
    year = last_months(period, 12)[0].start
    bounds = {
        "start": _text(period.start),
        "end": _text(period.end),
        "year": _text(year),
        "now": _text(now),
        "since": _seconds_between("submitted_at", "contacted_at"),
        "two_there": _there(48, now),
        "three_there": _there(72, now),
        "ages": ", ".join(
            _aged(f"{field}_age") for field in ("email", "dial", "title", "employer")
        ),
    }

    def ours(key: str) -> Work:
        return lambda: besides.BY_KEY[key](period, Scope(), now)

    return {key: (ours(key), _query(text.format(**bounds))) for key, text in PLAIN.items()}


def _query(text: str) -> Work:
    from django.db import connection

    def ask() -> None:
        with connection.cursor() as cursor:
            for one in text.split(";"):
                cursor.execute(one)
                cursor.fetchall()

    return ask


def _text(at: datetime) -> str:
    return f"'{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}'"


def _there(hours: int, now: datetime) -> str:
    """Has been there for so many hours, as SQL."""
    from django.db import connection

    later = f"submitted_at + INTERVAL '{hours} hours'"
    if connection.vendor == "sqlite":
        later = f"datetime(submitted_at, '+{hours} hours')"
    return (
        f"submitted_at <= {_text(now - timedelta(hours=hours))} AND (contacted_at IS NOT NULL "
        f"OR accepted_at IS NOT NULL OR closed_at IS NULL OR closed_at >= {later})"
    )


def _aged(column: str) -> str:
    """How many are of each age, as SQL."""
    bands = ("<= 7", "BETWEEN 8 AND 30", "BETWEEN 31 AND 90", "> 90", "IS NULL")
    return ", ".join(f"SUM(CASE WHEN {column} {band} THEN 1 ELSE 0 END)" for band in bands)


def _seconds_between(start: str, end: str) -> str:
    from django.db import connection

    if connection.vendor == "postgresql":
        return f"EXTRACT(EPOCH FROM {end} - {start})"
    return f"(julianday({end}) - julianday({start})) * 86400"


# The figures of each table by hand, one query each; the decay of data is not of the log.
PLAIN = {
    "untouched": """
        SELECT lead_source,
               SUM(CASE WHEN {two_there} AND (contacted_at IS NULL OR whole_calendar > 172800)
                   THEN 1 ELSE 0 END), SUM(CASE WHEN {two_there} THEN 1 ELSE 0 END),
               SUM(CASE WHEN {three_there} AND (contacted_at IS NULL OR whole_calendar > 259200)
                   THEN 1 ELSE 0 END), SUM(CASE WHEN {three_there} THEN 1 ELSE 0 END),
               SUM(CASE WHEN {two_there} AND contacted_at IS NULL THEN 1 ELSE 0 END)
        FROM reports_fact WHERE submitted_at >= {start} AND submitted_at < {end}
        GROUP BY lead_source""",
    "attainment": """
        SELECT h.lead_source, c.kind, COUNT(*),
               SUM(CASE WHEN c.state = 'stopped' AND elapsed_seconds <= limit_seconds
                   THEN 1 ELSE 0 END),
               SUM(CASE WHEN c.state = 'stopped' OR c.late_after < {now} THEN 1 ELSE 0 END)
        FROM sla_clock c JOIN handoffs_handoff h ON h.id = c.handoff_id
        WHERE c.started_at >= {start} AND c.started_at < {end} AND c.cycle = 0
        GROUP BY h.lead_source, c.kind""",
    "causes": """
        SELECT b.cause, b.proposed_cause, c.kind, COUNT(*)
        FROM sla_breach b JOIN sla_clock c ON c.id = b.clock_id
        WHERE b.fell_due_at >= {start} AND b.fell_due_at < {end} GROUP BY 1, 2, 3""",
    "unconfirmed": """
        SELECT COUNT(*), SUM(CASE WHEN is_confirmed_late THEN 1 ELSE 0 END),
               SUM(CASE WHEN attempts > 1 THEN 1 ELSE 0 END)
        FROM reports_chain WHERE booked_at >= {start} AND booked_at < {end}""",
    "reasons": """
        SELECT e.kind, e.reason_id, COUNT(*) FROM handoffs_handoffevent e
        WHERE e.kind IN ('returned', 'rejected', 'disqualified')
          AND e.occurred_at >= {start} AND e.occurred_at < {end} GROUP BY 1, 2""",
    "first_tries": """
        SELECT CASE WHEN refusals = 0 THEN 0 WHEN missing_fields <= 3 THEN 1 ELSE 2 END, COUNT(*),
               SUM(CASE WHEN returns > 0 THEN 1 ELSE 0 END),
               SUM(CASE WHEN closed_at IS NOT NULL AND outcome <> '' AND qualified_at IS NOT NULL
                   THEN 1 ELSE 0 END),
               SUM(CASE WHEN closed_at IS NOT NULL AND outcome <> '' THEN 1 ELSE 0 END)
        FROM reports_fact WHERE submitted_at >= {start} AND submitted_at < {end} GROUP BY 1""",
    "gate": """
        SELECT handoff_id, data FROM handoffs_handoffevent WHERE kind = 'gate_refused'
          AND occurred_at >= {start} AND occurred_at < {end}""",
    "context_loss": """
        SELECT a.section, a.field, a.why, COUNT(DISTINCT a.handoff_id)
        FROM handoffs_askedagain a JOIN reports_chain c ON c.fact_id = a.handoff_id
        WHERE c.held_at >= {start} AND c.held_at < {end} AND NOT c.is_follow_up
        GROUP BY 1, 2, 3;
        SELECT COUNT(DISTINCT c.fact_id), COUNT(DISTINCT a.handoff_id),
               COUNT(DISTINCT CASE WHEN h.asked_again_at IS NOT NULL THEN h.id END)
        FROM reports_chain c JOIN handoffs_handoff h ON h.id = c.fact_id
        LEFT JOIN handoffs_askedagain a ON a.handoff_id = h.id
        WHERE c.held_at >= {start} AND c.held_at < {end} AND NOT c.is_follow_up""",
    "speed": """
        SELECT CASE WHEN {since} <= 3600 THEN 0 WHEN {since} <= 7200 THEN 1 WHEN {since} <= 14400
               THEN 2 WHEN {since} <= 28800 THEN 3 WHEN {since} <= 86400 THEN 4
               WHEN {since} <= 172800 THEN 5 ELSE 6 END, COUNT(*),
               SUM(CASE WHEN qualified_at IS NOT NULL THEN 1 ELSE 0 END)
        FROM reports_fact WHERE submitted_at >= {year} AND submitted_at < {end}
          AND accepted_at IS NOT NULL AND closed_at IS NOT NULL GROUP BY 1""",
    "unprepared": """
        SELECT lead_source, COUNT(*), SUM(CASE WHEN is_unprepared THEN 1 ELSE 0 END)
        FROM reports_fact WHERE contacted_at >= {start} AND contacted_at < {end} GROUP BY 1""",
    "load": """
        SELECT territory_id, ae_id, COUNT(*), SUM(CASE WHEN closed_at IS NULL THEN 1 ELSE 0 END)
        FROM reports_fact WHERE submitted_at >= {start} AND submitted_at < {end}
          AND ae_id IS NOT NULL GROUP BY 1, 2""",
    "freshness": """
        SELECT COUNT(*), {ages}
        FROM reports_fact WHERE submitted_at >= {start} AND submitted_at < {end}
          AND has_contact""",
}


def _five_metrics() -> None:
    """The counts of the joint page by hand: months as bounds, one pass for each date."""
    from django.db import connection
    from django.utils import timezone

    from reports.periods import last_months, month_of

    months = last_months(month_of(timezone.now(), UTC).before(), 24)
    whens = "".join(f"WHEN {{0}} < {_text(month.end)} THEN {n} " for n, month in enumerate(months))
    held = "held_at IS NOT NULL AND NOT is_late_show"
    meant = "NOT is_follow_up AND NOT is_duplicate"
    asked = {
        ("chain", "first_slot"): (
            f"{meant} AND {held} AND is_won_of_slot",
            meant,
            f"{meant} AND {held}",
            f"{meant} AND cancelled_by <> 'ours'",
        ),
        ("chain", "held_at"): (f"{meant} AND {held} AND is_won_of_call", f"{meant} AND {held}"),
        ("fact", "submitted_at"): (
            "outcome = 'rejected' AND counts",
            "outcome = 'accepted' OR (outcome = 'rejected' AND counts)",
        ),
        ("fact", "accepted_at"): ("in_time AND contacted_at IS NOT NULL", "is_promised"),
    }
    with connection.cursor() as cursor:
        for (table, at), counted in asked.items():
            sums = ", ".join(f"SUM(CASE WHEN {one} THEN 1 ELSE 0 END)" for one in counted)
            cursor.execute(
                f"SELECT CASE {whens.format(at)} END AS n, {sums} FROM reports_{table} "
                f"WHERE {at} >= {_text(months[0].start)} AND {at} < {_text(months[-1].end)} "
                "GROUP BY 1"
            )
            cursor.fetchall()


if __name__ == "__main__":
    if sys.argv[1:2] == ["measure"]:
        measure()
    else:
        on = sys.argv[1] if len(sys.argv) > 1 else "both"
        length = int(sys.argv[2]) if len(sys.argv) > 2 else 20_000
        main(["sqlite", "postgresql"] if on == "both" else [on], length)
