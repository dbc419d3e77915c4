"""Reads the log of a handoff as the stories of its clocks; no rows, no minutes, no now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from handoffs.models import Meeting
from handoffs.models.event import EventKind
from sla.models.policy import OF_THE_OWNER, ClockKind

# An SDR's answer is awaited, so the AE cannot act on these
HELD_BY_A_RETURN = (ClockKind.ACCEPT, ClockKind.FIRST_CONTACT, ClockKind.CONFIRMATION)
# A meeting that stands like this has, or will have, an outcome to record
AWAITED = (Meeting.Status.TENTATIVE, Meeting.Status.CONFIRMED, Meeting.Status.HELD)
THE_END = frozenset(
    {EventKind.REJECTED, EventKind.WITHDRAWN, EventKind.QUALIFIED, EventKind.DISQUALIFIED}
)
OF_A_MEETING = frozenset(
    {
        EventKind.MEETING_BOOKED,
        EventKind.MEETING_CONFIRMED,
        EventKind.MEETING_HELD,
        EventKind.MEETING_MISSED,
        EventKind.MEETING_CANCELLED,
        EventKind.MEETING_MOVED,
    }
)
# What else happens (a draft, a refusal of the gate, preparation) leaves the clocks alone
MOVES_CLOCKS = (
    THE_END
    | OF_A_MEETING
    | {
        EventKind.SUBMITTED,
        EventKind.ASSIGNED,
        EventKind.RETURNED,
        EventKind.ANSWERED,
        EventKind.ACCEPTED,
        EventKind.REASSIGNED,
        EventKind.CONFIRMATION_SENT,
        EventKind.CONTACTED,
        EventKind.PAUSED,
        EventKind.RESUMED,
    }
)


class Entry(NamedTuple):
    """A line of the log: what a HandoffEvent says to a clock."""

    kind: str
    at: datetime
    owner: int | None  # the owner after it


class Slot(NamedTuple):
    """A meeting as it stands: `outcome_at` is when its end was recorded, if it was."""

    ends_at: datetime
    status: str
    outcome_at: datetime | None


@dataclass
class Script:
    """The story of one clock: whose it is, and when it started, paused, resumed and stopped."""

    kind: ClockKind
    cycle: int
    holder: int | None
    marks: list[tuple[datetime, str]] = field(default_factory=list)
    holders: list[tuple[datetime, int | None]] = field(default_factory=list)

    @property
    def key(self) -> tuple[str, int]:
        return self.kind.value, self.cycle

    @property
    def is_over(self) -> bool:
        return self.marks[-1][1] == "stop"

    @property
    def started_at(self) -> datetime:
        return next(at for at, what in reversed(self.marks) if what == "start")

    @property
    def last_at(self) -> datetime:
        return max(at for at, _ in self.marks)

    def give_to(self, person: int | None, at: datetime) -> None:
        if person != self.holder:
            self.holder = person
            self.holders.append((at, person))

    def held_by(self, at: datetime) -> int | None:
        """Who held it at an instant."""
        person = self.holders[0][1]
        for since, somebody in self.holders:
            if since <= at:
                person = somebody
        return person


def read(log: Iterable[Entry], sdr: int, meetings: Sequence[Slot] = ()) -> list[Script]:
    """The clocks that the log, in order of time, has started, each with its story.

    Cycle 0 belongs to the handoff and goes on when its owner changes; each further owner gets a
    cycle beside it. Each question to the SDR is a cycle of the answer, each meeting one of the
    outcome.
    """
    reader = _Reader(sdr)
    for entry in log:
        reader.take(entry)
    reader.await_outcomes(meetings)
    return reader.scripts


class _Reader:
    def __init__(self, sdr: int) -> None:
        self.sdr = sdr
        self.scripts: list[Script] = []
        self.submitted_at: datetime | None = None
        self.accepted_at: datetime | None = None
        self.closed_at: datetime | None = None
        self.owners: list[tuple[datetime, int | None]] = []
        self.returned = False
        self.paused = False
        self.pauses: list[tuple[datetime, str]] = []

    def take(self, entry: Entry) -> None:
        kind, at, owner = entry
        match kind:
            case EventKind.SUBMITTED:
                self.submitted_at = at
                self.owners.append((at, owner))
                self._open(ClockKind.ACCEPT, owner, at)
                self._open(ClockKind.FIRST_CONTACT, owner, at)
            case EventKind.ASSIGNED | EventKind.REASSIGNED:
                self._hand_over(owner, at)
            case EventKind.RETURNED:
                self.returned = True
                self._mark(HELD_BY_A_RETURN, "pause", at)
                self._open(ClockKind.ANSWER, self.sdr, at)
            case EventKind.ANSWERED:
                self._answered(at)
            case EventKind.ACCEPTED:
                self._answered(at)
                self.accepted_at = at
                self.owners.append((at, owner))
                self._mark([ClockKind.ACCEPT], "stop", at)
                self._taken_by(owner, at)
                self._open(ClockKind.CONFIRMATION, owner, at)
            case EventKind.CONFIRMATION_SENT:
                self._mark([ClockKind.CONFIRMATION], "stop", at)
            case EventKind.CONTACTED:
                self._mark([ClockKind.FIRST_CONTACT, ClockKind.CONFIRMATION], "stop", at)
            case EventKind.PAUSED:
                self.paused = True
                self.pauses.append((at, "pause"))
                self._mark(ClockKind, "pause", at)
            case EventKind.RESUMED:
                self.paused = False
                self.pauses.append((at, "resume"))
                held = HELD_BY_A_RETURN if self.returned else ()
                self._mark([k for k in ClockKind if k not in held], "resume", at)
            case _ if kind in THE_END:
                self.closed_at = at
                self._mark(ClockKind, "stop", at)

    def await_outcomes(self, meetings: Sequence[Slot]) -> None:
        """A meeting whose time has passed asks the AE for its outcome until the handoff closes."""
        if self.accepted_at is None:
            return
        for cycle, slot in enumerate(meetings):
            begins = slot.ends_at
            if slot.status == Meeting.Status.HELD and slot.outcome_at:
                begins = min(begins, slot.outcome_at)
            begins = max(begins, self.accepted_at)
            took_place = slot.status in AWAITED
            ends = self.closed_at if took_place else slot.outcome_at
            if (ends is None and not took_place) or (ends is not None and ends <= begins):
                continue
            script = Script(ClockKind.DISPOSITION, cycle, None)
            script.holders = self.owners
            script.holder = self.owners[-1][1]
            script.marks.append((begins, "start"))
            before = [what for at, what in self.pauses if at <= begins]
            if before and before[-1] == "pause":
                script.marks.append((begins, "pause"))
            script.marks += [(at, what) for at, what in self.pauses if at > begins]
            if ends is not None:
                script.marks.append((ends, "stop"))
            self.scripts.append(script)

    def _live(self, kinds: Iterable[ClockKind]) -> Iterator[Script]:
        wanted = set(kinds)
        return (s for s in self.scripts if s.kind in wanted and not s.is_over)

    def _mark(self, kinds: Iterable[ClockKind], what: str, at: datetime) -> None:
        for script in self._live(kinds):
            script.marks.append((at, what))

    def _open(self, kind: ClockKind, holder: int | None, at: datetime) -> None:
        cycle = sum(script.kind == kind for script in self.scripts)
        script = Script(kind, cycle, holder, [(at, "start")], [(at, holder)])
        if self.paused or (self.returned and kind in HELD_BY_A_RETURN):
            script.marks.append((at, "pause"))
        self.scripts.append(script)

    def _answered(self, at: datetime) -> None:
        self._mark([ClockKind.ANSWER], "stop", at)
        if self.returned and not self.paused:
            self._mark(HELD_BY_A_RETURN, "resume", at)
        self.returned = False

    def _hand_over(self, owner: int | None, at: datetime) -> None:
        """The handoff's clock goes on; the new owner gets a cycle, the one before ends theirs."""
        if self.owners and self.owners[-1][1] == owner:
            return
        self.owners.append((at, owner))
        for script in list(self._live(ClockKind)):
            if script.kind == ClockKind.ANSWER:
                continue
            first_owner = script.holder is None and at == self.submitted_at
            if script.cycle and script.kind in OF_THE_OWNER:
                script.marks.append((at, "stop"))
                continue
            script.give_to(owner, at)
            if script.kind in OF_THE_OWNER and owner is not None and not first_owner:
                self._open(script.kind, owner, at)

    def _taken_by(self, owner: int | None, at: datetime) -> None:
        """Whoever accepts holds what is left; another owner's own cycle ends."""
        for script in self._live([ClockKind.FIRST_CONTACT]):
            if script.cycle == 0:
                script.give_to(owner, at)
            elif script.holder != owner:
                script.marks.append((at, "stop"))
