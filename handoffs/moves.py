"""The moves of a handoff: one table of what leads where, and the one function that takes a step.

Nobody else writes a status. The verbs that people call are in `handoffs.lifecycle` and, for what
follows the acceptance, in `handoffs.pursuit`.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.utils import timezone

from handoffs import rights
from handoffs.log import record
from handoffs.models import Handoff, Reason
from handoffs.models.event import EventKind
from handoffs.refusal import TransitionRefused
from handoffs.wording import is_sentence
from team.models import User

Status = Handoff.Status


class Move(NamedTuple):
    """From which statuses, to which (None: it stays), what is logged, and the right it needs."""

    sources: tuple[Status, ...]
    target: Status | None
    kind: EventKind
    right: str


LOOKS = 3  # how often a move looks again when somebody changed the handoff meanwhile
WITH_AE = (Status.SUBMITTED, Status.RETURNED, Status.ACCEPTED)

TRANSITIONS: dict[str, Move] = {
    "submit": Move((Status.DRAFT,), Status.SUBMITTED, EventKind.SUBMITTED, rights.SUBMIT),
    "accept": Move((Status.SUBMITTED,), Status.ACCEPTED, EventKind.ACCEPTED, rights.ACCEPT),
    "accept_for": Move((Status.SUBMITTED,), Status.ACCEPTED, EventKind.ACCEPTED, rights.LEAD),
    "reject": Move((Status.SUBMITTED,), Status.REJECTED, EventKind.REJECTED, rights.DECIDE),
    "return": Move((Status.SUBMITTED,), Status.RETURNED, EventKind.RETURNED, rights.DECIDE),
    "answer": Move((Status.RETURNED,), Status.SUBMITTED, EventKind.ANSWERED, rights.SUBMIT),
    "withdraw": Move(
        (Status.DRAFT, Status.SUBMITTED, Status.RETURNED),
        Status.WITHDRAWN,
        EventKind.WITHDRAWN,
        rights.WITHDRAW,
    ),
    "reassign": Move(WITH_AE, None, EventKind.REASSIGNED, rights.REASSIGN),
    "pause": Move(WITH_AE, None, EventKind.PAUSED, rights.PAUSE),
    "resume": Move(WITH_AE, None, EventKind.RESUMED, rights.PAUSE),
    "start_preparation": Move((Status.ACCEPTED,), None, EventKind.PREP_STARTED, rights.WORK),
    "finish_preparation": Move((Status.ACCEPTED,), None, EventKind.PREP_FINISHED, rights.WORK),
    "contact": Move((Status.ACCEPTED,), None, EventKind.CONTACTED, rights.WORK),
    "qualify": Move((Status.ACCEPTED,), Status.QUALIFIED, EventKind.QUALIFIED, rights.WORK),
    "amend": Move((Status.QUALIFIED,), None, EventKind.AMENDED, rights.WORK),
    "disqualify": Move(
        (Status.ACCEPTED,), Status.DISQUALIFIED, EventKind.DISQUALIFIED, rights.WORK
    ),
}


def move(
    verb: str,
    handoff: Handoff,
    *,
    by: User | None,
    at: datetime | None = None,
    seen: Handoff | None = None,
    changes: dict[str, Any] | None = None,
    reason: Reason | None = None,
    note: str = "",
    data: dict[str, Any] | None = None,
    then: Callable[..., object] | None = None,
) -> Handoff:
    """Guard, change, record, ring, tell: the only place where a status is written.

    The change holds only for the version that was looked at. `seen` is what the caller has based
    its own checks on: a change since then refuses the move; without it the look is repeated.
    """
    step = TRANSITIONS[verb]
    at = at or now_of(handoff)
    with transaction.atomic():
        for _ in range(1 if seen else LOOKS):
            found = seen or fresh_of(handoff)
            guard(verb, found, by)
            before = found.status
            values = {"status": step.target or before, "updated_at": at, **(changes or {})}
            changed = Handoff.objects.filter(
                pk=found.pk, status=before, version=found.version
            ).update(version=found.version + 1, **values)
            if changed:
                break
        else:
            raise TransitionRefused(_too_late(fresh_of(handoff), verb))
        for name, value in values.items():
            setattr(found, name, value)
        found.version += 1
        record(
            found, step.kind, by=by, at=at, from_status=before, reason=reason, note=note, data=data
        )
        if then is not None:
            then(found, by=by, at=at)
    return found


def guard(verb: str, handoff: Handoff, by: User | None) -> None:
    """Refuse in words what the table or the person's rights do not allow."""
    if handoff.status not in TRANSITIONS[verb].sources:
        raise TransitionRefused(_too_late(handoff, verb))
    if sentence := rights.why_not(by, TRANSITIONS[verb].right, handoff):
        raise TransitionRefused(sentence)


def now_of(handoff: Handoff) -> datetime:
    """Now, but never before its last change: a clock that was set back leaves the log in order."""
    return max(timezone.now(), handoff.updated_at)


def fresh_of(handoff: Handoff, *joined: str) -> Handoff:
    """The handoff as it stands in the database, with what every verb looks at, and `joined`."""
    rows = Handoff.objects.select_related("sdr", "owner", "account", "territory", *joined)
    found = rows.filter(pk=handoff.pk).order_by().first()
    if found is None:
        raise TransitionRefused("This handoff does not exist any more.")
    return found


def reason_of(given: Reason | str, use: Reason.Use) -> Reason:
    """The active reason that was chosen, by row or code."""
    code = given.code if isinstance(given, Reason) else given
    reason = Reason.objects.filter(code__iexact=code, use=use, is_active=True).first()
    if reason is None:
        raise TransitionRefused("Choose a reason from the list.")
    return reason


def insist(text: str, sentence: str) -> None:
    """Refuse with `sentence` where `text` says nothing."""
    if not is_sentence(text):
        raise TransitionRefused(sentence)


def _too_late(handoff: Handoff, verb: str) -> str:
    """Why the present state does not allow the move."""
    if handoff.status == Status.ACCEPTED:
        when = "before"
        if handoff.accepted_at:
            when = f"{timezone.localtime(handoff.accepted_at):%-d %b at %H:%M %Z}"
        return f"{handoff.accepted_by} has already accepted this handoff ({when})."
    if handoff.status in TRANSITIONS[verb].sources:
        return "Somebody changed this handoff a moment ago. Look at it again, then repeat."
    return {
        Status.DRAFT: "This handoff is still a draft: it has to be submitted first.",
        Status.SUBMITTED: "This handoff is waiting for an AE: it has to be accepted first.",
        Status.RETURNED: f"This handoff was returned: {handoff.sdr} has to answer first.",
        Status.REJECTED: "This handoff was rejected, which is final.",
        Status.WITHDRAWN: f"{handoff.sdr} has withdrawn this handoff.",
        Status.QUALIFIED: "This handoff has already become an opportunity.",
        Status.DISQUALIFIED: "This handoff was disqualified, which is final.",
    }[Status(handoff.status)]
