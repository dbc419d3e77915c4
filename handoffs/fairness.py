"""Who of a team comes next and why: open handoffs, shares kept for a leave, turns; changes none.

A turn is a handoff that routing gave somebody at its submission. Where a territory has a primary,
nobody takes turns: the primary comes first.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    Max,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    When,
)
from django.db.models.functions import Coalesce

from handoffs.models import Contest, Handoff, HandoffEvent
from handoffs.models.event import EventKind
from team.models import Absence, Territory, User
from team.wording import counted

OPEN = (Handoff.Status.SUBMITTED, Handoff.Status.RETURNED, Handoff.Status.ACCEPTED)
ENDINGS = (EventKind.REJECTED, EventKind.DISQUALIFIED)
WINDOW = timedelta(days=28)  # how far back turns count


class Share(NamedTuple):
    """How somebody stands in their team. The first by `standing` is next.

    `kept` is what a leave keeps for them: as many as each colleague on average was given here
    meanwhile and still has open. So nobody is flooded on return, and nobody starved: it shrinks as
    colleagues finish theirs.
    """

    user: User
    open: int
    kept: float
    turns: int
    given_back: int
    last_turn: datetime | None

    @property
    def standing(self) -> tuple[float, int, float, int]:
        """The order of who is next: fewest open and kept, fewest turns, longest since the last."""
        since = self.last_turn.timestamp() if self.last_turn else 0.0
        return round(self.open + self.kept, 6), self.turns, since, self.user.pk

    def because(self, territory: Territory | None) -> str:
        kept = f" and {self.kept:.2g} kept for a leave" if self.kept else ""
        turns = counted(self.turns, "turn")
        return f"fewest open handoffs in {territory} ({self.open}{kept}; {turns})"

    def behind(self, first: Share) -> str:
        """Why not they but `first`, who is before them in the order."""
        mine, theirs = self.standing, first.standing
        if mine[0] > theirs[0]:
            return f"has {mine[0] - theirs[0]:.2g} more than {first.user}"
        if mine[1] > theirs[1]:
            more = mine[1] - theirs[1]
            turns = counted(more, "more turn")
            return f"as many open, but {turns} in four weeks than {first.user}"
        if mine[2] > theirs[2]:
            return f"level with {first.user}, whose last turn is longer ago"
        return f"level with {first.user}, who is first on the list"


def shares_of(territory: Territory, now: datetime) -> list[Share]:
    """The team of a territory, whoever is next first. Four queries."""
    team = list(territory.team.all())
    ids = [user.pk for user in team]
    opened = list(
        Handoff.objects.filter(owner__in=ids, status__in=OPEN)
        .order_by()
        .values_list("owner_id", "territory_id", "submitted_at")
    )
    load = Counter(owner for owner, _, _ in opened)
    here = [(owner, at) for owner, place, at in opened if place == territory.pk and at is not None]
    leaves = _leaves(ids, [at for _, at in here], now)
    turns = _turns(ids, territory, now)
    shares = [
        Share(
            user=user,
            open=load[user.pk],
            kept=_kept(user.pk, ids, here, leaves[user.pk]),
            turns=turns[user.pk].counted,
            given_back=turns[user.pk].given_back,
            last_turn=turns[user.pk].last,
        )
        for user in team
    ]
    return sorted(shares, key=lambda share: share.standing)


class Turns(NamedTuple):
    """Somebody's turns in a territory in the last four weeks; `last` is the newest that counts."""

    counted: int = 0
    given_back: int = 0
    last: datetime | None = None


def given_in(territory: Territory) -> QuerySet[HandoffEvent]:
    """What routing gave to somebody here, the newest first, ready for `why_given_back`."""
    endings = HandoffEvent.objects.filter(kind__in=ENDINGS).select_related("reason", "contest")
    return (
        HandoffEvent.objects.filter(kind=EventKind.SUBMITTED, handoff__territory=territory)
        .select_related("owner", "actor", "handoff__owner")
        .prefetch_related(Prefetch("handoff__events", endings, to_attr="endings"))
        .order_by("-occurred_at", "-pk")
    )


def why_given_back(given: HandoffEvent) -> str:
    """Why a turn does not count, in words; empty where it does.

    Only for what is on this list: withdrawn by the SDR, moved to somebody else before it was
    accepted, closed for a reason that RevOps marked, or a rejection that was contested and stands.
    An AE's own rejection alone gives nothing back. `_given_back` says the same to the database.
    """
    handoff = given.handoff
    if given.owner_id is None:
        return ""
    if handoff.status == Handoff.Status.WITHDRAWN:
        return "withdrawn by its SDR"
    if given.owner_id not in (handoff.owner_id, handoff.accepted_by_id):
        return f"moved to {handoff.owner or 'the unassigned list'} before it was accepted"
    endings: list[HandoffEvent] = handoff.endings  # type: ignore[attr-defined]
    for ending in endings:
        if ending.reason is not None and ending.reason.gives_back:
            return f"closed as “{ending.reason}”"
        contest = getattr(ending, "contest", None)
        if contest is not None and contest.ruling == Contest.Ruling.UPHELD:
            return "the rejection was contested and stands"
    return ""


def _given_back() -> Q:
    endings = HandoffEvent.objects.filter(handoff=OuterRef("handoff"), kind__in=ENDINGS)
    listed = Q(reason__gives_back=True) | Q(contest__ruling=Contest.Ruling.UPHELD)
    accepted_by = Coalesce(F("handoff__accepted_by"), 0)
    owner = Coalesce(F("handoff__owner"), 0)
    return (
        Q(handoff__status=Handoff.Status.WITHDRAWN)
        | (~Q(owner=owner) & ~Q(owner=accepted_by))
        | Q(Exists(endings.filter(listed)))
    )


def _turns(people: Iterable[int], territory: Territory, now: datetime) -> dict[int, Turns]:
    """The turns of each of these people. One query."""
    given = HandoffEvent.objects.filter(
        kind=EventKind.SUBMITTED,
        occurred_at__gte=now - WINDOW,
        occurred_at__lte=now,
        owner__in=list(people),
        handoff__territory=territory,
    )
    rows = (
        given.annotate(back=Case(When(_given_back(), then=1), default=0))
        .order_by()
        .values("owner", "back")
        .annotate(n=Count("pk"), newest=Max("occurred_at"))
    )
    found: dict[int, Turns] = defaultdict(Turns)
    for owner, back, n, newest in rows.values_list("owner", "back", "n", "newest"):
        if back:
            found[owner] = found[owner]._replace(given_back=n)
        else:
            found[owner] = found[owner]._replace(counted=n, last=newest)
    return found


def _leaves(
    people: list[int], opened: list[datetime], now: datetime
) -> dict[int, list[tuple[datetime, datetime]]]:
    """When these people were away since the first of what is open came in."""
    found: dict[int, list[tuple[datetime, datetime]]] = defaultdict(list)
    if opened:
        rows = Absence.objects.filter(user__in=people, ends_at__gt=min(opened), starts_at__lt=now)
        for user, starts, ends in rows.values_list("user_id", "starts_at", "ends_at"):
            found[user].append((starts, min(ends, now)))
    return found


def _kept(
    person: int,
    team: list[int],
    here: list[tuple[int, datetime]],
    leaves: list[tuple[datetime, datetime]],
) -> float:
    """What each colleague was given on average during these leaves and still has open."""
    colleagues = [pk for pk in team if pk != person]
    if not leaves or not colleagues:
        return 0.0
    given = sum(
        owner != person and any(start <= at < end for start, end in leaves) for owner, at in here
    )
    return given / len(colleagues)
