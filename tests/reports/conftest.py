"""A month in the life of one team, with every case that people argue about."""

import pytest
import time_machine

from accounts.models import Account
from handoffs import lifecycle, meetings
from handoffs.models import Handoff, HandoffEvent, LeadSource
from handoffs.models.event import EventKind
from team.models import User
from tests.reports.stories import Desk, instant


@pytest.fixture
def desk(clock: time_machine.Traveller, sdr: User, ae: User, account: Account) -> Desk:
    return Desk(clock, sdr, ae, account)


@pytest.fixture
def march(desk: Desk, backup: User) -> dict[str, Handoff]:
    """March 2026 by name, seen from 20 May. Berlin’s March: 28 Feb 23:00 to 31 Mar 22:00 UTC."""
    told: dict[str, Handoff] = {}

    won = told["won"] = desk.taken("03-03 10:00", slot="03-05 10:00")
    desk.hold(won, "03-05 10:40")
    desk.win(won, "03-06 10:00")

    # Held, met once more, then no deal: the second meeting is a follow-up, not another chance
    lost = told["lost"] = desk.submit("03-03 11:00", slot="03-05 11:00")
    lost = desk.contact(desk.accept(lost, "03-03 11:10"), "03-03 11:30")
    desk.hold(lost, "03-05 11:40")
    meetings.book(lost, by=desk.ae, starts_at=instant("03-10 11:00"))
    desk.hold(lost, "03-10 11:40")
    desk.lose(lost, "03-11 15:00")

    moved = told["rescheduled"] = desk.taken("03-03 13:00", slot="03-05 12:00")
    desk.move(moved, "03-04 12:00", to="03-12 12:00")
    desk.hold(moved, "03-12 12:40")
    desk.win(moved, "03-13 10:00")

    back = told["no-show, then held"] = desk.taken("03-04 10:00", slot="03-05 13:00")
    desk.miss(back, "03-05 13:30")
    desk.move(back, "03-05 14:00", to="03-12 13:00")
    desk.hold(back, "03-12 13:40")
    desk.win(back, "03-16 10:00")

    late = told["no-show, held 15 days later"] = desk.taken("03-02 11:00", slot="03-05 09:00")
    desk.miss(late, "03-05 09:30")
    desk.move(late, "03-06 09:00", to="03-20 10:00")
    desk.hold(late, "03-20 10:40")
    desk.win(late, "03-23 10:00")

    ours = told["cancelled by us the day before"] = desk.taken("03-05 10:00", slot="03-10 10:00")
    desk.cancel(ours, "03-09 15:00", side="ours")

    ours = told["cancelled by us on the day"] = desk.taken("03-05 11:00", slot="03-10 14:00")
    desk.cancel(ours, "03-10 09:30", side="ours")

    theirs = told["cancelled by them"] = desk.taken("03-05 12:00", slot="03-12 10:00")
    desk.cancel(theirs, "03-10 09:00", side="theirs")

    asked = told["returned, then accepted"] = desk.submit("03-04 09:00")
    desk.at("03-04 09:30")
    lifecycle.return_for_information(
        asked, by=desk.ae, question="Which of the two budgets did she mean?"
    )
    desk.at("03-04 12:00")
    lifecycle.answer(asked, by=desk.sdr, text="The one of her own department.")
    desk.contact(desk.accept(asked, "03-04 13:00"), "03-04 13:45")

    told["rejected"] = desk.submit("03-05 15:00")
    desk.reject(told["rejected"], "03-05 16:00", "no_need")
    told["duplicate"] = desk.submit("03-06 09:00", slot="03-09 10:00")
    desk.reject(told["duplicate"], "03-06 10:00", "duplicate")
    told["no capacity"] = desk.submit("03-06 11:00")
    desk.reject(told["no capacity"], "03-06 12:00", "no_capacity")

    told["pending"] = desk.submit("03-30 10:00")
    told["withdrawn"] = desk.submit("03-30 11:00")
    desk.at("03-30 12:00")
    lifecycle.withdraw(told["withdrawn"], by=desk.sdr, note="They called it off.")

    told["uncontacted"] = desk.accept(desk.submit("03-06 09:30"), "03-06 10:00")

    # Accepted at the end of a Friday: 30 minutes of it and 30 of Monday; 65 hours for them
    friday = desk.submit("03-06 10:00", source=LeadSource.INBOUND)
    friday = desk.accept(friday, "03-06 16:30")
    told["over the weekend"] = desk.contact(friday, "03-09 09:30")

    handed = desk.accept(desk.submit("03-09 10:00"), "03-09 10:15")
    desk.at("03-09 11:00")
    handed = lifecycle.reassign(handed, to=backup, why="Ana is at the fair.", by=desk.ae)
    told["reassigned"] = desk.contact(handed, "03-09 11:15", by=backup)

    slow = told["won after 32 days"] = desk.taken("03-04 14:00", slot="03-05 14:00")
    desk.hold(slow, "03-05 14:40")
    desk.win(slow, "04-06 15:00")

    # Handed over in February; its slot is 00:30 on 1 March in Berlin, 28 February in London
    early = told["first hour of March"] = desk.taken("02-27 10:00", slot="02-28 23:30")
    desk.hold(early, "03-01 00:10")
    desk.win(early, "03-02 10:00")

    edge = told["first hour of April"] = desk.submit("03-31 10:00", slot="03-31 22:30")
    edge = desk.contact(desk.accept(edge, "03-31 10:20"), "03-31 10:30")
    desk.hold(edge, "03-31 23:00")
    desk.win(edge, "04-01 10:00")

    told["won without a meeting"] = desk.taken("03-10 10:00")
    desk.win(told["won without a meeting"], "03-12 10:00")

    told["no outcome recorded"] = desk.taken("03-11 10:00", slot="03-17 10:00")

    reverted = told["reverted"] = desk.taken("03-16 10:00", slot="03-18 10:00")
    desk.hold(reverted, "03-18 10:40")
    desk.win(reverted, "03-19 10:00")
    HandoffEvent.objects.create(
        handoff=reverted,
        kind=EventKind.DISQUALIFIED,
        actor=desk.ae,
        owner=desk.ae,
        occurred_at=desk.at("04-02 10:00"),
        note="Finance withdrew the budget.",
    )
    desk.at("05-20 10:00")
    return told
