"""Which territory an account belongs to; who works it is asked in handoffs.routing."""

from accounts.models import Account
from team.models import Territory


def territory_of(account: Account) -> Territory | None:
    """The account's own territory, else the active one that names its country, else none."""
    if account.territory is not None:
        return account.territory
    if not account.country:
        return None
    for territory in Territory.objects.filter(is_active=True).order_by("pk"):
        if account.country in territory.countries:
            return territory
    return None
