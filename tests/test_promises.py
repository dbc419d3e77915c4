"""What the documents name of the code is there: tests, benchmarks, rooms."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "promises.md"
NAMED = re.compile(r"`((?:tests|benchmarks)/[\w./-]+\.py)(?:::(\w+))?`")


def test_every_file_and_test_that_it_names_is_there() -> None:
    named = set(NAMED.findall(PAGE.read_text()))
    assert len(named) > 60
    gone = [
        f"{path}::{test}" if test else path
        for path, test in sorted(named)
        if not (ROOT / path).is_file() or (test and f"def {test}(" not in (ROOT / path).read_text())
    ]
    assert gone == []


def test_every_line_of_a_table_names_what_shows_it() -> None:
    rows = [row for row in PAGE.read_text().splitlines() if row.startswith("| ")]
    rows = [row for row in rows if not re.match(r"\| (promise|fault|---)", row)]
    assert len(rows) > 60
    assert [row for row in rows if not NAMED.search(row)] == []


def test_the_architecture_names_only_rooms_that_are_there() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    named = {name for name in re.findall(r"`([\w./-]+)`", page) if "/" in name}
    assert len(named) > 50
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", ["docs/operations.md", "docs/scaling.md", "SECURITY.md"])
def test_other_pages_name_only_what_is_there_too(page: str) -> None:
    for path, _ in NAMED.findall((ROOT / page).read_text()):
        assert (ROOT / path).is_file(), path
