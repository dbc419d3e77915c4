"""My work of an AE: what to take, to prepare, to contact, and what lacks its outcome."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q, Subquery

from handoffs import meetings
from handoffs.models import Handoff, Meeting
from handoffs.models.meeting import MOST_NO_SHOWS
from handoffs.querysets import HandoffQuerySet
from handoffs.views.work.blocks import Block, Desk, only_if_any, queue
from handoffs.views.work.talks import to_talk_over
from team.models import User

Status = Handoff.Status


def blocks(desk: Desk) -> list[Block]:
    user, now = desk.reader.user, desk.now
    # The index of what is open serves only a query that says so
    accepted = Handoff.objects.open_of(user).filter(status=Status.ACCEPTED)
    at_the_limit = _at_the_limit(user)
    return [
        desk.block(
            "queue",
            "Waiting to be accepted",
            Handoff.objects.waiting_for(user),
            empty="Nobody is waiting for you. New handoffs appear here the moment they are "
            "submitted, what is due next first.",
            link=queue(),
        ),
        desk.block(
            "prepare",
            "To prepare",
            accepted.filter(prep_finished_at=None, first_contact_at=None).due_next_first(),
            empty="Nothing to prepare. Fifteen minutes of preparation open when you accept.",
            link=queue("state=accepted"),
        ),
        desk.block(
            "contact",
            "To contact",
            accepted.filter(first_contact_at=None).exclude(prep_finished_at=None).due_next_first(),
            empty="No first contact is due. What you have prepared for stands here until you have "
            "written or called.",
            link=queue("state=accepted"),
        ),
        desk.block(
            "outcome",
            "Outcome missing",
            _without_outcome(user, now, at_the_limit).due_next_first(),
            empty="Every conversation has its outcome. A meeting whose time has passed asks here "
            "how it went.",
            link=queue("state=accepted"),
            notes=lambda pks: _limits(pks, at_the_limit),
        ),
        *only_if_any(to_talk_over(desk)),
    ]


def _without_outcome(user: User, now: datetime, at_the_limit: set[int]) -> HandoffQuerySet:
    """A meeting whose time has passed without one, a conversation that led to nothing yet, or a
    prospect who has not come too often.

    Found from the few meetings that are to come and the few handoffs that are open.
    """
    coming = Meeting.objects.filter(status__in=meetings.COMING)
    passed = coming.filter(
        starts_at__lte=now, handoff__owner=user, handoff__status__in=meetings.WITH_OUTCOME
    )
    talked = (
        Handoff.objects.open_of(user)
        .filter(status=Status.ACCEPTED, first_contact_at__isnull=False, next_step_at__lte=now)
        .exclude(Exists(coming.filter(handoff=OuterRef("pk"))))
    )
    found = {*passed.values_list("handoff", flat=True), *talked.values_list("pk", flat=True)}
    return Handoff.objects.filter(pk__in=found | at_the_limit)


def _at_the_limit(user: User) -> set[int]:
    """The open ones whose prospect did not come, as often as we try."""
    theirs = Q(meetings__status=Meeting.Status.NO_SHOW) & ~Q(meetings__by_side="ours")
    newest = Meeting.objects.filter(handoff=OuterRef("pk")).order_by("-pk").values("status")
    rows = (
        Handoff.objects.open_of(user)
        .filter(status=Status.ACCEPTED)
        .annotate(missed=Count("meetings", filter=theirs), newest=Subquery(newest[:1]))
        .filter(missed__gte=MOST_NO_SHOWS, newest=Meeting.Status.NO_SHOW)
    )
    return set(rows.order_by().values_list("pk", flat=True))


def _limits(pks: Sequence[int], at_the_limit: set[int]) -> dict[int, str]:
    words = f"No-show {MOST_NO_SHOWS} of {MOST_NO_SHOWS}: disqualify it"
    return dict.fromkeys(at_the_limit.intersection(pks), words)
