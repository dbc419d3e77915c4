"""Small words for sentences: lists and counts as somebody would say them."""

from collections.abc import Sequence


def listed(parts: Sequence[str]) -> str:
    """“a”, “a and b”, “a, b and c”."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def counted(count: int, name: str, names: str = "") -> str:
    """“1 handoff”, “3 handoffs”."""
    return f"{count:,} {name if count == 1 else names or name + 's'}"
