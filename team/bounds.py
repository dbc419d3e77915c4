"""Limits that every date, text and id in the product keeps; nothing that depends on a model.

A date far outside living memory can make a list page fail for everybody once it is shown in
another time zone, so instants are bounded wherever they come in.
"""

import math
import unicodedata
from datetime import UTC, date, datetime

from django.core.exceptions import ValidationError

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
# The largest number that both databases take as a row’s id
LARGEST_ID = 2**63 - 1


def check_instant(value: datetime) -> None:
    """Refuse instants before 2000 or after 2099."""
    if not EARLIEST <= value < LATEST:
        raise ValidationError("Enter a date between 2000 and 2099.")


def check_date(value: date) -> None:
    """Refuse dates before 2000 or after 2099."""
    if not EARLIEST.date() <= value < LATEST.date():
        raise ValidationError("Enter a date between 2000 and 2099.")


def check_storable(value: str) -> None:
    """Refuse characters that a database or a mail header cannot hold."""
    for character in value:
        if character in "\n\r\t":
            continue
        if unicodedata.category(character) in {"Cc", "Cs"}:
            raise ValidationError(
                f"Contains a character that cannot be stored (U+{ord(character):04X})."
            )


def check_json(value: object) -> None:
    """Refuse numbers and texts that a database cannot hold, however deep they sit in `value`."""
    if isinstance(value, str):
        check_storable(value)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValidationError("Contains a number that cannot be stored.")
    elif isinstance(value, list):
        for item in value:
            check_json(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            check_json(key)
            check_json(item)


def check_one_line(value: str) -> None:
    """Refuse line breaks in a field that holds one line."""
    if "\n" in value or "\r" in value:
        raise ValidationError("Enter one line, without line breaks.")
