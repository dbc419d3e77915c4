"""How large an imported or exported table may be, by role."""

from typing import NamedTuple

from team.models import User

MEGABYTE = 1024 * 1024
UNPACKED = 50 * MEGABYTE  # all parts of a workbook together
RATIO = 100  # unpacked to packed size
ENTRIES = 200  # parts of a workbook


class Limits(NamedTuple):
    """What one file may hold."""

    size: int  # bytes
    rows: int  # without the header
    columns: int = 60
    cell: int = 20_000  # characters


SDR = Limits(size=5 * MEGABYTE, rows=500)
MANAGER = Limits(size=5 * MEGABYTE, rows=5_000)
REVOPS = Limits(size=25 * MEGABYTE, rows=100_000)
COMMAND = Limits(size=2_000 * MEGABYTE, rows=10_000_000)


def limits_for(user: User) -> Limits:
    """The limits of an upload in the admin. Larger files go through the commands."""
    if user.is_revops or user.is_superuser:
        return REVOPS
    return MANAGER if user.is_manager else SDR


def export_rows_for(user: User) -> int:
    """How many rows somebody may export at once."""
    if user.is_revops or user.is_superuser:
        return 100_000
    return 5_000 if user.is_manager else 500


def too_many_rows(limits: Limits) -> str:
    """The sentence for a longer file than these limits allow, with the way out there is."""
    if limits.rows >= COMMAND.rows:
        return f"The file has more than {limits.rows:,} rows: split it."
    if limits.rows >= REVOPS.rows:
        return (
            f"The file has more than {limits.rows:,} rows: split it, or ask whoever runs the "
            "server to load it with the import command, which takes any number."
        )
    return (
        f"The file has more than {limits.rows:,} rows: split it, or ask a RevOps admin to "
        "import it."
    )
