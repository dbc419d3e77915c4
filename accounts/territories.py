"""Which territory an account belongs to; who works it is asked in handoffs.routing."""

from accounts.models import Account
from team.models import Territory


def territory_of(account: Account) -> Territory | None:
    """The account's own territory, else the active one that names its country, else the rest's.

    The rest's is the one active territory that names no country; where several name none, nobody
    could say which of them is meant, and it is none.
    """
    if account.territory is not None:
        return account.territory
    active = list(Territory.objects.filter(is_active=True).order_by("pk"))
    for territory in active:
        if account.country and account.country in territory.countries:
            return territory
    rest = [territory for territory in active if not territory.countries]
    return rest[0] if len(rest) == 1 else None
