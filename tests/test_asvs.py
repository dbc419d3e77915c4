"""docs/asvs.md has a row for each requirement that it promises, and names only what is there."""

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "asvs.md"
ROW = re.compile(r"\| ([\d.]+) \| ([123]) \| [^|]+ \| (met|not met|not applicable) \| ([^|]+) \|")
# A file of this repository, and a test in it
NAMED = re.compile(
    r"`((?:[\w-]+/)+[\w.-]+|[\w.-]+\.(?:md|py|yaml|toml)|\.dockerignore)(?:::(\w+))?`"
)
# How many requirements of level 1 and of level 2 each chapter of ASVS 5.0.0 has
CHAPTERS = {
    1: (8, 19), 2: (4, 7), 3: (8, 11), 4: (2, 8), 5: (4, 5), 6: (13, 22), 7: (6, 12), 8: (4, 3),
    9: (4, 3), 10: (5, 24), 11: (3, 11), 12: (3, 6), 13: (1, 12), 14: (2, 7), 15: (3, 10),
    16: (0, 16), 17: (0, 7),
}  # fmt: skip


def rows() -> list[tuple[str, str, str, str]]:
    """Number, level, state and how of each requirement."""
    lines = [line for line in PAGE.read_text().splitlines() if re.match(r"\| \d", line)]
    found = [ROW.fullmatch(line) for line in lines]
    assert [line for line, row in zip(lines, found, strict=True) if row is None] == []
    return [(row[1], row[2], row[3], row[4]) for row in found if row is not None]


def test_every_requirement_of_both_levels_has_one_row() -> None:
    numbers = [number for number, *_ in rows()]
    assert len(numbers) == len(set(numbers)) == 70 + 183 + 1
    counted = Counter((int(number.partition(".")[0]), level) for number, level, *_ in rows())
    assert {n: (counted[n, "1"], counted[n, "2"]) for n in CHAPTERS} == CHAPTERS
    assert [number for number, level, *_ in rows() if level == "3"] == ["1.2.10"]


def test_the_sum_at_its_head_is_right() -> None:
    states = Counter(state for _, _, state, _ in rows())
    words = ", ".join(f"{states[state]} {state}" for state in ("met", "not applicable", "not met"))
    assert f"In numbers: {words}." in PAGE.read_text()


def test_what_is_met_names_what_shows_it_and_that_is_there() -> None:
    for number, _, state, how in rows():
        named = NAMED.findall(how)
        assert named or state != "met", number
        for path, test in named:
            assert (ROOT / path).is_file(), (number, path)
            assert not test or f"def {test}(" in (ROOT / path).read_text(), (number, test)
