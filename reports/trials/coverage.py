"""Another primary AE and other backups of a territory, tried on the handoffs that were routed:
who would have been given what, and how much each would have had at hand."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from handoffs.models import Handoff, HandoffEvent
from handoffs.models.event import EventKind
from reports.figures import rate
from reports.periods import Period
from reports.tables import COUNT, RATE, TEXT, Column, Row, Table
from sla.past import Past
from team.models import Territory, User

OWN_AE = "the account’s own AE"
ENDS = frozenset(
    {EventKind.REJECTED, EventKind.WITHDRAWN, EventKind.QUALIFIED, EventKind.DISQUALIFIED}
)
MOVES = ENDS | {
    EventKind.SUBMITTED,
    EventKind.ASSIGNED,
    EventKind.REASSIGNED,
    EventKind.ACCEPTED,
}
NOBODY = None


@dataclass
class Desk:
    """Who has what at one moment of the replay, and the most each ever had."""

    given: Counter[int | None] = field(default_factory=Counter)
    most: Counter[int | None] = field(default_factory=Counter)
    _holds: dict[int, int | None] = field(default_factory=dict)
    _load: Counter[int | None] = field(default_factory=Counter)

    def load(self, user: int | None) -> int:
        return self._load[user]

    def holder(self, handoff: int) -> int | None:
        return self._holds.get(handoff)

    def hold(self, handoff: int, user: int | None) -> None:
        self.drop(handoff)
        self._holds[handoff] = user
        self._load[user] += 1
        self.most[user] = max(self.most[user], self._load[user])

    def drop(self, handoff: int) -> None:
        if handoff in self._holds:
            self._load[self._holds.pop(handoff)] -= 1


@dataclass
class CoverageTrial:
    """Routing as it was beside routing as tried, for one territory and period.

    `agrees` of `handoffs` are routed by today's primary and backups as they were then: where the
    two differ, people, capacities or coverage have changed since.
    """

    handoffs: int = 0
    agrees: int = 0
    before: Desk = field(default_factory=Desk)
    after: Desk = field(default_factory=Desk)
    moved: list[int] = field(default_factory=list)


def try_out(
    territory: Territory, primary: User | None, backups: Sequence[User], period: Period
) -> CoverageTrial:
    """Route every handoff submitted there in the period again, in the order they came."""
    trial = CoverageTrial()
    today = _Router(territory, territory.primary, _backups(territory))
    tried = _Router(territory, primary, backups)
    replayed = Desk()
    ours: set[int] = set()
    for event in _log(period):
        pk, kind, owner = event["handoff_id"], event["kind"], event["owner_id"]
        if kind in ENDS:
            for desk in (trial.before, trial.after, replayed):
                desk.drop(pk)
            continue
        is_routed = kind == EventKind.SUBMITTED and event["occurred_at"] >= period.start
        if is_routed and event["handoff__territory_id"] == territory.pk:
            ours.add(pk)
            trial.handoffs += 1
            again, other = today.choose(event, replayed), tried.choose(event, trial.after)
            trial.agrees += again == owner
            for desk, user in ((trial.before, owner), (trial.after, other), (replayed, owner)):
                desk.given[user] += 1
                desk.hold(pk, user)
            if other != owner:
                trial.moved.append(pk)
            continue
        for desk in (trial.before, replayed):
            desk.hold(pk, owner)
        if pk not in ours or pk not in trial.moved:
            trial.after.hold(pk, owner)
    return trial


def shared_out(trial: CoverageTrial) -> Table:
    """What each would have been given, and the most they would have had at hand, by name."""
    both = trial.before.given.keys() | trial.after.given.keys()
    people = User.objects.in_bulk([pk for pk in both if pk])
    rows = [
        Row(
            (
                str(people[pk]) if pk else "Nobody: the manager’s list",
                rate(trial.before.given[pk], trial.handoffs),
                rate(trial.after.given[pk], trial.handoffs),
                trial.before.most[pk] if pk else None,
                trial.after.most[pk] if pk else None,
                people[pk].capacity if pk else None,
            )
        )
        for pk in both
    ]
    columns = (
        Column("Who", TEXT),
        Column("Given as it was", RATE),
        Column("Given as tried", RATE),
        Column("Most at once, as it was", COUNT),
        Column("Most at once, as tried", COUNT),
        Column("Capacity", COUNT),
    )
    note = (
        "Handoffs as routing gave them out, by name. The most at once counts every open handoff "
        "of a person, from any territory."
    )
    rows.sort(key=lambda row: row.cells[0])
    return Table("shared", "Load per person", columns, tuple(rows), note)


def _backups(territory: Territory) -> list[User]:
    rows = territory.coverage.select_related("backup").order_by("rank", "pk")
    return [row.backup for row in rows]


def _log(period: Period) -> Iterator[dict[str, Any]]:
    """What moved any handoff that was open in the period, until its end."""
    opened = Q(submitted_at__lt=period.end) & (Q(closed_at=None) | Q(closed_at__gte=period.start))
    rows = HandoffEvent.objects.filter(
        handoff__in=Handoff.objects.filter(opened).values("pk"),
        kind__in=MOVES,
        occurred_at__lt=period.end,
    ).order_by("occurred_at", "pk")
    found: Any = rows.values(
        "handoff_id",
        "kind",
        "occurred_at",
        "owner_id",
        "handoff__territory_id",
        "handoff__sdr_id",
        "data__routing",
    ).iterator(chunk_size=2000)
    yield from found


class _Router:
    """Routing as `handoffs.routing` does it, on what was known at the time."""

    def __init__(self, territory: Territory, primary: User | None, backups: Sequence[User]) -> None:
        self.past = Past({territory.pk: backups})
        known = self.past.users
        self.primary = known[primary.pk] if primary else None
        self.backups = [known[user.pk] for user in backups]
        self.team = list(territory.team.order_by("pk"))

    def choose(self, event: dict[str, Any], desk: Desk) -> int | None:
        """Whom this handoff would be given to."""
        self.past.now = event["occurred_at"]
        seen: set[int] = set()
        firsts = [user for user in (self._own_ae(event), self.primary) if user is not None]

        def fits(user: User) -> bool:
            if user.pk in seen:
                return False
            seen.add(user.pk)
            is_able = user.pk != event["handoff__sdr_id"] and user.is_ae
            return is_able and not self.past.away(user) and desk.load(user.pk) < user.capacity

        for first in firsts:
            for user in (first, *self.past.covers(first), *self.backups):
                if fits(user):
                    return user.pk
        for user in sorted(self.team, key=lambda user: (desk.load(user.pk), user.pk)):
            if fits(user):
                return user.pk
        if not firsts:
            return next((user.pk for user in self.backups if fits(user)), NOBODY)
        return NOBODY

    def _own_ae(self, event: dict[str, Any]) -> User | None:
        """The AE that the account had of its own when it was routed."""
        candidates = (event["data__routing"] or {}).get("candidates", ())
        own = next((one["user"] for one in candidates if one["because"] == OWN_AE), None)
        return self.past.users.get(own or 0)
