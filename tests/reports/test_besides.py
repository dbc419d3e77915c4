"""What is shown beside the five metrics, on the month worked out by hand."""

import csv
import io
from dataclasses import replace
from urllib.parse import quote

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from handoffs.log import record
from handoffs.models import AskedAgain, Handoff
from handoffs.models.event import EventKind
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


def test_the_gate_s_refusals_stand_by_rule_and_not_by_row(
    march: dict[str, Handoff], desk: Desk
) -> None:
    for handoff, fields in (
        (march["lost"], ["words|quotes.17", "words|quotes.18", "qualification|answers.budget"]),
        (march["won"], ["words|quotes.19", "words|call_notes"]),
    ):
        names = [one.split("|") for one in fields]
        gaps = [{"section": section, "field": field} for section, field in names]
        _refuse(handoff, gaps, desk)
    found = besides.BY_KEY["gate"](month("2026-03"), Scope(), instant("05-20 10:00"))
    assert {row.cells for row in found.rows} == {
        ("Prospect’s words", "A quote on the list", 3, 2),
        ("Qualification", "Budget", 1, 1),
        ("Prospect’s words", "Call notes", 1, 1),
    }


def test_behind_every_figure_stand_its_handoffs(
    march: dict[str, Handoff], desk: Desk, client: Client, manager: User, other_sdr: User
) -> None:
    lost, won = march["lost"], march["won"]
    Handoff.objects.filter(pk__in=[lost.pk, won.pk]).update(asked_again_at=instant("05-20 09:00"))
    AskedAgain.objects.create(
        handoff=lost, section="qualification", field="budget", why="vague", by=desk.ae
    )
    gaps = [{"section": "words", "field": "quotes.17"}, {"section": "fit", "field": "industry"}]
    _refuse(won, gaps, desk)
    facts.catch_up()
    question = (month("2026-03"), Scope(), instant("05-20 10:00"))
    client.force_login(manager)
    page = client.get("/reports/more/?month=2026-03").content.decode()
    seen = set()
    for key in besides.BEHIND:
        table = besides.BY_KEY[key](*question)
        for row in table.rows:
            for column, value in zip(table.columns, row.cells, strict=True):
                if not column.part:
                    continue
                counted, of = (
                    (value.numerator, value.denominator) if column.kind == "rate" else (value, None)
                )
                asked = (key, row.key, column.part)
                found = besides.figure(*asked, "counted", *question)
                assert found is not None, asked
                assert len(found.ids) == counted, asked
                if of is not None:
                    for side, count in (("all", of), ("rest", of - counted)):
                        other = besides.figure(*asked, side, *question)
                        assert other is not None
                        assert len(other.ids) == count, (asked, side)
                if of or counted:
                    seen.add(key)
                    address = f"table={key}&row={quote(row.key, safe='')}&part={column.part}"
                    assert address.replace("&", "&amp;") in page
    assert seen >= {"untouched", "attainment", "unconfirmed", "reasons", "first_tries", "gate"}
    assert seen >= {"context_loss", "speed", "unprepared", "load", "freshness"}

    address = "/reports/handoffs/?month=2026-03&table=gate&row=words-quotes.&part=handoffs"
    answer = client.get(address)
    assert "Prospect’s words, A quote on the list, Handoffs" in answer.content.decode()
    assert [one.pk for one in answer.context["sheet"]] == [won.pk]
    assert client.get(f"{address}&file=handoffs.csv").status_code == 200
    for wrong in ("row=shoe", "part=shoe", "side=shoe", "table=shoe"):
        assert client.get(f"{address}&{wrong}").status_code == 404, wrong
    client.force_login(other_sdr)  # whose team has none of it
    assert client.get(address).status_code == 404


def _refuse(handoff: Handoff, gaps: list[dict[str, str]], desk: Desk) -> None:
    with transaction.atomic():
        record(
            handoff,
            EventKind.GATE_REFUSED,
            by=desk.sdr,
            at=instant("03-20 10:00"),
            from_status="draft",
            data={"gaps": gaps},
        )


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
