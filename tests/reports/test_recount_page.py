"""Every figure on the pages that comes of the log equals a second count in plain Python.

The same over a whole demo: `python -m tests.reports.recount_page`.
"""

import pytest

from handoffs.models import Handoff
from reports import facts, rollup
from reports.periods import month
from tests.reports import recount_page
from tests.reports.compare_pages import figures
from tests.reports.stories import instant
from tests.reports.test_recount import NOW, chaos

__all__ = ["chaos"]
pytestmark = pytest.mark.django_db


def test_a_month_of_every_awkward_case_is_counted_alike(march: dict[str, Handoff]) -> None:
    now = instant("05-20 10:00")
    facts.catch_up()
    rollup.roll(now)
    all_ = recount_page.lives()
    found = list(figures(all_, month("2026-03"), now))
    assert len(found) > 150
    assert [one for one in found if one[1] != one[2]] == []
    assert {name: shown for name, shown, _ in found}["show"] == (7, 10)


def test_histories_that_the_verbs_would_never_allow_are_counted_alike(chaos: None) -> None:
    facts.catch_up()
    all_ = recount_page.lives()
    for text in ("2026-02", "2026-04"):
        found = list(figures(all_, month(text), NOW))
        assert [one for one in found if one[1] != one[2]] == []
        assert sum(shown[0] for _, shown, _ in found if isinstance(shown, tuple)) > 100
