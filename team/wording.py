"""Small words for sentences: lists and counts as somebody would say them."""


def listed(parts: list[str]) -> str:
    """“a, b and c”."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def counted(count: int, name: str, names: str = "") -> str:
    """“1 handoff”, “3 handoffs”."""
    return f"{count:,} {name if count == 1 else names or name + 's'}"
