"""How many open handoffs somebody holds, asked from below.

The team may not import handoffs; it asks the other end of `Handoff.owner`, which is also where
the rule of what counts as open lives.
"""

from typing import Any

from django.db.models import Count, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce

from team.models import User


def open_handoffs(user: User) -> int:
    """How many handoffs count against this person's capacity."""
    return int(_handoffs().open_of(user).count())


def open_load() -> Coalesce:
    """The same for each row of a list of people, as an annotation."""
    per_owner = _handoffs().open_of(OuterRef("pk")).order_by().values("owner")
    counted = per_owner.annotate(open=Count("pk")).values("open")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def unfinished_drafts(user: User) -> int:
    """How many drafts and returned handoffs wait for this person as their author."""
    return int(_handoffs().filter(sdr=user, status__in=["draft", "returned"]).count())


def _handoffs() -> Any:
    return User._meta.get_field("owned").related_model._default_manager
