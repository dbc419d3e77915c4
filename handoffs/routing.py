"""Who gets a handoff at submission, with every candidate and the reason; changes nothing."""

from datetime import datetime
from typing import Any, NamedTuple

from accounts.territories import territory_of
from handoffs.fairness import shares_of
from handoffs.models import Handoff
from team.availability import stand_ins, unavailable_because
from team.models import Territory, User


class Candidate(NamedTuple):
    """Somebody who was considered: `verdict` is empty for whoever was chosen."""

    user: User
    because: str
    verdict: str


class Decision(NamedTuple):
    """Who gets it (None: the manager's unassigned list), why, and who was considered."""

    owner: User | None
    territory: Territory | None
    reason: str
    candidates: list[Candidate]

    def as_data(self) -> dict[str, Any]:
        """For the event that stores the decision."""
        return {
            "owner": self.owner.pk if self.owner else None,
            "territory": self.territory.name if self.territory else "",
            "reason": self.reason,
            "candidates": [
                {
                    "user": candidate.user.pk,
                    "name": str(candidate.user),
                    "because": candidate.because,
                    "verdict": candidate.verdict or "chosen",
                }
                for candidate in self.candidates
            ],
        }


def route(handoff: Handoff, now: datetime) -> Decision:
    """The account's own AE, else the territory's primary, else the fewest open in its team.

    Somebody away, deactivated, full, or the author is passed over in favour of whoever stands in
    for them. In the team a leave and earlier turns count as `fairness` says; its others are stored
    as well, each with what spoke against them.
    """
    account = handoff.account
    territory = territory_of(account) if account else None
    queue: list[tuple[User, str]] = []
    if account and account.owner:
        queue.append((account.owner, "the account’s own AE"))
    if territory and territory.primary:
        queue.append((territory.primary, f"primary AE of {territory}"))

    considered: list[Candidate] = []
    seen: set[int] = set()

    def ask(user: User, because: str) -> User | None:
        """Consider `user` once; the user themselves when they can take it."""
        if user.pk in seen:
            return None
        seen.add(user.pk)
        verdict = unfit(user, handoff, now)
        considered.append(Candidate(user, because, verdict))
        return None if verdict else user

    for first, because in queue:
        if chosen := ask(first, because):
            return Decision(chosen, territory, because, considered)
        for hop in stand_ins(first, territory, now):
            if chosen := ask(hop.user, hop.because):
                return Decision(chosen, territory, f"{hop.because}; {because} cannot", considered)
    shares = shares_of(territory, now) if territory else []
    for place, share in enumerate(shares):
        if chosen := ask(share.user, share.because(territory)):
            for other in shares[place + 1 :]:
                if other.user.pk not in seen:
                    verdict = unfit(other.user, handoff, now) or other.behind(share)
                    considered.append(Candidate(other.user, other.because(territory), verdict))
            return Decision(chosen, territory, share.because(territory), considered)
    if not queue:
        for hop in stand_ins(None, territory, now):
            if chosen := ask(hop.user, hop.because):
                return Decision(chosen, territory, hop.because, considered)
    reason = "nobody there can take it" if considered else "no territory or AE matches the account"
    return Decision(None, territory, reason, considered)


def load_of(user: User) -> int:
    """How many open handoffs count against the capacity of `user`."""
    return Handoff.objects.open_of(user).count()


def unfit(user: User, handoff: Handoff, now: datetime) -> str:
    """Why `user` cannot get this handoff now; empty when they can."""
    if user.pk == handoff.sdr_id:
        return "wrote this handoff"
    if not user.is_ae:
        return "is not an AE"
    return unavailable_because(user, now, load_of(user))
