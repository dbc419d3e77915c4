"""Which accounts and contacts somebody sees, and which they may change by an import."""

from collections.abc import Callable, Iterable
from typing import Self

from django.db import models
from django.db.models import Q

from team.models import Coverage, Role, Territory, User

# Says which contacts something opens to an AE; the floors above add theirs when they start.
Opens = Callable[[User], Q]
OPENS: list[Opens] = []


class _Keyed(models.QuerySet):
    """Records that are found by what is theirs alone: e-mail, domain, phone, ids elsewhere."""

    def with_any(self, field: str, values: Iterable[str]) -> Self:
        """Those whose `field` is one of these values.

        The field’s index leaves the empty ones out. Only where that is said here as well does
        SQLite use it at all, and PostgreSQL for a long list.
        """
        return self.filter(~Q(**{field: ""}), **{f"{field}__in": values})


class AccountQuerySet(_Keyed):
    """Lists, boxes, exports and imports start from `visible_to`."""

    def visible_to(self, user: User) -> "AccountQuerySet":
        """The accounts of this person's territories, their own, and those that are nobody's.

        A manager also sees their team's; a RevOps admin sees all.
        """
        return self.filter(_visible(user))

    def importable_by(self, user: User) -> "AccountQuerySet":
        """The accounts that an import by this person may change."""
        return self.filter(_importable(user))


class ContactQuerySet(_Keyed):
    """A contact is seen with its account; one without an account is everybody's but an AE's."""

    def visible_to(self, user: User) -> "ContactQuerySet":
        """Who this person may see by name.

        To an AE people open up with what they took over, not with the territory: in the queue
        names and numbers stay masked until somebody accepts, and no other page may tell them.
        """
        if user.is_active and user.roles == [Role.AE] and not user.is_superuser:
            opened = Q(account__owner=user)
            for opens in OPENS:
                opened |= opens(user)
            return self.filter(opened)
        return self.filter(_visible(user, "account__"))

    def importable_by(self, user: User) -> "ContactQuerySet":
        return self.filter(_importable(user, "account__"))


def territory_ids_of(user: User) -> set[int]:
    """The territories somebody works: as manager, primary, in the team or as a backup.

    SDRs work for the AEs that share their manager, so they get those AEs' territories too.
    """
    people = Q(primary=user) | Q(team=user) | Q(manager=user)
    if user.is_sdr and user.reports_to_id:
        boss = user.reports_to_id
        people |= Q(manager=boss) | Q(primary__reports_to=boss) | Q(team__reports_to=boss)
    return _ids(people) | set(
        Coverage.objects.filter(backup=user).values_list("territory", flat=True)
    )


def _visible(user: User, to: str = "") -> Q:
    nothing = Q(pk__in=[])
    if not user.is_active:  # nor is anybody who has not signed in
        return nothing
    if user.is_revops or user.is_superuser:
        return Q()
    if not user.roles:
        return nothing
    scope = (
        Q(**{f"{to}owner": user})
        | Q(**{f"{to}sdr": user})
        | Q(**{f"{to}territory__in": territory_ids_of(user)})
        | _nobodys(to)
    )
    if user.is_manager:
        team = [user.pk, *user.team_ids()]
        places = Q(primary__in=team) | Q(team__in=team) | Q(manager__in=team)
        scope |= (
            Q(**{f"{to}owner__in": team})
            | Q(**{f"{to}sdr__in": team})
            | Q(**{f"{to}territory__in": _ids(places)})
        )
    return scope


def _importable(user: User, to: str = "") -> Q:
    if user.is_revops or user.is_superuser or user.is_manager:
        return _visible(user, to)
    if not (user.is_active and user.is_sdr):
        return Q(pk__in=[])
    return Q(**{f"{to}sdr": user}) | _nobodys(to)


def _ids(which: Q) -> set[int]:
    return set(Territory.objects.filter(which).values_list("pk", flat=True))


def _nobodys(to: str) -> Q:
    """What stands on nobody's desk; a contact without an account has no desk either."""
    return Q(**{f"{to}owner": None, f"{to}sdr": None, f"{to}territory": None})
