"""What comes back, in a real browser: a question, a contested rejection, a missed meeting."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Account, Contact
from handoffs.models import Contest, Handoff, Meeting
from handoffs.models.event import EventKind
from team.models import User
from tests.browser.acts import decide, delivered, invitation_in, main
from tests.browser.conftest import SignedIn
from tests.factories import accepted, submitted

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PROSPECT = "priya.nair@acme-robotics.example"
ARGUMENT = "She said herself that forty-five thousand are approved."
BECAUSE = "An amount in their plan is a budget. The evidence names it."


def open_from_my_work(page: Page, heading: str) -> None:
    """Follow the row of the handoff from the block of “My work” under this heading."""
    page.goto("/")
    block = (
        main(page)
        .locator("section")
        .filter(has=page.get_by_role("heading", name=heading, exact=False))
    )
    block.get_by_role("link", name="Acme Robotics").first.click()
    page.wait_for_url("**/handoffs/*/**")


def test_a_question_an_answer_a_rejection_a_contest_and_its_ruling(
    signed_in: SignedIn,
    complaints: list[str],
    sdr: User,
    ae: User,
    manager: User,
    account: Account,
    contact: Contact,
) -> None:
    handoff = submitted(sdr=sdr, account=account, contact=contact)
    work, desk, lead = signed_in(ae), signed_in(sdr), signed_in(manager)

    # The AE asks, the SDR answers.
    work.goto(f"/handoffs/{handoff.pk}/")
    decide(work, "Return", What_do_you_need_to_know="Who signs above fifty thousand?")
    expect(main(work)).to_contain_text("Waiting for Sam Ortiz")
    open_from_my_work(desk, "Came back with a question")
    expect(main(desk)).to_contain_text("Who signs above fifty thousand?")
    desk.get_by_label("Your answer").fill("Mark Dell signs above fifty thousand.")
    desk.get_by_role("button", name="Send back").click()
    expect(main(desk)).to_contain_text("Sam Ortiz answered and sent it back.")

    # The AE reads the answer and rejects all the same, by a criterion.
    work.reload()
    expect(main(work)).to_contain_text("signs above fifty thousand.")
    decide(
        work,
        "Reject",
        pick="No budget and no way to one",
        In_a_sentence="There is only a wish, nobody has approved a sum.",
        Which_criterion_does_it_not_meet="Budget",
    )
    expect(main(work)).to_contain_text("There is only a wish")

    # The SDR contests, once.
    desk.reload()
    expect(main(desk)).to_contain_text("Take ten minutes together")
    decide(desk, "Contest the rejection", What_does_the_rejection_overlook=ARGUMENT)
    expect(main(desk)).to_contain_text("Contested, waiting for a ruling")
    expect(desk.get_by_role("link", name="Contest the rejection")).to_have_count(0)

    # The manager rules.
    open_from_my_work(lead, "Contested rejections")
    expect(main(lead)).to_contain_text(ARGUMENT)
    decide(lead, "Rule on it", pick="The rejection was wrong", Because=BECAUSE)
    expect(main(lead)).to_contain_text("The rejection was wrong")
    case = Contest.objects.get()
    assert (case.ruling, case.ruled_by, case.criterion.code) == ("overturned", manager, "budget")

    # Both sides find it where rulings are looked up, and where the next one is rejected.
    another = submitted(sdr=sdr, account=account, contact=contact)
    for page in (work, desk):
        page.goto("/rulings/")
        page.get_by_label("Words").fill("amount in their plan")
        page.get_by_role("button", name="Search").click()
        page.wait_for_url("**/rulings/?*q=amount*")
        expect(page.locator(".ruling")).to_contain_text(BECAUSE)
        page.goto("/rulings/?criterion=budget")
        expect(page.locator(".ruling")).to_contain_text(BECAUSE)
        page.goto("/rulings/?criterion=budget&q=deadline")
        expect(main(page)).to_contain_text("No ruling fits")
    work.goto(f"/handoffs/{another.pk}/")
    work.get_by_role("link", name="Reject", exact=True).first.click()
    dialog = work.get_by_role("dialog")
    dialog.get_by_label("Which criterion does it not meet").select_option(label="Budget")
    beside = dialog.get_by_text("How “Budget” was ruled before")
    expect(beside).to_be_visible()

    # They talk, and keep what they do differently.
    desk.goto(f"/handoffs/{handoff.pk}/")
    decide(desk, "We have talked", From_now_on="Name the sum and who approved it in the quote.")
    expect(main(desk)).not_to_contain_text("Take ten minutes together")
    expect(main(desk)).to_contain_text("Name the sum and who approved it in the quote.")
    assert handoff.events.filter(kind=EventKind.TALKED).count() == 1
    assert complaints == []


def test_a_no_show_is_moved_called_off_booked_anew_and_held(
    signed_in: SignedIn,
    complaints: list[str],
    settings: Any,
    sdr: User,
    ae: User,
    account: Account,
    contact: Contact,
) -> None:
    agreed = slot(days=2)
    handoff = accepted(sdr=sdr, account=account, contact=contact, next_step_at=agreed)
    work, desk = signed_in(ae), signed_in(sdr)
    first = handoff.meetings.get()
    desk.goto(f"/handoffs/{handoff.pk}/introduction/")
    desk.get_by_role("button", name="Send it").click()
    expect(main(desk)).to_contain_text("Waiting to be sent")
    assert told(settings, "REQUEST") == (first.uid, 0, agreed)

    # They do not come; it goes back to the SDR, who finds another time.
    let_it_pass(handoff)
    work.goto(f"/handoffs/{handoff.pk}/")
    expect(main(work)).to_contain_text("Did the meeting take place?")
    decide(work, "No-show", pick="The prospect", What_you_tried="Waited ten minutes.")
    expect(main(work)).to_contain_text("No-show 1 of 3. The SDR finds a new time with them.")
    open_from_my_work(desk, "No-show: find a new time")
    soon = slot(days=3)
    decide(desk, "Reschedule", When=f"{soon:%Y-%m-%dT%H:%M}")
    expect(desk.get_by_text("Moved. Whoever was invited gets the new time.")).to_be_visible()
    second = handoff.meetings.get(previous=first)
    assert told(settings, "REQUEST") == (first.uid, 1, soon)
    assert second.status == Meeting.Status.CONFIRMED

    # The prospect calls that one off, and agrees to another.
    desk.get_by_role("link", name="Cancel the meeting").first.click()
    dialog = desk.get_by_role("dialog")
    dialog.get_by_label("The prospect").check()
    dialog.get_by_role("button", name="Cancel the meeting").click()
    expect(desk.get_by_text("Cancelled. Whoever was invited is told.")).to_be_visible()
    assert told(settings, "CANCEL") == (first.uid, 2, soon)
    later = slot(days=5)
    decide(desk, "Book a meeting", When=f"{later:%Y-%m-%dT%H:%M}")
    third = handoff.meetings.latest("pk")
    assert third.uid != first.uid
    assert told(settings, "REQUEST") == (third.uid, 0, later)

    # It is held, and all of it stands on the brief.
    let_it_pass(handoff)
    work.reload()
    decide(work, "It took place", What_came_of_it="They want an offer by Friday.")
    expect(main(work)).to_contain_text("Note what was asked again")
    statuses = list(handoff.meetings.order_by("pk").values_list("status", flat=True))
    assert statuses == ["no_show", "cancelled", "held"]
    assert complaints == []


def slot(*, days: int) -> datetime:
    """A whole minute some days ahead."""
    return (timezone.now() + timedelta(days=days)).replace(second=0, microsecond=0)


def let_it_pass(handoff: Handoff) -> None:
    """Nobody waits for days here: the coming meeting began an hour ago."""
    coming = Meeting.objects.filter(handoff=handoff, status__in=("tentative", "confirmed"))
    assert coming.update(starts_at=timezone.now() - timedelta(hours=1)) == 1


def told(settings: Any, method: str) -> tuple[str, int, datetime]:
    """The one invitation that the prospect and the AE got just now: UID, SEQUENCE and start."""
    invitations = {
        to: invitation_in(mail, method)
        for (to, _), mail in delivered(settings).items()
        if any(part.get_content_type() == "text/calendar" for part in mail.walk())
    }
    event = invitations[PROSPECT]
    assert {str(one["UID"]) for one in invitations.values()} == {str(event["UID"])}
    assert "ae@desk.example" in invitations
    assert str(event["STATUS"]) == ("CANCELLED" if method == "CANCEL" else "CONFIRMED")
    return str(event["UID"]), event["SEQUENCE"], event.decoded("dtstart")
