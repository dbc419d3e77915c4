"""What can be wrong with a file or a row, said in sentences for whoever has to fix it."""

from typing import NamedTuple


class FileRefused(Exception):
    """The file cannot be imported at all; its text is one sentence for the person."""


class UnknownColumns(FileRefused):
    """No format fits the header; somebody may say what the columns mean."""


class Unreadable(Exception):
    """A cell that cannot be taken; its text is one sentence without the column's name."""


class Remark(NamedTuple):
    """A problem or a note about one cell, or about the whole row where `column` is empty."""

    row: int  # as a spreadsheet counts: the header is row 1
    column: str
    sentence: str

    @property
    def text(self) -> str:
        """The remark without its row: the same for every row that has it."""
        return f"{self.column}: {self.sentence}" if self.column else self.sentence

    def __str__(self) -> str:
        return f"Row {self.row}, {self.text}" if self.column else f"Row {self.row}: {self.sentence}"
