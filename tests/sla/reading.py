"""The instants of a test week and the clocks of a handoff, in few words."""

from datetime import UTC, datetime

from handoffs.models import Handoff
from sla.models import Clock

MONDAY_AT_TEN = datetime(2026, 3, 2, 10, tzinfo=UTC)


def at(hour: int, minute: int = 0, day: int = 2) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def the(handoff: Handoff, kind: str, cycle: int = 0) -> Clock:
    return Clock.objects.get(handoff=handoff, kind=kind, cycle=cycle)
