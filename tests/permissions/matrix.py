"""Reads docs/permissions.md: the tables there are the promise, and what the test drives."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "permissions.md"
ACTORS = ("anonymous", "no role", "inactive", "SDR", "AE", "manager", "RevOps")


@dataclass(frozen=True)
class Line:
    """One address on one thing, and the answer that each actor gets to a GET and to a POST."""

    name: str
    on: str
    answers: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name} on {self.on}" if self.on else self.name

    def written(self) -> str:
        return "| " + " | ".join((f"`{self.name}`", self.on, *self.answers)) + " |"


def lines() -> Iterator[Line]:
    """Every row of every table whose first cell is an address in backticks."""
    for row in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in row.strip().strip("|").split("|")]
        if row.startswith("| `") and len(cells) == 2 + len(ACTORS):
            yield Line(cells[0].strip("`"), cells[1], tuple(cells[2:]))
