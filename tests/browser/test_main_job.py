"""The main job in a real browser: an SDR hands a complete package over, an AE takes it."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import Account, Contact
from handoffs.models import Handoff
from handoffs.models.event import EventKind
from team.models import Territory, User
from tests.browser.acts import fill_in_what_is_missing, fits_its_width
from tests.browser.conftest import SignedIn
from tests.factories import submitted

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("phone", [False, True], ids=["wide", "phone"])
def test_a_package_goes_from_the_sdr_to_the_ae(
    signed_in: SignedIn,
    complaints: list[str],
    sdr: User,
    ae: User,
    account: Account,
    contact: Contact,
    phone: bool,
) -> None:
    # The SDR starts on an account that is there already, and tries to submit it half empty.
    desk = signed_in(sdr, phone=phone)
    fits_its_width(desk)
    desk.get_by_role("main").get_by_role("link", name="New handoff").or_(
        desk.get_by_role("banner").get_by_role("link", name="New handoff")
    ).first.click()
    desk.get_by_role("combobox").fill("Acme")
    desk.get_by_role("option", name="Acme Robotics").click()
    desk.get_by_role("button", name="Start the handoff").click()
    desk.wait_for_url("**/edit/")
    fits_its_width(desk)
    desk.locator("button[value=submit]:visible").first.click()
    expect(desk.locator("#banner")).to_contain_text("missing")
    handoff = Handoff.objects.get()
    assert handoff.status == Handoff.Status.DRAFT
    for words in ("“Budget” is not answered yet", "Add the buying signal"):
        expect(desk.locator("#package")).to_contain_text(words)

    # They complete it and submit.
    fill_in_what_is_missing(desk)
    desk.locator("button[value=submit]:visible").first.click()
    desk.wait_for_url(f"**/handoffs/{handoff.pk}/")
    expect(desk.get_by_role("main")).to_contain_text("Waiting for an AE")
    fits_its_width(desk)

    # The AE finds it in the queue, reads the brief without learning who it is, and accepts.
    work = signed_in(ae, phone=phone)
    work.goto("/queue/")
    fits_its_width(work)
    expect(work.get_by_role("main")).not_to_contain_text("Priya")
    work.get_by_role("link", name="Acme Robotics", exact=True).click()
    expect(work.get_by_role("heading", name="In the prospect’s words")).to_be_visible()
    expect(work.get_by_role("main")).not_to_contain_text("Nair")
    fits_its_width(work)
    work.get_by_role("link", name="Accept").click()
    work.get_by_role("dialog").get_by_role("button", name="Accept").click()
    expect(work.get_by_role("main")).to_contain_text("Priya Nair")
    expect(work.get_by_role("link", name="priya.nair@acme-robotics.example")).to_be_visible()

    # The SDR sees it accepted.
    desk.reload()
    expect(desk.get_by_role("main")).to_contain_text("Ana Silva accepted it.")
    handoff.refresh_from_db()
    assert (handoff.status, handoff.owner) == (Handoff.Status.ACCEPTED, ae)
    assert complaints == []


def test_a_question_goes_back_and_its_answer_comes_again(
    signed_in: SignedIn,
    complaints: list[str],
    sdr: User,
    ae: User,
    account: Account,
    contact: Contact,
) -> None:
    handoff = submitted(sdr=sdr, account=account, contact=contact)
    work = signed_in(ae)
    work.goto(f"/handoffs/{handoff.pk}/")
    work.get_by_role("link", name="Return").click()
    dialog = work.get_by_role("dialog")
    dialog.get_by_label("What do you need to know?").fill("tbd")
    dialog.get_by_role("button", name="Return").click()
    expect(dialog).to_contain_text("Write the question that has to be answered.")
    dialog.get_by_label("What do you need to know?").fill("Who signs above fifty thousand?")
    dialog.get_by_role("button", name="Return").click()
    expect(work.get_by_role("main")).to_contain_text("Waiting for Sam Ortiz")

    desk = signed_in(sdr)
    desk.get_by_role("link", name="Acme Robotics").first.click()
    expect(desk.get_by_role("main")).to_contain_text("Who signs above fifty thousand?")
    desk.get_by_label("Your answer").fill("Mark Dell signs above fifty thousand.")
    desk.get_by_role("button", name="Send back").click()
    expect(desk.get_by_role("main")).to_contain_text("Sam Ortiz answered and sent it back.")
    assert handoff.events.filter(kind=EventKind.ANSWERED).count() == 1
    assert complaints == []


def test_the_queue_is_worked_with_the_keys(
    signed_in: SignedIn,
    complaints: list[str],
    sdr: User,
    ae: User,
    account: Account,
    contact: Contact,
    north: Territory,
) -> None:
    first = submitted(sdr=sdr, account=account, contact=contact)
    second = submitted(sdr=sdr, account=account, contact=contact)
    for handoff, minutes in ((first, 20), (second, 90)):
        Handoff.objects.filter(pk=handoff.pk).update(
            next_due_at=timezone.now() + timedelta(minutes=minutes)
        )
    work = signed_in(ae)
    work.goto("/queue/")
    work.keyboard.press("j")
    expect(work.locator(f"#row-{first.pk}")).to_have_class("is-current")
    work.keyboard.press("j")
    expect(work.locator(f"#row-{second.pk}")).to_have_class("is-current")
    work.keyboard.press("k")
    work.keyboard.press("a")
    expect(work.get_by_role("dialog")).to_contain_text("Accept this handoff?")
    work.keyboard.press("Escape")
    expect(work.get_by_role("dialog")).to_have_count(0)
    expect(work.locator(f"#open-{first.pk}")).to_be_focused()
    work.keyboard.press("Enter")
    work.wait_for_url(f"**/handoffs/{first.pk}/")
    assert complaints == []


def test_whoever_clicks_second_reads_who_was_faster(
    signed_in: SignedIn,
    complaints: list[str],
    sdr: User,
    ae: User,
    backup: User,
    account: Account,
    contact: Contact,
) -> None:
    handoff = submitted(sdr=sdr, account=account, contact=contact)
    slow, quick = signed_in(backup), signed_in(ae)
    for page in (slow, quick):
        page.goto("/queue/")
        page.get_by_role("link", name="Accept Acme Robotics").click()
        expect(page.get_by_role("dialog")).to_contain_text("Accept this handoff?")
    quick.get_by_role("dialog").get_by_role("button", name="Accept").click()
    quick.wait_for_url(f"**/handoffs/{handoff.pk}/")
    slow.get_by_role("dialog").get_by_role("button", name="Accept").click()
    expect(slow.get_by_role("dialog")).to_contain_text("Ana Silva has already accepted")
    assert complaints == []


def test_the_frame_works_under_the_strict_policy(
    signed_in: SignedIn, complaints: list[str], revops: User, account: Account, contact: Contact
) -> None:
    page = signed_in(revops)
    for address in (
        "/",
        "/queue/",
        "/admin/accounts/account/",
        f"/admin/accounts/account/{account.pk}/change/",
        "/admin/handoffs/handoff/",
    ):
        page.goto(address)
        queue = page.locator("#nav-sidebar").get_by_role("link", name="Queue")
        toggle = page.locator(".wide-only, span.cursor-pointer").filter(has_text="dock_to_right")
        expect(queue).to_be_visible()
        toggle.locator("visible=true").first.click()
        expect(queue).to_be_hidden()
        toggle.locator("visible=true").first.click()
        expect(queue).to_be_visible()
    assert complaints == []
