"""Reads plain cells fast, many in a second; one that needs care is None and is read in `values`.

Each reader takes a cell and gives its value, "" for an empty one, or None. What a reader takes,
`values` and the model's own validation take with the same result.
"""

import re
from collections.abc import Callable

from team.sheets.formulas import original
from team.sheets.problems import Unreadable
from team.sheets.values import Parser, plain

Reader = Callable[[str], object | None]

_HOST = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"
_EMAIL = re.compile(rf"[a-z0-9_+-]{{1,64}}(?:\.[a-z0-9_+-]{{1,64}})*@{_HOST}")
_ADDRESS = re.compile(rf"https?://{_HOST}(?:/[A-Za-z0-9._~%/-]*)?")
_DOMAIN = re.compile(_HOST)
# An apostrophe may come from an export, a hash sign from a formula that has failed.
_CAREFUL = ("'", "#")
MOST_KNOWN = 20_000


def text(most: int, refused: str = "") -> Reader:
    """Up to `most` characters that anybody can see, without any of those in `refused`."""

    def read(cell: str) -> str | None:
        cell = cell.strip()
        if not cell:
            return ""
        if len(cell) > most or not cell.isprintable() or cell.startswith(_CAREFUL):
            return None
        if refused and any(character in cell for character in refused):
            return None
        return cell

    return read


def digits(most: int) -> Reader:
    """Reads up to `most` digits, or nothing; anything else wants care."""

    def read(cell: str) -> str | None:
        cell = cell.strip()
        return cell if len(cell) <= most and (not cell or _are_digits(cell)) else None

    return read


def number(cell: str) -> int | str | None:
    """One of our own numbers, which begin with 1."""
    cell = cell.strip()
    if not cell:
        return ""
    return (int(cell) or None) if len(cell) < 19 and _are_digits(cell) else None


def email(cell: str) -> str | None:
    cell = cell.strip().lower()
    return cell if not cell or (len(cell) <= 200 and _EMAIL.fullmatch(cell)) else None


def web_address(cell: str) -> str | None:
    cell = cell.strip()
    return cell if not cell or (len(cell) <= 200 and _ADDRESS.fullmatch(cell)) else None


def domain(nobodys: frozenset[str]) -> Reader:
    """A company's domain as it is kept: lower case, without www. and not one of `nobodys`."""

    def read(cell: str) -> str | None:
        cell = cell.strip()
        if not cell:
            return ""
        if len(cell) > 200 or cell.startswith("www.") or "xn--" in cell or cell in nobodys:
            return None
        return cell if _DOMAIN.fullmatch(cell) else None

    return read


def few(parser: Parser) -> Reader:
    """What `parser` makes of a column with few different cells; each is read once."""
    known: dict[str, object | None] = {}

    def read(cell: str) -> object | None:
        if cell in known:
            return known[cell]
        notes: list[str] = []
        content = plain(original(cell))
        try:
            value = parser(content, notes.append) if content else ""
        except Unreadable:
            value = None
        if len(known) < MOST_KNOWN:
            known[cell] = None if notes else value
        return None if notes else value

    return read


def _are_digits(cell: str) -> bool:
    return cell.isascii() and cell.isdigit()
