"""My work of an SDR: what came back, what to send, and what became of the rest."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from handoffs.models import Handoff, HandoffEvent, Letter, Meeting
from handoffs.models.event import EventKind
from handoffs.models.meeting import MOST_NO_SHOWS
from handoffs.querysets import HandoffQuerySet
from handoffs.views.work.blocks import Block, Desk, all_of, only_if_any
from handoffs.views.work.talks import to_talk_over

Status = Handoff.Status


def blocks(desk: Desk) -> list[Block]:
    user, now = desk.reader.user, desk.now
    mine = Handoff.objects.filter(sdr=user)
    return [
        desk.block(
            "returned",
            "Came back with a question",
            Handoff.objects.returned_to(user),
            empty="Nothing came back. A returned handoff shows its question here, to answer in "
            "place.",
            link=all_of("returned"),
            link_words="All of them",
            tone="is-warn",
            notes=_questions,
        ),
        *only_if_any(_missed(desk), _to_introduce(desk), to_talk_over(desk)),
        desk.block(
            "drafts",
            "Drafts",
            Handoff.objects.drafts_of(user),
            empty="No drafts. Start a handoff as soon as somebody agrees to a next step; it saves "
            "itself however empty it is.",
            link=all_of("draft"),
            link_words="All drafts",
        ),
        desk.block(
            "with_ae",
            "With an AE",
            mine.filter(status__in=[Status.SUBMITTED, Status.ACCEPTED]).due_next_first(),
            empty="Nothing is with an AE. What you submit stands here until its outcome is known.",
            link=all_of("open"),
            link_words="All that are open",
        ),
        desk.block(
            "outcomes",
            "Decided in the last 30 days",
            mine.filter(closed_at__gte=now - timedelta(days=30)).order_by("-closed_at"),
            empty="No outcomes yet. Opportunities, rejections and their reasons appear here.",
            notes=_outcomes,
        ),
    ]


def _to_introduce(desk: Desk) -> Block:
    sent = Letter.objects.filter(
        handoff=OuterRef("pk"), kind=Letter.Kind.INTRODUCTION, sent_at__isnull=False
    )
    return desk.block(
        "introduce",
        "To introduce",
        _accepted(desk).exclude(Exists(sent)).order_by("accepted_at"),
        tone="is-warn",
    )


def _missed(desk: Desk) -> Block:
    return desk.block(
        "missed",
        "No-show: find a new time",
        _accepted(desk)
        .annotate(newest=Subquery(_newest_meeting().values("status")[:1]))
        .filter(newest=Meeting.Status.NO_SHOW)
        .order_by("pk"),
        tone="is-warn",
        notes=_attempts,
    )


def _accepted(desk: Desk) -> HandoffQuerySet:
    found: HandoffQuerySet = Handoff.objects.filter(sdr=desk.reader.user, status=Status.ACCEPTED)
    return found


def _newest_meeting() -> QuerySet[Meeting]:
    return Meeting.objects.filter(handoff=OuterRef("pk")).order_by("-pk")


def _attempts(pks: Sequence[int]) -> dict[int, str]:
    """How often the prospects of these did not come, and whose move it is now."""
    missed = Meeting.objects.filter(handoff__in=pks, status=Meeting.Status.NO_SHOW)
    missed = missed.select_related("handoff__owner")
    theirs = Counter(row.handoff_id for row in missed if row.by_side != Meeting.Side.OURS)
    said = {row.handoff_id: "We did not come" for row in missed}
    for row in missed:
        if count := theirs[row.handoff_id]:
            said[row.handoff_id] = f"No-show {count} of {MOST_NO_SHOWS}" + (
                f": {row.handoff.owner} disqualifies it" if count >= MOST_NO_SHOWS else ""
            )
    return said


def _questions(pks: Sequence[int]) -> dict[int, str]:
    """The question that each of these returned handoffs came back with."""
    events = HandoffEvent.objects.filter(handoff__in=pks, kind=EventKind.RETURNED)
    return {event.handoff_id: f"“{event.note}”" for event in events.order_by("occurred_at", "pk")}


def _outcomes(pks: Sequence[int]) -> dict[int, str]:
    """Why each of these was closed, where a reason was chosen."""
    kinds = [EventKind.REJECTED, EventKind.DISQUALIFIED]
    events = HandoffEvent.objects.filter(handoff__in=pks, kind__in=kinds, reason__isnull=False)
    return {event.handoff_id: str(event.reason) for event in events.select_related("reason")}
