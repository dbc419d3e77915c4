"""The life of a handoff: one table of moves, one private `_move`, and the verbs. Nobody else
writes a status.

Every verb guards, changes by conditional UPDATE, records the event, rings the bell and tells, in
one transaction. `by` is who did it (None: the product itself); `at` is when it happened (UTC; now
when left out). Each returns the handoff as it stands afterwards and raises TransitionRefused with
a sentence when it may not be.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import transaction
from django.utils import timezone

from accounts.models import Account
from handoffs import letters, meetings, rights, routing
from handoffs.completeness import gaps
from handoffs.log import record
from handoffs.models import Criterion, Handoff, LeadSource, Reason
from handoffs.models.event import EventKind
from handoffs.refusal import TransitionRefused
from handoffs.snapshot import package_of
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
    "start_preparation": Move((Status.ACCEPTED,), None, EventKind.PREP_STARTED, rights.WORK),
    "finish_preparation": Move((Status.ACCEPTED,), None, EventKind.PREP_FINISHED, rights.WORK),
    "contact": Move((Status.ACCEPTED,), None, EventKind.CONTACTED, rights.WORK),
    "qualify": Move((Status.ACCEPTED,), Status.QUALIFIED, EventKind.QUALIFIED, rights.WORK),
    "disqualify": Move(
        (Status.ACCEPTED,), Status.DISQUALIFIED, EventKind.DISQUALIFIED, rights.WORK
    ),
}


def create_draft(
    *,
    sdr: User,
    by: User | None,
    account: Account | None = None,
    at: datetime | None = None,
    **fields: Any,
) -> Handoff:
    """A new draft by `sdr`, under the standard in force; as empty as they like."""
    at = at or timezone.now()
    if by is not None and not (by == sdr and by.is_sdr) and not (by.is_manager or by.is_superuser):
        raise TransitionRefused("Only an SDR or a manager may start a handoff.")
    fields.setdefault("lead_source", LeadSource.MEETING)
    with transaction.atomic():
        handoff = Handoff(sdr=sdr, account=account, created_at=at, updated_at=at, **fields)
        handoff.save()
        record(handoff, EventKind.CREATED, by=by, at=at, from_status="")
    return handoff


def submit(handoff: Handoff, *, by: User | None, at: datetime | None = None) -> Handoff:
    """Hand the package over: through the gate, to whoever routing finds.

    Refused with every gap when the package is incomplete; the refusal is logged. A change of the
    package between the gate's look and the move is noticed by its version.
    """
    at = at or timezone.now()
    fresh = _fresh(handoff)
    _guard("submit", fresh, by)
    _pass_gate(fresh, by=by, at=at)
    decision = routing.route(fresh, at)
    return _move(
        "submit",
        fresh,
        by=by,
        at=at,
        seen=fresh,
        changes={
            "submitted_at": at,
            "owner": decision.owner,
            "territory": decision.territory,
        },
        data={"routing": decision.as_data(), "package": package_of(fresh)},
        then=meetings.arrange,
    )


def accept(handoff: Handoff, *, by: User, at: datetime | None = None, note: str = "") -> Handoff:
    """Take it over. Exactly one person can, however many try at once."""
    at = at or timezone.now()
    return _move(
        "accept",
        handoff,
        by=by,
        at=at,
        changes={"owner": by, "accepted_by": by, "accepted_at": at, "decided_at": at},
        note=note,
        then=letters.confirm_receipt,
    )


def reject(
    handoff: Handoff,
    *,
    by: User,
    reason: Reason | str,
    note: str,
    criterion: Criterion | None = None,
    at: datetime | None = None,
) -> Handoff:
    """Refuse it for good, with a reason from the list and a sentence.

    `criterion` is the one of the handoff's own standard that it fails, where it is about one.
    """
    at = at or timezone.now()
    chosen = _reason(reason, Reason.Use.REJECT)
    _insist(note, "Say in a sentence why, so that the SDR can learn from it.")
    data: dict[str, Any] = {"counts": chosen.counts}
    if criterion is not None:
        if criterion.version_id != handoff.framework_version_id:
            raise TransitionRefused("Choose a criterion of the standard this was written under.")
        data |= {"criterion": criterion.code, "criterion_name": criterion.name}
    return _move(
        "reject",
        handoff,
        by=by,
        at=at,
        changes={"decided_at": at, "closed_at": at},
        reason=chosen,
        note=note,
        data=data,
        then=meetings.call_off_coming,
    )


def return_for_information(
    handoff: Handoff,
    *,
    by: User,
    question: str,
    reason: Reason | str | None = None,
    at: datetime | None = None,
) -> Handoff:
    """Send it back to the SDR with a question; the AE's clocks pause, the SDR's starts."""
    chosen = _reason(reason, Reason.Use.RETURN) if reason else None
    _insist(question, "Write the question that the SDR has to answer.")
    return _move("return", handoff, by=by, at=at, reason=chosen, note=question)


def answer(
    handoff: Handoff, *, by: User | None, text: str = "", at: datetime | None = None
) -> Handoff:
    """Send a returned handoff back to its AE, through the gate again; the clocks go on."""
    at = at or timezone.now()
    fresh = _fresh(handoff)
    _guard("answer", fresh, by)
    _pass_gate(fresh, by=by, at=at)
    return _move(
        "answer",
        fresh,
        by=by,
        at=at,
        seen=fresh,
        note=text,
        data={"package": package_of(fresh)},
        then=meetings.arrange,
    )


def withdraw(
    handoff: Handoff, *, by: User | None, note: str = "", at: datetime | None = None
) -> Handoff:
    """Take it back before anybody accepted it."""
    at = at or timezone.now()
    return _move(
        "withdraw",
        handoff,
        by=by,
        at=at,
        changes={"closed_at": at},
        note=note,
        then=meetings.call_off_coming,
    )


def reassign(
    handoff: Handoff, *, to: User, why: str, by: User | None = None, at: datetime | None = None
) -> Handoff:
    """Give it to somebody else; the handoff's clocks go on."""
    fresh = _fresh(handoff)
    if to.pk == fresh.owner_id:
        raise TransitionRefused(f"{to} already has this handoff.")
    if not to.is_active:
        raise TransitionRefused(f"{to} is deactivated and cannot take a handoff.")
    if to.pk == fresh.sdr_id:
        raise TransitionRefused(f"{to} wrote this handoff, so somebody else has to take it.")
    if not (to.is_ae or to.is_manager):
        raise TransitionRefused(f"{to} is neither an AE nor a manager.")
    if not why.strip():
        raise TransitionRefused("Say why it changes hands.")
    return _move(
        "reassign",
        fresh,
        by=by,
        at=at,
        seen=fresh,
        changes={"owner": to},
        note=why,
        data={"from": fresh.owner_id, "from_name": str(fresh.owner or "")},
    )


def start_preparation(handoff: Handoff, *, by: User, at: datetime | None = None) -> Handoff:
    """Open the fifteen minutes of preparation."""
    at = at or timezone.now()
    fresh = _fresh(handoff)
    if fresh.prep_started_at:
        raise TransitionRefused("The preparation was already started.")
    return _move(
        "start_preparation",
        fresh,
        by=by,
        at=at,
        seen=fresh,
        changes={"prep_started_at": at},
    )


def finish_preparation(
    handoff: Handoff, *, by: User, at: datetime | None = None, **notes: Any
) -> Handoff:
    """Close the preparation; `notes` (likely objections, case study, …) go into the log."""
    at = at or timezone.now()
    fresh = _fresh(handoff)
    if fresh.prep_finished_at:
        raise TransitionRefused("The preparation is already finished.")
    if not fresh.prep_started_at:
        raise TransitionRefused("Start the preparation first.")
    return _move(
        "finish_preparation",
        fresh,
        by=by,
        at=at,
        seen=fresh,
        changes={"prep_finished_at": at},
        data=notes,
    )


def record_contact(
    handoff: Handoff,
    *,
    by: User,
    channel: str,
    at: datetime | None = None,
    note: str = "",
    unprepared_because: str = "",
) -> Handoff:
    """Log that the AE reached out to the prospect. The first one stops the clock.

    Before the preparation is finished it is possible, and logged as unprepared.
    """
    now = timezone.now()
    at = at or now
    fresh = _fresh(handoff)
    if at > now + timedelta(minutes=5):
        raise TransitionRefused("A contact cannot be logged before it happened.")
    if fresh.accepted_at and at < fresh.accepted_at:
        raise TransitionRefused("That was before the handoff was accepted; check the time.")
    data: dict[str, Any] = {"channel": channel, "first": fresh.first_contact_at is None}
    if data["first"] and not (fresh.prep_finished_at and fresh.prep_finished_at <= at):
        data |= {"unprepared": True, "unprepared_because": unprepared_because}
    changes = {"first_contact_at": at} if data["first"] else {}
    return _move("contact", fresh, by=by, at=at, seen=fresh, changes=changes, note=note, data=data)


def create_opportunity(
    handoff: Handoff,
    *,
    by: User,
    amount: Decimal | None = None,
    external_id: str = "",
    url: str = "",
    note: str = "",
    at: datetime | None = None,
) -> Handoff:
    """The deal qualified: after a held meeting, or on the phone before the one that is booked."""
    at = at or timezone.now()
    fresh = _fresh(handoff)
    if sentence := meetings.why_no_opportunity(fresh, at):
        raise TransitionRefused(sentence)
    return _move(
        "qualify",
        fresh,
        by=by,
        at=at,
        seen=fresh,
        changes={
            "closed_at": at,
            "opportunity_amount": amount,
            "opportunity_id": external_id,
            "opportunity_url": url,
        },
        note=note,
        data={"amount": str(amount) if amount is not None else None},
    )


def disqualify(
    handoff: Handoff,
    *,
    by: User,
    reason: Reason | str,
    note: str = "",
    at: datetime | None = None,
) -> Handoff:
    """No deal after all, with a reason from the list; a meeting to come is called off."""
    at = at or timezone.now()
    chosen = _reason(reason, Reason.Use.DISQUALIFY)
    coming = handoff.coming_meeting()
    if coming is not None and coming.starts_at <= at:
        raise TransitionRefused("Record first whether the meeting took place.")
    return _move(
        "disqualify",
        handoff,
        by=by,
        at=at,
        changes={"closed_at": at},
        reason=chosen,
        note=note,
        then=meetings.call_off_coming,
    )


def delete_draft(handoff: Handoff, *, by: User) -> None:
    """Throw away a draft that was never submitted."""
    fresh = _fresh(handoff)
    if sentence := rights.why_not(by, rights.DELETE, fresh):
        raise TransitionRefused(sentence)
    with transaction.atomic():
        deleted, _ = Handoff.objects.filter(pk=fresh.pk, status=Status.DRAFT).delete()
        if not deleted:
            raise TransitionRefused("This draft was submitted meanwhile.")


# --- Below the verbs -----------------------------------------------------------------------------


def _move(
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
    move = TRANSITIONS[verb]
    at = at or timezone.now()
    with transaction.atomic():
        for _ in range(1 if seen else LOOKS):
            found = seen or _fresh(handoff)
            _guard(verb, found, by)
            before = found.status
            values = {"status": move.target or before, "updated_at": at, **(changes or {})}
            changed = Handoff.objects.filter(
                pk=found.pk, status=before, version=found.version
            ).update(version=found.version + 1, **values)
            if changed:
                break
        else:
            raise TransitionRefused(_too_late(_fresh(handoff), verb))
        for name, value in values.items():
            setattr(found, name, value)
        found.version += 1
        record(
            found, move.kind, by=by, at=at, from_status=before, reason=reason, note=note, data=data
        )
        if then is not None:
            then(found, by=by, at=at)
    return found


def _guard(verb: str, handoff: Handoff, by: User | None) -> None:
    """Refuse in words what the table or the person's rights do not allow."""
    if handoff.status not in TRANSITIONS[verb].sources:
        raise TransitionRefused(_too_late(handoff, verb))
    if sentence := rights.why_not(by, TRANSITIONS[verb].right, handoff):
        raise TransitionRefused(sentence)


def _pass_gate(handoff: Handoff, *, by: User | None, at: datetime) -> None:
    """Refuse an incomplete package with every gap, and log that it was tried."""
    missing = gaps(handoff, now=at)
    if not missing:
        return
    found = [{"section": gap.section, "field": gap.field} for gap in missing]
    with transaction.atomic():
        record(
            handoff,
            EventKind.GATE_REFUSED,
            by=by,
            at=at,
            from_status=handoff.status,
            data={"gaps": found},
        )
    things = "1 thing is" if len(missing) == 1 else f"{len(missing)} things are"
    raise TransitionRefused(f"Not yet: {things} missing in the package.", missing)


def _too_late(handoff: Handoff, verb: str) -> str:
    """Why the present state does not allow the move."""
    local = timezone.localtime
    if handoff.status == Status.ACCEPTED:
        when = f"{local(handoff.accepted_at):%d %b at %H:%M}" if handoff.accepted_at else "before"
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


def _fresh(handoff: Handoff) -> Handoff:
    """The handoff as it stands in the database, with the people a sentence may name."""
    fresh = (
        Handoff.objects.select_related(
            "sdr", "owner", "accepted_by", "account__owner", "account__territory", "territory"
        )
        .filter(pk=handoff.pk)
        .first()
    )
    if fresh is None:
        raise TransitionRefused("This handoff does not exist any more.")
    return fresh


def _reason(given: Reason | str, use: Reason.Use) -> Reason:
    """The active reason that was chosen, by row or code."""
    code = given.code if isinstance(given, Reason) else given
    reason = Reason.objects.filter(code__iexact=code, use=use, is_active=True).first()
    if reason is None:
        raise TransitionRefused("Choose a reason from the list.")
    return reason


def _insist(text: str, sentence: str) -> None:
    if not is_sentence(text):
        raise TransitionRefused(sentence)
