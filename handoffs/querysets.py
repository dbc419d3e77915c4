"""Questions about many handoffs, each named for the screen it serves."""

from collections.abc import Callable
from typing import Any

from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from team.models import Territory, User


class HandoffQuerySet(models.QuerySet):
    """Every screen starts from `visible_to`: nobody sees more than the role needs."""

    def visible_to(self, user: User) -> "HandoffQuerySet":
        """The rows of this person: own, their team's, or the queue they may take from."""
        return self._within(user, User.team_ids, lambda ae: list(_worked_by(ae)))

    def one_visible_to(self, user: User, pk: int) -> "HandoffQuerySet":
        """`visible_to` for one row: their team and territories are asked for in the same query.

        Many rows are found by an index only where those are known beforehand.
        """
        return self.filter(pk=pk)._within(user, User.team_query, _worked_by)

    def seen_by(self, user: User, by: str = "handoff_id") -> Exists:
        """For rows that name a handoff in the column `by`: whether this person may see it.

        Asked row by row by key, where `handoff__in` may read every handoff there ever was.
        """
        return Exists(self.visible_to(user).filter(pk=OuterRef(by)))

    def waiting_for(self, ae: User) -> "HandoffQuerySet":
        """The acceptance queue of an AE: theirs, and what they may take; due next first."""
        return (
            self.filter(Q(owner=ae) | Q(territory__in=list(_worked_by(ae))), status="submitted")
            .exclude(sdr=ae)
            .due_next_first()
        )

    def drafts_of(self, sdr: User) -> "HandoffQuerySet":
        return self.filter(sdr=sdr, status="draft").order_by("-updated_at")

    def returned_to(self, sdr: User) -> "HandoffQuerySet":
        return self.filter(sdr=sdr, status="returned").due_next_first()

    def open_of(self, ae: User) -> "HandoffQuerySet":
        """What counts against an AE's capacity."""
        return self.filter(owner=ae, status__in=["submitted", "returned", "accepted"])

    def unassigned(self) -> "HandoffQuerySet":
        return self.filter(status="submitted", owner__isnull=True)

    def due_next_first(self) -> "HandoffQuerySet":
        return self.order_by(F("next_due_at").asc(nulls_last=True), "pk")

    def _within(
        self, user: User, team_of: Callable[[User], Any], territories_of: Callable[[User], Any]
    ) -> "HandoffQuerySet":
        if not user.is_active:  # nor is anybody who has not signed in
            return self.none()
        if user.is_revops or user.is_superuser:
            return self.all()
        scope = Q(pk__in=[])
        if user.is_sdr:
            scope |= Q(sdr=user)
        if user.is_ae:
            scope |= Q(owner=user) | Q(territory__in=territories_of(user), status="submitted")
        if user.is_manager:
            team = team_of(user)
            scope |= (
                Q(sdr=user)
                | Q(owner=user)
                | Q(sdr__in=team)
                | Q(owner__in=team)
                | Q(territory__manager=user, status__in=["submitted", "returned", "accepted"])
                | Q(territory__isnull=True, status="submitted")
            )
        return self.filter(scope)


def _worked_by(ae: User) -> "models.QuerySet[Territory, int]":
    """The territories where this AE is primary, in the team or a backup."""
    return Territory.objects.worked_by(ae).values_list("pk", flat=True)


def people_opened_to(ae: User) -> Q:
    """Whom acceptance has opened to an AE: everybody at the accounts they took over."""
    from handoffs.models import Handoff

    taken = Handoff.objects.filter(owner=ae, accepted_at__isnull=False)
    return Q(account__in=taken.values("account")) | Q(pk__in=taken.values("contact"))
