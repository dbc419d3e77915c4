"""What every page about one handoff starts with: the row, if it is this person's."""

from typing import cast

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.utils import timezone

from handoffs.masking import Reader
from handoffs.models import Handoff
from handoffs.querysets import HandoffQuerySet
from handoffs.rights import may_take
from team.doors import person


def visible_or_404(request: HttpRequest, pk: int, rows: HandoffQuerySet | None = None) -> Handoff:
    """The handoff if this person may see it; other people's rows do not exist."""
    rows = Handoff.objects.all() if rows is None else rows
    found = (
        rows.one_visible_to(person(request), pk)
        .select_related("account", "contact", "sdr", "owner", "accepted_by", "territory")
        .first()
    )
    if found is None:
        raise Http404("No such handoff for this person.")
    return cast(Handoff, found)


def insist_on_people(request: HttpRequest, handoff: Handoff) -> None:
    """Refuse a page that names the prospect to whoever may not see them before accepting."""
    if not Reader(person(request)).sees_people_of(handoff):
        raise PermissionDenied("Accept this handoff first: the people’s names open up with it.")


def taken_by_somebody(request: HttpRequest, pk: int) -> str:
    """Who was faster, if a handoff that is not to be seen has left this AE's queue.

    The one thing somebody learns about a row that is not theirs: that it is gone, and to whom.
    """
    user = person(request)
    if not user.is_ae:
        return ""
    gone = (
        Handoff.objects.select_related("accepted_by", "territory")
        .filter(pk=pk, accepted_at__isnull=False)
        .first()
    )
    if gone is None or not may_take(user, gone):
        return ""
    when = timezone.localtime(gone.accepted_at)
    return f"{gone.accepted_by} has already accepted this handoff ({when:%-d %b at %H:%M %Z})."
