"""Reads the log of one handoff as facts to count: pure, no queries, no now.

The definitions that need the order of events live here (what a meeting chain is, when it counts
as held, whose opportunity it is); what is counted over what, in `reports.metrics`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Any, NamedTuple

from handoffs.models.event import EventKind
from team.business_time import BusinessHours

SHOW_WINDOW = timedelta(days=14)  # held later than this after a no-show is no show
WINDOW = timedelta(days=30)  # W: an opportunity later than this came of something else
NOTICE = timedelta(hours=24)
CONFIRM_WITHIN = timedelta(hours=24)
DUPLICATES = frozenset({"duplicate", "after_duplicate"})


class Line(NamedTuple):
    """One event of the log; `reason` is the code of what was chosen."""

    kind: str
    at: datetime
    actor: int | None = None
    owner: int | None = None
    reason: str = ""
    reason_id: int | None = None
    counts: bool | None = None
    unprepared: bool | None = None
    gaps: int = 0
    meeting: int | None = None
    uid: str = ""
    starts_at: datetime | None = None
    side: str = ""


@dataclass
class Attempt:
    """One scheduled slot."""

    starts_at: datetime
    state: str = ""  # "", held, missed or cancelled
    side: str = ""
    at: datetime | None = None


@dataclass
class Chain:
    """All slots of one booking, in the order they were booked."""

    uid: str
    booked_at: datetime
    confirmed_at: datetime | None = None
    attempts: dict[int, Attempt] = field(default_factory=dict)

    @property
    def slots(self) -> list[Attempt]:
        return list(self.attempts.values())


def read(
    lines: Sequence[Line], hours: BusinessHours, zone: tzinfo
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The columns of a Fact and of its Chains; `lines` in the order they happened.

    `hours` is the working time its spans are counted in, `zone` decides which day a slot is on.
    """
    fact = _fact(lines, hours)
    return fact, _chains(lines, fact, zone)


def _fact(lines: Sequence[Line], hours: BusinessHours) -> dict[str, Any]:
    submitted = _first(lines, EventKind.SUBMITTED)
    accepted = _first(lines, EventKind.ACCEPTED)
    # First contact is a person's doing: what the product sends by itself never counts
    contacted = _first((line for line in lines if line.actor is not None), EventKind.CONTACTED)
    decision = _last(lines, EventKind.ACCEPTED, EventKind.REJECTED)
    rejected = decision if decision and decision.kind == EventKind.REJECTED else None
    ruling = _last(lines, EventKind.RULED)
    # What a manager overturned was no rejection of the handoff (only what stands in the end counts)
    stands = ruling is None or ruling.counts is not False
    after_call = _last(lines, EventKind.QUALIFIED, EventKind.DISQUALIFIED)
    qualified = after_call if after_call and after_call.kind == EventKind.QUALIFIED else None
    closed = _last(
        lines,
        EventKind.REJECTED,
        EventKind.WITHDRAWN,
        EventKind.QUALIFIED,
        EventKind.DISQUALIFIED,
    )
    before = [line for line in lines if submitted is None or line.at <= submitted.at]
    refused = [line for line in before if line.kind == EventKind.GATE_REFUSED]
    decided = rejected or accepted
    holder = (decision and decision.owner) or next(
        (line.owner for line in reversed(lines) if line.owner), None
    )
    return {
        "ae_id": holder,
        "submitted_at": submitted and submitted.at,
        "accepted_at": accepted and accepted.at,
        "contacted_at": contacted and contacted.at,
        "decided_at": decided and decided.at,
        "outcome": ("rejected" if rejected else "accepted") if decided else "",
        "counts": rejected is None or (rejected.counts is not False and stands),
        "reason_id": rejected and rejected.reason_id,
        "closed_at": closed and closed.at,
        "qualified_at": qualified and qualified.at,
        "is_duplicate": bool(closed and closed.reason in DUPLICATES),
        "returns": sum(line.kind == EventKind.RETURNED for line in lines),
        "refusals": len(refused),
        "missing_fields": refused[0].gaps if refused else 0,
        "is_unprepared": bool(contacted and contacted.unprepared),
        **_span("accept", submitted, accepted, hours),
        **_span("contact", accepted, contacted, hours),
        **_span("whole", submitted, contacted, hours),
    }


def _span(
    name: str, start: Line | None, end: Line | None, hours: BusinessHours
) -> dict[str, int | None]:
    if start is None or end is None:
        return {f"{name}_business": None, f"{name}_calendar": None}
    wall = max(end.at - start.at, timedelta())
    return {
        f"{name}_business": round(hours.elapsed(start.at, end.at).total_seconds()),
        f"{name}_calendar": round(wall.total_seconds()),
    }


def _chains(lines: Iterable[Line], fact: dict[str, Any], zone: tzinfo) -> list[dict[str, Any]]:
    chains = _booked(lines)
    held_first = min(
        ((slot.starts_at, chain.uid) for chain in chains for slot in chain.slots if _held(slot)),
        default=None,
    )
    rows = [_chain(chain, zone) for chain in chains]
    for row in rows:
        row |= {"decided_at": None, "qualified_at": None}
        row |= {"is_won_of_slot": False, "is_won_of_call": False}
        row["is_follow_up"] = bool(
            held_first and row["uid"] != held_first[1] and row["booked_at"] >= held_first[0]
        )
        if held_first and row["uid"] == held_first[1]:
            row["decided_at"] = fact["closed_at"]
            if fact["qualified_at"] and fact["qualified_at"] >= held_first[0]:
                row["qualified_at"] = won = fact["qualified_at"]
                row["is_won_of_slot"] = won <= row["first_slot"] + WINDOW
                row["is_won_of_call"] = won <= row["held_at"] + WINDOW
    return rows


def _booked(lines: Iterable[Line]) -> list[Chain]:
    chains: dict[str, Chain] = {}
    for line in lines:
        if line.meeting is None or line.starts_at is None or not line.uid:
            continue
        chain = chains.setdefault(line.uid, Chain(line.uid, line.at))
        slot = chain.attempts.setdefault(line.meeting, Attempt(line.starts_at))
        match line.kind:
            case EventKind.MEETING_HELD:
                slot.state, slot.at = "held", line.at
            case EventKind.MEETING_MISSED:
                slot.state, slot.side, slot.at = "missed", line.side, line.at
            case EventKind.MEETING_CANCELLED:
                slot.state, slot.side, slot.at = "cancelled", line.side, line.at
            case EventKind.MEETING_CONFIRMED:
                chain.confirmed_at = chain.confirmed_at or line.at
    return list(chains.values())


def _chain(chain: Chain, zone: tzinfo) -> dict[str, Any]:
    slots = chain.slots
    last = slots[-1]
    held = next((slot for slot in slots if _held(slot)), None)
    missed = [slot for slot in slots if slot.state == "missed"]
    late = bool(
        held
        and any(
            held.starts_at - slot.starts_at > SHOW_WINDOW
            for slot in missed
            if slot.starts_at < held.starts_at
        )
    )
    # What is called off after it was held is a slip of the log, not a cancellation
    called_off = last if last.state == "cancelled" and held is None else None
    cancelled_at = called_off.at if called_off else None
    morning = last.starts_at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    confirmed = chain.confirmed_at
    return {
        "uid": chain.uid,
        "booked_at": chain.booked_at,
        "first_slot": slots[0].starts_at,
        "last_slot": last.starts_at,
        "attempts": len(slots),
        "no_shows_theirs": sum(slot.side != "ours" for slot in missed),
        "no_shows_ours": sum(slot.side == "ours" for slot in missed),
        "is_settled": bool(last.state),
        "is_confirmed_late": confirmed is None or confirmed - chain.booked_at > CONFIRM_WITHIN,
        "held_at": held and held.starts_at,
        "is_late_show": late,
        "cancelled_at": cancelled_at,
        "cancelled_by": (called_off.side or "theirs") if called_off else "",
        "is_before_the_day": bool(cancelled_at and cancelled_at < morning),
        "is_with_notice": bool(cancelled_at and last.starts_at - cancelled_at > NOTICE),
    }


def _held(slot: Attempt) -> bool:
    return slot.state == "held"


def _first(lines: Iterable[Line], kind: EventKind) -> Line | None:
    return next((line for line in lines if line.kind == kind), None)


def _last(lines: Sequence[Line], *kinds: EventKind) -> Line | None:
    return next((line for line in reversed(lines) if line.kind in kinds), None)
