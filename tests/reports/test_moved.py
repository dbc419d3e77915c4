"""Where a change comes from, and what a row was in the month before."""

from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from handoffs.models import Handoff
from reports import along, board, facts
from reports.figures import Rate, rate
from reports.moved import heaviest, moved, points
from reports.periods import month
from reports.scope import Scope
from team.models import User
from tests.reports.stories import instant

parts = st.dictionaries(
    st.sampled_from("abcd"),
    st.tuples(st.integers(0, 40), st.integers(0, 40)).map(lambda n: rate(min(n), max(n))),
)


@given(parts, parts)
def test_the_points_of_all_parts_are_the_change(
    this: dict[str, Rate], last: dict[str, Rate]
) -> None:
    found = points(this, last)
    of = [sum(one.denominator for one in rates.values()) for rates in (this, last)]
    if not all(of):
        assert found == {}
        return
    now, then = (sum(r.numerator for r in rates.values()) for rates in (this, last))
    assert sum(found.values()) == pytest.approx(now / of[0] - then / of[1], abs=1e-9)


def test_more_of_what_was_always_bad_makes_the_change_too() -> None:
    last = {"inbound": rate(40, 50), "mql": rate(5, 25)}
    assert heaviest({"inbound": rate(40, 50), "mql": rate(20, 100)}, last) == ("mql", 13)
    assert heaviest(last, last) is None
    assert heaviest({"mql": rate(1, 20)}, {"mql": rate(9, 20)}) is None  # all there is


@pytest.mark.django_db
def test_rows_stand_beside_the_month_before(
    march: dict[str, Handoff], client: Client, manager: User, ae: User
) -> None:
    facts.catch_up()
    now, zone = instant("05-20 10:00"), ZoneInfo("Europe/Berlin")
    this, last = (
        along.along("ae", month(key, zone), Scope(), now) for key in ("2026-04", "2026-03")
    )
    then = {row.cells[0]: row for row in last.rows}
    row = next(row for row in this.rows if row.cells[0] == str(ae))
    for place, column in enumerate(this.columns):
        if column.before:
            assert column.before == "March 2026"
            found, own = row.before[place], then[str(ae)].cells[place]
            assert (found.numerator, found.denominator) == (own.numerator, own.denominator)
    show = next(n for n, one in enumerate(this.columns) if one.metric == "show")
    assert row.before[show].denominator > 0

    User.objects.filter(pk=manager.pk).update(time_zone=zone.key)
    client.force_login(manager)
    page = client.get("/reports/?month=2026-04&by=ae").content.decode()
    assert '<span class="hint was">was ' in page
    file = client.get("/reports/table/along.csv?month=2026-04&by=ae").content.decode()
    assert "Show rate: March 2026" in file.splitlines()[0]
    assert 'class="hint was"' not in client.get("/reports/?month=2026-04&by=month").content.decode()


@pytest.mark.django_db
def test_without_a_month_before_no_part_is_named(march: dict[str, Handoff]) -> None:
    facts.catch_up()
    question = (month("2026-02"), Scope(), instant("05-20 10:00"))
    found = moved(board.cards(*question), *question)
    assert [one.parts for one in found] == [[]] * len(board.METRICS)
