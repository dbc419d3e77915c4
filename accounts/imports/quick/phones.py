"""Reads plain phone numbers fast; whatever is not plain is left to `parsing.phone`.

The table of numbers is phonenumbers' own; only what surrounds it is left out. Whatever this reads,
`parsing.phone` reads the same way, which a test tries on numbers of every country.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

_PLAIN = re.compile(r"\+?[0-9][0-9 ().\-]*")
_NO_DIGIT = {ord(character): None for character in "+ ().-"}
_KINDS = (
    "fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "voip",
    "personal_number", "pager", "uan", "voicemail",
)  # fmt: skip


class _Plan(NamedTuple):
    """The numbers of one country: which are valid, and which start with a trunk prefix."""

    code: str
    valid: re.Pattern[str]
    trunk: re.Pattern[str] | None


def quick_phone(cell: str, region: str = "") -> str | None:
    """The number in E.164, or None where it has to be read with care."""
    if len(cell) > 30 or not _PLAIN.fullmatch(cell):
        return None
    digits = cell.translate(_NO_DIGIT)
    if cell[0] == "+":
        for length in (1, 2, 3):
            if (plan := _plan_of_code(digits[:length])) is not None:
                return f"+{digits}" if _fits(plan, digits[length:]) else None
        return None
    own = _plan_of_region(region) if region else None
    if own is None or digits.startswith(("00", own.code)) or not _fits(own, digits):
        return None
    return f"+{own.code}{digits}"


def _fits(plan: _Plan, national: str) -> bool:
    if plan.trunk is not None and plan.trunk.match(national):
        return False
    return plan.valid.fullmatch(national) is not None


@lru_cache
def _plan_of_code(code: str) -> _Plan | None:
    regions = COUNTRY_CODE_TO_REGION_CODE.get(int(code)) if code else None
    return _plan_of_region(regions[0]) if regions else None


@lru_cache
def _plan_of_region(region: str) -> _Plan | None:
    """None for a country that is not the first of its code: its numbers need a second look."""
    data = PhoneMetadata.metadata_for_region(region, None)
    if data is None or data.leading_digits is not None:
        return None
    code = data.country_code or 0
    if COUNTRY_CODE_TO_REGION_CODE[code][0] != region or data.general_desc is None:
        return None
    patterns = [
        kind.national_number_pattern
        for name in _KINDS
        if (kind := getattr(data, name)) is not None and kind.national_number_pattern
    ]
    whole = data.general_desc.national_number_pattern
    valid = re.compile(f"(?={whole}$)(?:{'|'.join(f'(?:{p})' for p in patterns)})")
    prefix = data.national_prefix_for_parsing
    return _Plan(str(code), valid, re.compile(prefix) if prefix else None)
