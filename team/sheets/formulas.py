"""Keeps exported cells from running as formulas in a spreadsheet, in a way that can be undone.

A cell that starts with a character spreadsheets act on gets an apostrophe in front (OWASP ASVS
5.0, 1.2.10); reading takes one apostrophe away again, so a round trip changes nothing.
"""

import re

_TRIGGERS = "=+\\-@\t\r\n\0＝＋－＠"
_RISKY = re.compile(f"'*[{_TRIGGERS}]")
_NEUTRAL = re.compile(f"'+[{_TRIGGERS}]")


def neutral(text: str) -> str:
    """`text` as it may stand in a cell."""
    return f"'{text}" if _RISKY.match(text) else text


def original(cell: str) -> str:
    """What was exported as `cell`; the apostrophe people type before +49 … goes too."""
    return cell[1:] if _NEUTRAL.match(cell) else cell
