"""What of an import is shown and kept for that: some rows, problems and notes, never the file."""

from collections import Counter
from collections.abc import Iterable
from operator import attrgetter
from typing import Any

from team.sheets.core import Kind, Line, Report

SHOWN = 200  # rows, problems and notes
OF_EACH_KIND = 60  # rows that are new, changed or the same, of a file that the worker reads
ROWS_OF_A_NOTE = 20


def told_of(report: Report, lines: Iterable[Line]) -> dict[str, Any]:
    """What is kept of a report, and what templates/sheets/found.html takes, with these rows."""
    notes = list(report.notes.items())[:SHOWN]
    return {
        "format": report.mapping.format.title,
        "written": report.written,
        "wrong": report.wrong,
        "remarks": report.mapping.remarks(),
        "problems": [list(problem) for problem in report.problems[:SHOWN]],
        "problem_count": report.problem_count,
        "notes": [[text, sorted(rows)[:ROWS_OF_A_NOTE], len(rows)] for text, rows in notes],
        "lines": [
            {
                "number": line.number,
                "kind": line.kind.value,
                "label": line.label,
                "reason": line.reason,
                "changes": [list(change) for change in line.changes],
            }
            for line in sorted(lines, key=attrgetter("number"))
        ],
    }


class Shown:
    """A few rows of each kind, to be looked at; none of the others stays in memory."""

    def __init__(self) -> None:
        self.seen = 0
        self.kinds: Counter[Kind] = Counter()
        self.lines: list[Line] = []

    def add(self, line: Line) -> None:
        self.seen += 1
        self.kinds[line.kind] += 1
        if line.kind is not Kind.WRONG and self.kinds[line.kind] <= OF_EACH_KIND:
            self.lines.append(line)
