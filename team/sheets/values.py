"""Reads cells that every kind of record has: text, numbers, dates, choices, addresses."""

import re
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal, InvalidOperation

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email

from team.bounds import check_date
from team.sheets.problems import Unreadable

Note = Callable[[str], None]
Parser = Callable[[str, Note], object]

# What spreadsheets show where a formula has failed.
_FAILED = frozenset({"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"})
# Characters without width: a name of nothing else is empty.
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))
_NUMBER = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?|\d+(\.\d+)?")
_SEPARATORS = re.compile(r"[,;\s]")
_web_address = URLValidator(schemes=["http", "https"])


def plain(cell: str) -> str:
    """The cell without blanks around it; empty where there is nothing to see."""
    text = cell.strip()
    return text if text.translate(_INVISIBLE) else ""


def text(cell: str, note: Note) -> str:
    """As it stands; Unreadable for what a failed formula leaves."""
    if cell in _FAILED:
        raise Unreadable(f"the formula here has failed ({cell}): put the value itself in.")
    return cell


def whole(most: int) -> Parser:
    """A whole number from 0 to `most`; “1,200” and “1200.0” are read too."""

    def parse(cell: str, note: Note) -> int:
        value = _decimal(cell, f"a whole number from 0 to {most:,}")
        if value != value.to_integral_value() or not 0 <= value <= most:
            raise Unreadable(f"“{_short(cell)}” is not a whole number from 0 to {most:,}.")
        return int(value)

    return parse


def money(cell: str, note: Note) -> Decimal:
    """An amount that is not negative, such as 1200000.50 or $1,200,000."""
    return _decimal(cell.lstrip("$").strip(), "an amount, such as 1200000.50")


def day(cell: str, note: Note) -> date:
    """A date between 2000 and 2099."""
    try:
        value = date.fromisoformat(cell[:10] if len(cell) > 10 and cell[10] in "T " else cell)
    except ValueError:
        raise Unreadable(
            f"“{_short(cell)}” is not a date written as 2026-03-31 (year, month, day)."
        ) from None
    try:
        check_date(value)
    except ValidationError:
        raise Unreadable(f"“{_short(cell)}” is not a date between 2000 and 2099.") from None
    return value


def choice(choices: Iterable[tuple[str, str]]) -> Parser:
    """A choice by its value or by its label."""
    known = {name.casefold(): value for value, label in choices for name in (value, str(label))}
    labels = ", ".join(str(label) for _, label in choices)

    def parse(cell: str, note: Note) -> str:
        try:
            return known[cell.casefold()]
        except KeyError:
            raise Unreadable(f"“{_short(cell)}” is not one of: {labels}.") from None

    return parse


def email(cell: str, note: Note) -> str:
    """One address in small letters, without “mailto:”; Unreadable for several or none."""
    address = cell.removeprefix("mailto:").lower()
    try:
        if len(address) > 254:
            raise ValidationError("too long")
        validate_email(address)
    except ValidationError:
        if address.count("@") > 1 and _SEPARATORS.search(address):
            raise Unreadable(f"“{_short(cell)}” has more than one address; keep one.") from None
        raise Unreadable(f"“{_short(cell)}” is not a valid e-mail address.") from None
    return address


def web_address(cell: str, note: Note) -> str:
    """With its scheme, https where none is given; Unreadable where it leads nowhere."""
    address = cell if "://" in cell else f"https://{cell}"
    try:
        _web_address(address)
    except ValidationError:
        raise Unreadable(f"“{_short(cell)}” is not a web address.") from None
    return address


def _decimal(cell: str, wanted: str) -> Decimal:
    if not _NUMBER.fullmatch(cell) or not cell.isascii() or len(cell) > 40:
        raise Unreadable(f"“{_short(cell)}” is not {wanted}.")
    try:
        return Decimal(cell.replace(",", ""))
    except InvalidOperation:
        raise Unreadable(f"“{_short(cell)}” is not {wanted}.") from None


def _short(cell: str) -> str:
    return cell if len(cell) <= 60 else f"{cell[:60]}…"
