"""Whether a package that has left the SDR's hands still holds; before that, see `completeness`."""

from handoffs.completeness import Gap, gaps
from handoffs.models import Handoff
from handoffs.models.event import EventKind

HANDED_OVER = (Handoff.Status.SUBMITTED, Handoff.Status.ACCEPTED)


def gaps_since_handover(handoff: Handoff) -> list[Gap]:
    """What is missing in a handed-over package, judged by the moment it was handed over.

    Time alone does not undo a handoff: the agreed day passes and data ages while the AE works.
    What has changed since, such as a contact who left, does count.
    """
    passed = (
        handoff.events.filter(kind__in=[EventKind.SUBMITTED, EventKind.ANSWERED])
        .order_by("-occurred_at", "-pk")
        .values_list("occurred_at", flat=True)
        .first()
    )
    return gaps(handoff, now=passed or handoff.submitted_at)


def is_complete(handoff: Handoff) -> bool:
    """Whether it was handed over complete and nothing has spoiled it since."""
    return handoff.status in HANDED_OVER and not gaps_since_handover(handoff)
