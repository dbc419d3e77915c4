"""Handoffs that live through a month, each step at its own time."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import time_machine

from accounts.models import Account
from handoffs import lifecycle, meetings
from handoffs.models import Handoff, LeadSource, Meeting
from team.models import User
from tests.factories import make_account, make_contact, submitted


def instant(text: str) -> datetime:
    """ "03-05 10:00" of 2026, UTC."""
    return datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=UTC)


@dataclass
class Desk:
    """Walks handoffs through the real verbs; every step moves the clock."""

    clock: time_machine.Traveller
    sdr: User
    ae: User
    account: Account

    def at(self, text: str) -> datetime:
        self.clock.move_to(instant(text))
        return instant(text)

    def submit(self, text: str, *, slot: str = "", source: str = LeadSource.MEETING) -> Handoff:
        """Submitted at `text`, with a meeting for `slot`; without one it is outbound interest."""
        self.at(text)
        account = make_account(territory=self.account.territory)
        contact = make_contact(account)
        handoff = submitted(
            sdr=self.sdr,
            account=account,
            contact=contact,
            lead_source=source if slot or source != LeadSource.MEETING else LeadSource.OUTBOUND,
            next_step_at=instant(slot) if slot else instant(text) + timedelta(days=30),
        )
        if slot and not handoff.meetings.exists():
            meetings.book(handoff, by=self.sdr, starts_at=instant(slot))
        return handoff

    def accept(self, handoff: Handoff, text: str) -> Handoff:
        self.at(text)
        return lifecycle.accept(handoff, by=self.ae)

    def contact(self, handoff: Handoff, text: str, by: User | None = None) -> Handoff:
        self.at(text)
        return lifecycle.record_contact(
            handoff,
            by=by or self.ae,
            channel="call",
            note="Said hello and confirmed the time.",
            unprepared_because="They asked to be called at once.",
        )

    def taken(self, text: str, *, slot: str = "", source: str = LeadSource.MEETING) -> Handoff:
        """Submitted at `text`, accepted half an hour later, contacted another half hour later."""
        handoff = self.submit(text, slot=slot, source=source)
        begun = instant(text)
        for minutes, step in ((30, self.accept), (60, self.contact)):
            handoff = step(handoff, f"{begun + timedelta(minutes=minutes):%m-%d %H:%M}")
        return handoff

    def meeting(self, handoff: Handoff) -> Meeting:
        found = handoff.meetings.order_by("-pk").first()
        assert found is not None
        return found

    def hold(self, handoff: Handoff, text: str) -> None:
        self.at(text)
        meetings.hold(self.meeting(handoff), by=self.ae)

    def miss(self, handoff: Handoff, text: str) -> None:
        self.at(text)
        meetings.miss(self.meeting(handoff), by=self.ae)

    def move(self, handoff: Handoff, text: str, *, to: str) -> None:
        self.at(text)
        meetings.reschedule(self.meeting(handoff), by=self.ae, starts_at=instant(to))

    def cancel(self, handoff: Handoff, text: str, *, side: str) -> None:
        self.at(text)
        meetings.cancel(self.meeting(handoff), by=self.ae, side=side)

    def win(self, handoff: Handoff, text: str) -> None:
        self.at(text)
        lifecycle.create_opportunity(handoff, by=self.ae)

    def lose(self, handoff: Handoff, text: str) -> None:
        self.at(text)
        lifecycle.disqualify(handoff, by=self.ae, reason="after_no_need")

    def reject(self, handoff: Handoff, text: str, reason: str) -> None:
        self.at(text)
        lifecycle.reject(
            handoff, by=self.ae, reason=reason, note="They have no such problem, Priya told me."
        )
