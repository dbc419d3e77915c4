"""Who can be told or asked right now, in which order; nobody is told anything here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from accounts.models import Account
from handoffs.models import Handoff
from handoffs.querysets import HandoffQuerySet
from sla.models import Clock, ClockKind, EscalationStep
from team.availability import unavailable_because
from team.models import Territory, User

Action = EscalationStep.Action
NEEDED = ("lead_source", "sdr", "owner", "territory", "account", "next_due_at", "next_warn_at")


class Asked(NamedTuple):
    """Somebody who was tried: why them, and why not (empty: they can be told)."""

    user: User
    because: str
    verdict: str = ""

    def as_data(self) -> dict[str, object]:
        """For the escalation that stores the hops."""
        return {
            "user": self.user.pk,
            "name": str(self.user),
            "because": self.because,
            "verdict": self.verdict,
        }


class Crowd:
    """The people as one pass sees them: each is looked up once."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._verdicts: dict[int, str] = {}
        self._above: dict[int, list[User]] = {}
        self._admins: list[User] | None = None
        self._people: dict[int, User] = {}
        self._territories: dict[int, Territory] = {}

    def handoffs(self, rows: HandoffQuerySet) -> list[Handoff]:
        """These handoffs without their package, with the people and places they share."""
        found = list(rows.only(*NEEDED))
        shared = {pk for h in found for pk in (h.sdr_id, h.owner_id) if pk is not None}
        self._people |= User.objects.in_bulk(shared - self._people.keys())
        accounts = Account.objects.only("name").in_bulk({h.account_id for h in found})
        for handoff in found:
            handoff.sdr = self._people[handoff.sdr_id]
            handoff.owner = self._people[handoff.owner_id] if handoff.owner_id else None
            handoff.territory = self._territory(handoff.territory_id)
            handoff.account = accounts.get(handoff.account_id)
        return found

    def _territory(self, pk: int | None) -> Territory | None:
        if pk is not None and pk not in self._territories:
            rows = Territory.objects.select_related("calendar", "manager")
            self._territories[pk] = rows.get(pk=pk)
        return self._territories[pk] if pk is not None else None

    def away(self, user: User) -> str:
        """Why this person cannot act; empty when they can."""
        if user.pk not in self._verdicts:
            self._verdicts[user.pk] = unavailable_because(user, self.now)
        return self._verdicts[user.pk]

    def verdict(self, user: User) -> str:
        """Why this person cannot be told; empty when they can."""
        return self.away(user) or ("" if user.email else "has no e-mail address")

    def above(self, user: User) -> list[User]:
        """Their managers, nearest first."""
        if user.pk not in self._above:
            self._above[user.pk] = user.chain_of_command()
        return self._above[user.pk]

    def admins(self) -> list[User]:
        if self._admins is None:
            self._admins = list(User.objects.admins())
        return self._admins


def person_of(handoff: Handoff, clock: Clock) -> User | None:
    """Whose move it is: the SDR's for an answer, else the owner's."""
    return handoff.sdr if clock.kind == ClockKind.ANSWER else handoff.owner


def in_line(
    action: str, person: User | None, handoff: Handoff, crowd: Crowd
) -> Iterator[tuple[User, str]]:
    """Who hears of a step, first choice first, up to the territory's manager and beyond.

    A reminder goes to the person whose move it is; the manager's alert starts with their manager
    and the upper one with the manager's manager.
    """
    if action == Action.REMIND and person is not None:
        yield person, "it is their move"
    steps_up = 1 if action == Action.UPPER else 0
    if person is not None:
        yield from _managers_of(person, crowd)[steps_up:]
    territory = handoff.territory
    if territory is not None and territory.manager is not None:
        manager = territory.manager
        line = [(manager, f"manager of {territory}"), *_managers_of(manager, crowd)]
        yield from line[steps_up:]
    yield from _managers_of(handoff.sdr, crowd)[steps_up:]


def _managers_of(person: User, crowd: Crowd) -> list[tuple[User, str]]:
    above = crowd.above(person)
    return [
        (manager, f"manager of {below}")
        for below, manager in zip([person, *above], above, strict=False)
    ]


def first_reachable(
    line: Iterable[tuple[User, str]], crowd: Crowd
) -> tuple[list[Asked], list[Asked]]:
    """Whom to tell and everybody who was tried, each once.

    At the end of the line stands every active admin, away or not: an alert never goes to nobody
    as long as there is one.
    """
    tried: dict[int, Asked] = {}
    for user, because in line:
        if user.pk in tried:
            continue
        tried[user.pk] = asked = Asked(user, because, crowd.verdict(user))
        if not asked.verdict:
            return [asked], list(tried.values())
    admins = [Asked(admin, LAST_RESORT) for admin in crowd.admins()]
    return admins, [*tried.values(), *admins]


LAST_RESORT = "nobody else could be told"
