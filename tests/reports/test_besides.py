"""What is shown beside the five metrics, on the month worked out by hand."""

import csv
import io
from dataclasses import replace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from handoffs.models import AskedAgain, Handoff
from reports import besides, facts
from reports.figures import rate
from reports.judging import change, verdict
from reports.periods import month
from reports.scope import Scope
from reports.tables import Table
from team.models import User
from tests.reports.stories import Desk, instant

pytestmark = pytest.mark.django_db


def total(table: Table, column: int) -> tuple[int, int]:
    """A column of rates over all rows: counted, of."""
    rates = [row.cells[column] for row in table.rows if row.cells[column]]
    return sum(one.numerator for one in rates), sum(one.denominator for one in rates)


def test_the_tables_tell_the_month(
    march: dict[str, Handoff], desk: Desk, client: Client, manager: User
) -> None:
    lost = march["lost"]
    AskedAgain.objects.create(
        handoff=lost, section="qualification", field="budget", why="vague", by=desk.ae
    )
    answered = [lost, march["won"]]  # the AE of one of them had to ask nothing
    Handoff.objects.filter(pk__in=[row.pk for row in answered]).update(
        asked_again_at=instant("05-20 09:00")
    )
    facts.catch_up()
    asked = (month("2026-03"), Scope(), instant("05-20 10:00"))

    # 22 submitted in March, UTC; without four that ended before 48 hours had passed.
    # Over the weekend took 71.5 hours; two have had no contact to this day.
    untouched = besides.BY_KEY["untouched"](*asked)
    assert (total(untouched, 1), total(untouched, 2)) == ((3, 18), (2, 18))
    assert sum(row.cells[3] for row in untouched.rows) == 2
    kept = besides.BY_KEY["attainment"](*asked)
    first = [row for row in kept.rows if row.cells[1] == "First contact"]
    assert total(replace(kept, rows=tuple(first)), 2) == (19, 22)
    reasons = {
        (row.cells[0], row.cells[1]): row.cells[2:]
        for row in besides.BY_KEY["reasons"](*asked).rows
    }
    assert reasons["Rejected", "Duplicate"] == (1, "no")
    assert reasons["Rejected", "No specific problem"] == (1, "yes")
    assert reasons["Returned", "No reason from the list"][0] == 1
    (complete,) = besides.BY_KEY["first_tries"](*asked).rows
    assert (complete.cells[1].numerator, complete.cells[1].denominator) == (22, 22)
    table = besides.BY_KEY["context_loss"](*asked)
    anything, again = (row.cells for row in table.rows)
    assert anything[1] == "Anything at all"
    assert (again[1], again[3]) == ("Budget", "Too vague to use")
    assert [(cells[2].numerator, cells[2].denominator) for cells in (anything, again)] == [
        (1, 2)
    ] * 2
    assert "after 2 of 8 first calls" in table.note
    load = besides.BY_KEY["load"](*asked).rows
    assert [row.cells[1] for row in load] == ["Ana Silva"]  # who accepted, not who has it
    fresh = besides.BY_KEY["freshness"](*asked)
    assert total(fresh, 1) == (22 * len(fresh.rows), 22 * len(fresh.rows))
    assert total(besides.BY_KEY["unprepared"](*asked), 1) == (16, 16)

    client.force_login(manager)
    with CaptureQueriesContext(connection) as queries:
        page = client.get("/reports/more/?month=2026-03")
    assert page.status_code == 200
    assert len(queries) <= 30
    for key in besides.BY_KEY:
        file = client.get(f"/reports/table/{key}.csv?month=2026-03")
        assert file.status_code == 200
        heads, *lines = list(csv.reader(io.StringIO(file.content.decode())))
        assert all(len(line) == len(heads) for line in lines)


def test_no_verdict_on_fewer_than_twenty() -> None:
    assert verdict("rejection", rate(10, 19)).state == ""
    assert verdict("rejection", rate(10, 20)).state == "is-bad"
    assert verdict("rejection", rate(3, 20)).state == "is-good"  # 15% is not above 15%
    assert verdict("opportunity", rate(39, 100)).state == "is-bad"
    assert verdict("opportunity", rate(40, 100)).state == "is-warn"
    assert verdict("opportunity", rate(60, 100)).state == "is-good"
    assert verdict("show", rate(69, 100)).state == "is-bad"
    assert verdict("show", rate(70, 100)).state == "is-good"
    assert verdict("show", rate(0, 0)).word == "Nothing yet"


def test_a_change_says_whether_it_may_be_chance() -> None:
    assert change(rate(14, 20), rate(10, 20), "May").words == (
        "up 20 points since May, which may be chance"
    )
    assert change(rate(140, 200), rate(100, 200), "May").words == "up 20 points since May"
    assert change(rate(5, 10), rate(0, 0), "May").words == "nothing to compare with in May"
    assert change(rate(5, 10), rate(10, 20), "May").words == "as in May"
