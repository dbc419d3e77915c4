"""How much each AE of a manager's team holds: for My work, one query for all of them."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.db.models import Count, Q

from handoffs.models import Handoff
from team.models import Absence, User

OPEN = ["submitted", "returned", "accepted"]


class Load(NamedTuple):
    """What one AE holds. `of` is their capacity; 0 means no limit."""

    person: User
    open: int
    late: int
    of: int
    is_away: bool

    @property
    def tone(self) -> str:
        if self.late:
            return "is-bad"
        return "is-warn" if self.of and self.open >= self.of else ""


def load_of(team: Iterable[int], now: datetime) -> list[Load]:
    """The active AEs among these people, who is late with most first. Three queries."""
    people = {person.pk: person for person in User.objects.active().filter(pk__in=team, is_ae=True)}
    counts = {
        row["owner"]: (row["open"], row["late"])
        for row in Handoff.objects.filter(owner__in=people, status__in=OPEN)
        .order_by()
        .values("owner")
        .annotate(open=Count("pk"), late=Count("pk", filter=Q(next_due_at__lte=now)))
    }
    away = set(Absence.objects.at(now).of(people).values_list("user", flat=True))
    loads = [
        Load(person, *counts.get(pk, (0, 0)), of=person.capacity or 0, is_away=pk in away)
        for pk, person in people.items()
    ]
    return sorted(loads, key=lambda load: (-load.late, -load.open, str(load.person)))
