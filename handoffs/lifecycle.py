"""The life of a handoff: every verb that moves one, from the draft to the opportunity.

Every verb guards, changes by conditional UPDATE, records the event, rings the bell and tells, in
one transaction. `by` is who did it (None: the product itself); `at` is when it happened (UTC; now
when left out). Each returns the handoff as it stands afterwards and raises TransitionRefused with
a sentence when it may not be. What leads where is in `handoffs.moves`; the verbs after the
acceptance live in `handoffs.pursuit` and are called from here like the others.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Prefetch, prefetch_related_objects
from django.utils import timezone

from accounts.models import Account
from handoffs import letters, meetings, new_owner, rights, routing
from handoffs.completeness import gaps
from handoffs.log import record
from handoffs.models import Answer, Criterion, Handoff, LeadSource, Reason
from handoffs.models.event import EventKind
from handoffs.moves import TRANSITIONS, WITH_AE, fresh_of, guard, insist, move, now_of, reason_of
from handoffs.pursuit import (
    create_opportunity,
    disqualify,
    finish_preparation,
    record_contact,
    start_preparation,
)
from handoffs.refusal import TransitionRefused
from handoffs.snapshot import ROW_FIELDS, account_facts, package_of
from team.models import User

__all__ = [
    "TRANSITIONS",
    "WITH_AE",
    "TransitionRefused",
    "accept",
    "accept_for",
    "answer",
    "create_draft",
    "create_opportunity",
    "delete_draft",
    "disqualify",
    "finish_preparation",
    "reassign",
    "record_contact",
    "reject",
    "return_for_information",
    "start_preparation",
    "submit",
    "withdraw",
]

Status = Handoff.Status


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
    fresh = fresh_of(handoff, *GATE_READS, "account__owner", "account__territory")
    at = at or now_of(fresh)
    guard("submit", fresh, by)
    package = _pass_gate(fresh, by=by, at=at)
    decision = routing.route(fresh, at)
    return move(
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
        data={
            "routing": decision.as_data(),
            "package": package,
            "account_facts": account_facts(fresh.account),
        },
        then=meetings.arrange,
    )


def accept(handoff: Handoff, *, by: User, at: datetime | None = None, note: str = "") -> Handoff:
    """Take it over. Exactly one person can, however many try at once."""
    at = at or now_of(handoff)
    return move(
        "accept",
        handoff,
        by=by,
        at=at,
        changes={"owner": by, "accepted_by": by, "accepted_at": at, "decided_at": at},
        note=note,
        then=letters.confirm_receipt,
    )


def accept_for(
    handoff: Handoff, *, to: User, why: str, by: User, at: datetime | None = None
) -> Handoff:
    """A manager takes it over in the name of an AE, who works it from then on.

    Kept in the log with the reason. Neither of the two may have written it.
    """
    fresh = fresh_of(handoff)
    at = at or now_of(fresh)
    guard("accept_for", fresh, by)
    if by.pk == fresh.sdr_id:
        raise TransitionRefused("You wrote this handoff, so somebody else has to take it.")
    if to.pk == fresh.sdr_id:
        raise TransitionRefused(f"{to} wrote this handoff, so somebody else has to take it.")
    if not to.is_active:
        raise TransitionRefused(f"{to} is deactivated and cannot take a handoff.")
    if not to.is_ae:
        raise TransitionRefused(f"{to} is not an AE, so cannot take a handoff.")
    if to.pk != fresh.owner_id and not (rights.may_take(to, fresh) or rights.leads(by, to)):
        raise TransitionRefused(f"{to} is neither of this territory nor of your team.")
    insist(why, "Say in a sentence why you accept it for them.")
    return move(
        "accept_for",
        fresh,
        by=by,
        at=at,
        seen=fresh,
        changes={"owner": to, "accepted_by": by, "accepted_at": at, "decided_at": at},
        note=why,
        data={
            "on_behalf_of": to.pk,
            "on_behalf_of_name": str(to),
            "from": fresh.owner_id,
        },
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
    at = at or now_of(handoff)
    chosen = reason_of(reason, Reason.Use.REJECT)
    insist(note, "Say in a sentence why, so that the SDR can learn from it.")
    data: dict[str, Any] = {"counts": chosen.counts}
    if criterion is not None:
        if criterion.version_id != handoff.framework_version_id:
            raise TransitionRefused("Choose a criterion of the standard this was written under.")
        data |= {"criterion": criterion.code, "criterion_name": criterion.name}
    return move(
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
    chosen = reason_of(reason, Reason.Use.RETURN) if reason else None
    insist(question, "Write the question that the SDR has to answer.")
    return move("return", handoff, by=by, at=at, reason=chosen, note=question)


def answer(
    handoff: Handoff, *, by: User | None, text: str = "", at: datetime | None = None
) -> Handoff:
    """Send a returned handoff back to its AE, through the gate again; the clocks go on."""
    fresh = fresh_of(handoff, *GATE_READS)
    at = at or now_of(fresh)
    guard("answer", fresh, by)
    package = _pass_gate(fresh, by=by, at=at)
    return move(
        "answer",
        fresh,
        by=by,
        at=at,
        seen=fresh,
        note=text,
        data={"package": package},
        then=meetings.arrange,
    )


def withdraw(
    handoff: Handoff, *, by: User | None, note: str = "", at: datetime | None = None
) -> Handoff:
    """Take it back before anybody accepted it."""
    at = at or now_of(handoff)
    return move(
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
    fresh = fresh_of(handoff)
    before = fresh.owner
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
    return move(
        "reassign",
        fresh,
        by=by,
        at=at,
        seen=fresh,
        changes={"owner": to},
        note=why,
        data={"from": fresh.owner_id, "from_name": str(fresh.owner or "")},
        then=lambda found, *, by, at: new_owner.follow(found, before=before, at=at),
    )


def delete_draft(handoff: Handoff, *, by: User) -> None:
    """Throw away a draft that was never submitted."""
    fresh = fresh_of(handoff)
    if sentence := rights.why_not(by, rights.DELETE, fresh):
        raise TransitionRefused(sentence)
    with transaction.atomic():
        deleted, _ = Handoff.objects.filter(pk=fresh.pk, status=Status.DRAFT).delete()
        if not deleted:
            raise TransitionRefused("This draft was submitted meanwhile.")


# --- Below the verbs -----------------------------------------------------------------------------


GATE_READS = ("contact", "framework_version")


def _pass_gate(handoff: Handoff, *, by: User | None, at: datetime) -> dict[str, Any]:
    """The package as the gate saw it, for the log.

    Refuses an incomplete one with every gap, and logs that it was tried.
    """
    answers = Prefetch("answers", Answer.objects.select_related("criterion"))
    prefetch_related_objects([handoff], answers, *ROW_FIELDS)
    if handoff.contact and handoff.contact.account_id == handoff.account_id:
        handoff.contact.account = handoff.account
    missing = gaps(handoff, now=at)
    package = package_of(handoff)
    vars(handoff).pop("_prefetched_objects_cache")  # whoever gets it back reads them anew
    if not missing:
        return package
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
