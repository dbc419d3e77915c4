"""Amounts and times as reps write them."""

import pytest

from handoffs.completeness import values


@pytest.mark.parametrize(
    "text",
    [
        "45000",
        "45,000",
        "45.000",
        "45 000 EUR",
        "CHF 45'000",
        "€45k",
        "EUR45k",
        "$45,000.50",
        "1.200.000 €",
        "1,5 Mio",
        "USD 1.2m",
        "~50k",
        "up to 50k EUR",
        "40-60k",
        "40k to 60k",
        "between 40 and 60 thousand",
        "50k/year",
        "45k per seat per year",
        "５００００",
    ],
)
def test_an_amount_or_a_range_in_figures_is_an_amount(text: str) -> None:
    assert values.is_amount(text)


@pytest.mark.parametrize(
    "text",
    ["", "0", "0.00 EUR", "-5000", "n/a", "enough", "Q3 2026", "10 apples", "1e400", "NaN", "k"],
)
def test_anything_else_is_no_amount(text: str) -> None:
    assert not values.is_amount(text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-06-30",
        "30 June 2026",
        "30 Jun. 2026",
        "1st of July 2026",
        "June 30, 2026",
        "30.06.2026",
        "Sept 2026",
        "by June 2026",
        "Q3 2026",
        "q3/26",
        "2026-Q3",
        "end of Q3 2026",
        "Q3-Q4 2026",
        "third quarter of 2026",
    ],
)
def test_a_day_a_month_or_a_quarter_is_a_date(text: str) -> None:
    assert values.is_date(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "2026-02-30",
        "0001-01-01",
        "9999-12-31",
        "31 February 2026",
        "06/07/26",
        "Q5 2026",
        "Foo 2026",
        "this year",
        "2026",
    ],
)
def test_anything_else_is_no_date(text: str) -> None:
    assert not values.is_date(text)


@pytest.mark.parametrize(
    "text", ["this year", "2026", "H2 2026", "within 6 months", "in 3 to 4 months", "Next quarter"]
)
def test_a_time_without_specifics_is_loose(text: str) -> None:
    assert values.is_loose_time(text)


@pytest.mark.parametrize("text", ["", "soon", "later", "when it suits"])
def test_no_time_at_all_is_not_even_loose(text: str) -> None:
    assert not values.is_loose_time(text)


@pytest.mark.parametrize("text", ["9" * 500, "1" + ",000" * 120, "q" * 500, "by " * 160, " " * 500])
def test_long_input_is_judged_at_once(text: str) -> None:
    values.is_amount(text)
    values.is_date(text)
    values.is_loose_time(text)
