"""My work of whoever answers for others: managers for their people, RevOps for all."""

from django.db.models import Q

from handoffs import feedback
from handoffs.models import Handoff
from handoffs.views.work.blocks import Block, Desk, only_if_any, queue

Status = Handoff.Status


def blocks(desk: Desk) -> list[Block]:
    user = desk.reader.user
    visible = Handoff.objects.visible_to(user)
    if not (user.is_revops or user.is_superuser):
        team = desk.reader.team
        visible = visible.filter(
            Q(owner__in=team)
            | Q(sdr__in=team)
            | Q(territory__manager=user)
            | Q(owner__isnull=True, territory__isnull=True)
        )
    late = visible.filter(
        status__in=[Status.SUBMITTED, Status.RETURNED, Status.ACCEPTED], next_due_at__lte=desk.now
    )
    return [
        *only_if_any(_contested(desk)),
        desk.block(
            "unassigned",
            "Unassigned",
            visible.unassigned().due_next_first(),
            empty="Everything has an owner. What routing could place with nobody stands here.",
            link=queue("owner=none&state=submitted"),
            tone="is-bad",
        ),
        desk.block(
            "overdue",
            "Overdue",
            late.due_next_first(),
            empty="No promise is overdue.",
            link=queue(),
            tone="is-bad",
        ),
        desk.block(
            "waiting",
            "Waiting for an AE",
            visible.filter(status=Status.SUBMITTED, owner__isnull=False).due_next_first(),
            empty="Nothing is waiting to be accepted.",
            link=queue("state=submitted"),
        ),
        desk.block(
            "questions",
            "Waiting for an answer",
            visible.filter(status=Status.RETURNED).due_next_first(),
            empty="No question is open between an AE and an SDR.",
            link=queue("state=returned"),
        ),
    ]


def _contested(desk: Desk) -> Block:
    """The rejections this manager has to rule on."""
    cases = {case.handoff_id: case.argument for case in feedback.waiting_for(desk.reader.user)}
    return desk.block(
        "contested",
        "Contested rejections: rule on them",
        Handoff.objects.filter(pk__in=cases).order_by("pk"),
        tone="is-warn",
        notes=lambda pks: {pk: f"“{cases[pk]}”" for pk in pks},
    )
