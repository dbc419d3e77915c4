"""Which handoffs a report counts: the reader's team, and what they narrowed it down to."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import Q

from handoffs.models import FrameworkVersion
from reports.models import Fact
from team.models import Territory, User


@dataclass(frozen=True)
class Scope:
    """Ids or rows to narrow down to; None or "" leaves that dimension open.

    `team` is whose handoffs may be counted at all: those that one of them wrote or has. None is
    everybody.
    """

    sdr: User | int | None = None
    ae: User | int | None = None
    manager: User | int | None = None
    territory: Territory | int | None = None
    lead_source: str = ""
    framework_version: FrameworkVersion | int | None = None
    team: frozenset[int] | None = None
    # What one page has found out already; nothing outlives it. None: ask each time.
    memo: dict[Any, Any] | None = field(default=None, compare=False, repr=False)

    def condition(self) -> Q:
        """As a condition on facts and on meeting chains."""
        wanted = Q()
        for name in ("sdr", "ae", "territory", "framework_version"):
            if (chosen := getattr(self, name)) is not None:
                wanted &= Q(**{f"{name}_id": _pk(chosen)})
        if self.lead_source:
            wanted &= Q(lead_source=self.lead_source)
        for people in (self.team, self._led()):
            if people is not None:
                wanted &= Q(sdr_id__in=people) | Q(ae_id__in=people)
        return wanted

    def of(self, handoff: str) -> Q:
        """As a condition on rows of another table, whose column `handoff` says what they are of."""
        if self == Scope():
            return Q()  # everybody: nothing has to be looked up
        facts = Fact.objects.filter(self.condition())
        return Q(**{f"{handoff}__in": facts.values("pk")})

    def slice(self) -> tuple[str, str] | None:
        """The dimension and value that the days are counted for, if it is as simple as that."""
        chosen = [
            (name, str(_pk(getattr(self, name))))
            for name in ("sdr", "ae", "territory", "lead_source", "framework_version")
            if getattr(self, name) not in (None, "")
        ]
        if self.team is not None or self.manager is not None or len(chosen) > 1:
            return None
        return chosen[0] if chosen else ("", "")

    def narrowed(self, **changes: Any) -> "Scope":
        """The same with these dimensions set."""
        return replace(self, **changes)

    def resolved(self) -> "Scope":
        """The same with the manager's team looked up once, for many questions."""
        led = self._led()
        if led is None:
            return self
        return replace(self, manager=None, team=led if self.team is None else self.team & led)

    def remembering(self) -> "Scope":
        """The same for one page, which asks many questions at one `now`."""
        return replace(self, memo={})

    def recall(self, key: Any, find: Callable[[], Any]) -> Any:
        """What `find` comes to; asked once where this scope remembers."""
        if self.memo is None:
            return find()
        if key not in self.memo:
            self.memo[key] = find()
        return self.memo[key]

    def _led(self) -> frozenset[int] | None:
        if self.manager is None:
            return None
        manager = (
            self.manager
            if isinstance(self.manager, User)
            else User.objects.filter(pk=self.manager).first()
        )
        return frozenset((manager.pk, *manager.team_ids())) if manager else frozenset()


def scope_of(user: User) -> Scope:
    """What this person's reports count: SDRs and AEs see the joint page of their team, people
    are not ranked on it; managers their team; RevOps everybody."""
    if user.is_revops or user.is_superuser:
        return Scope()
    people = {user.pk}
    if user.is_manager:
        people |= set(user.team_ids())
    if (user.is_sdr or user.is_ae) and user.reports_to is not None:
        people |= {user.reports_to.pk, *user.reports_to.team_ids()}
    return Scope(team=frozenset(people))


def _pk(chosen: Any) -> Any:
    return getattr(chosen, "pk", chosen)
