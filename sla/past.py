"""Who would have been told, or asked to take over, at an instant of the past; tells nobody.

People, their managers and the backups are those of today; absences are those of then.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, time

from sla.ledger import AN_INSTANT, Case
from sla.models import EscalationStep
from sla.models.policy import OF_THE_OWNER
from sla.reach import Crowd, first_reachable, in_line
from sla.script import Script
from team.availability import MOST_HOPS
from team.models import Absence, Coverage, User

Action = EscalationStep.Action
NIGHT = time(22), time(7)  # in the person's own zone


class Past(Crowd):
    """The people at one instant after another; everybody is read once.

    `coverage` replaces the backups of some territories, in order.
    """

    def __init__(self, coverage: Mapping[int, Sequence[User]] | None = None) -> None:
        super().__init__(datetime.max.replace(tzinfo=UTC))
        self.users = User.objects.in_bulk()
        self._coverage = {pk: list(users) for pk, users in (coverage or {}).items()}
        rows = Coverage.objects.exclude(territory__in=self._coverage).order_by("rank", "pk")
        for territory, backup in rows.values_list("territory_id", "backup_id"):
            self._coverage.setdefault(territory, []).append(self.users[backup])
        self._away: dict[int, list[Absence]] = {}
        for absence in Absence.objects.order_by("-ends_at"):
            # Nobody knew of it before it was entered; the instance is never saved
            absence.starts_at = max(absence.starts_at, absence.created_at)
            self._away.setdefault(absence.user_id, []).append(absence)

    def absence(self, user: User) -> Absence | None:
        found = self._away.get(user.pk, ())
        return next((one for one in found if one.starts_at <= self.now < one.ends_at), None)

    def away(self, user: User) -> str:
        return "deactivated" if not user.is_active else "away" if self.absence(user) else ""

    def first_away(self, user: int | None, since: datetime, until: datetime) -> datetime | None:
        """When this person was first away in [since, until)."""
        spells = [one for one in self._away.get(user or 0, ()) if one.ends_at > since]
        begins = min((max(one.starts_at, since) for one in spells), default=until)
        return begins if begins < until else None

    def told(self, step: EscalationStep, one: Script, case: Case, at: datetime) -> list[User]:
        """Whom a step of this promise would have reached at that instant."""
        self.now = at
        if step.action == Action.CHANNEL:
            return []
        # Whoever took it over at that very instant may have got it from this step
        holder = self.users.get(one.held_by(at - AN_INSTANT) or 0)
        hands_over = step.action == Action.BACKUP and one.kind in OF_THE_OWNER
        if hands_over and (taker := self._backup(holder, case)) is not None:
            return [taker]
        asked, _ = first_reachable(in_line(step.action, holder, case.handoff, self), self)
        return [each.user for each in asked]

    def covers(self, user: User) -> Iterator[User]:
        """Who covers for them while they are away, and for whoever covers, each once."""
        person: User | None = user
        seen = {user.pk}
        while person is not None and len(seen) <= MOST_HOPS:
            absence = self.absence(person)
            person = self.users.get(absence.cover_id or 0) if absence else None
            if person is None or person.pk in seen:
                return
            seen.add(person.pk)
            yield person

    def _backup(self, holder: User | None, case: Case) -> User | None:
        """The first who could have taken it over; how much they had at hand is left out."""
        seen = {case.handoff.sdr_id, *(each.owner for each in case.log if each.at < self.now)}
        line = [*(self.covers(holder) if holder else ())]
        line += self._coverage.get(case.handoff.territory_id or 0, [])
        fit = (user for user in line if user.pk not in seen and user.is_ae and not self.away(user))
        return next(fit, None)


def is_night(user: User, at: datetime) -> bool:
    """Whether it was night for this person."""
    begins, ends = NIGHT
    local = at.astimezone(user.zone).time()
    return local >= begins or local < ends
