"""Who is working, away or full, and who stands in: the one source for routing, SLA and notices."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from team.models import Absence, Territory, User

MOST_HOPS = 12


class Hop(NamedTuple):
    """Somebody who was asked: `verdict` says why not, or is empty when they can."""

    user: User
    verdict: str
    because: str = ""  # why they were asked


def current_absence(user: User, now: datetime) -> Absence | None:
    """The absence that `user` is in at `now`; the one that ends last if several overlap."""
    return user.absences.at(now).select_related("cover").order_by("-ends_at").first()


def unavailable_because(user: User, now: datetime, load: int | None = None) -> str:
    """Why `user` cannot take a handoff at `now`, in words; empty when they can.

    `load` is how many open handoffs they hold; None leaves capacity out.
    """
    if not user.is_active:
        return "deactivated"
    if absence := current_absence(user, now):
        return f"away until {absence.ends_at.astimezone(user.zone):%d %b %Y}"
    if load is not None and load >= user.capacity:
        return f"full ({load} of {user.capacity} open handoffs)"
    return ""


def backups_of(territory: Territory | None) -> list[User]:
    """The territory's backups, first rank first."""
    if territory is None:
        return []
    rows = territory.coverage.select_related("backup").order_by("rank", "pk")
    return [row.backup for row in rows]


def stand_ins(user: User | None, territory: Territory | None, now: datetime) -> Iterator[Hop]:
    """Whoever may stand in for `user`, in order, each once: named cover, then backups.

    Follows a cover who is away to their own cover, never in a circle and at most MOST_HOPS far.
    The verdict leaves capacity out: the caller knows the load.
    """
    seen: set[int] = {user.pk} if user else set()
    person = user
    while person is not None and len(seen) <= MOST_HOPS:
        absence = current_absence(person, now)
        cover = absence.cover if absence else None
        if cover is None or cover.pk in seen:
            break
        seen.add(cover.pk)
        yield Hop(cover, unavailable_because(cover, now), f"covers for {person}")
        person = cover
    for rank, backup in enumerate(backups_of(territory), start=1):
        if backup.pk not in seen:
            seen.add(backup.pk)
            yield Hop(backup, unavailable_because(backup, now), f"backup {rank} of {territory}")
