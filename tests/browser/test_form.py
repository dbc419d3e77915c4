"""The SDR's form as a person uses it: what a complete package costs; nothing typed is lost.

Measured on an account with known data (two contacts, all fields verified, a recent signal), from
the first step to the submission: see `test_a_complete_package_costs_at_most_…`.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Account, Contact, GrowthSignal
from handoffs import prefill
from handoffs.models import Handoff
from team.models import User
from tests.browser.conftest import PATIENCE, SignedIn
from tests.factories import complete_package, make_contact

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SAVED = PATIENCE  # ms that an autosave may take on a busy machine


class Counted:
    """A page on which every typed field, click and page load is counted."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.typed = self.clicks = self.loads = 0

    def open(self, url: str) -> None:
        self.page.goto(url)

    def watch_loads(self) -> None:
        def landed(frame: Any) -> None:
            self.loads += frame == self.page.main_frame

        self.page.on("framenavigated", landed)

    def type(self, name: str, text: str) -> None:
        self.typed += 1
        self.page.locator(f"[name='{name}']").fill(text)

    def choose(self, name: str, value: str) -> None:
        """A choice from a list is two clicks: open and pick."""
        self.clicks += 2
        self.page.locator(f"[name='{name}']").select_option(value)

    def click(self, target: str) -> None:
        self.clicks += 1
        self.page.locator(target).first.click()


@pytest.fixture
def sam(signed_in: SignedIn, sdr: User, complaints: list[str]) -> Iterator[Page]:
    """Sam's window; no script may fail in it and nothing break the policy."""
    yield signed_in(sdr)
    # A server that is away or has ended the session is what two of the tests are about.
    assert [said for said in complaints if "net::" not in said] == []


@pytest.fixture
def known(account: Account, contact: Contact, sdr: User) -> Account:
    """An account with a recent signal and two more people."""
    make_contact(account, first_name="Mark", last_name="Dell", title="CFO", role="economic")
    GrowthSignal.objects.update(happened_on=timezone.localdate())
    complete_package(sdr=sdr, account=account, contact=contact)  # an earlier one
    return account


@pytest.fixture
def draft(known: Account, sdr: User) -> Handoff:
    return prefill.begin(sdr=sdr, by=sdr, account=known)


def session_of(user: User, live_server: LiveServer) -> Any:
    """The cookie of a new session of `user`."""
    client = Client()
    client.force_login(user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    return {"name": cookie.key, "value": cookie.value, "url": live_server.url}


def is_saved(page: Page) -> None:
    expect(page.locator("#save-state")).to_contain_text("Saved", timeout=SAVED)


def test_a_complete_package_costs_at_most_14_typed_fields_25_clicks_and_1_page_load(
    sam: Page, known: Account
) -> None:
    """Measured: 14 typed fields, 9 clicks, 1 page load; then the brief, which is the way out."""
    work = Counted(sam)
    sam.goto("/handoffs/new/")
    work.watch_loads()
    work.typed += 1
    sam.locator("#account-search").press_sequentially("acme")
    expect(sam.get_by_role("option")).to_have_count(1)
    sam.keyboard.press("Enter")
    work.click("text=Start the handoff")
    sam.wait_for_url("**/edit/")

    work.click("[data-fill=why_targeted]")
    for code, value, said in (
        ("budget", "45,000 EUR", "We have forty-five thousand put aside for this."),
        ("authority", "Priya evaluates, Mark Dell signs", "Above fifty thousand Mark has to sign."),
        (
            "need",
            "Quotes take nine days, by hand",
            "Every quote takes us nine days and costs deals.",
        ),
        ("timeline", "Q3 2027", "It has to run before the fair in September."),
    ):
        work.type(f"answers-{code}-value", value)
        work.type(f"answers-{code}-evidence", said)
    work.choose("answers-need-status", "confirmed")
    work.choose("answers-timeline-status", "confirmed")
    words = "By the time our quote is out, the customer has signed elsewhere."
    work.type(
        "call_notes",
        f"Priya runs sales operations for four countries, copies prices by hand. “{words}” "
        "Wants one list for all of them.",
    )
    notes = sam.locator("[name=call_notes]")
    notes.evaluate(
        "(box, words) => { const at = box.value.indexOf(words);"
        " box.setSelectionRange(at, at + words.length); }",
        words,
    )
    work.click("[data-pick=quotes]")
    expect(sam.locator("[name='quotes-n0-text']")).to_have_value(words)
    work.type("quotes-n0-topic", "slow quoting")
    work.click("label:has-text('None raised')")
    work.click("button.suggestion:has-text('Mark Dell')")
    work.type(
        "next_step", "45 minutes on quoting with Priya and her pricing lead, on their price list"
    )
    work.type("next_step_at", "2027-03-04T10:00")
    work.type("next_step_who", "Priya sends the price list by Wednesday, Ana loads it")
    is_saved(sam)
    loads_of_the_form = work.loads
    sam.keyboard.press("Control+Enter")
    sam.wait_for_url("**/handoffs/*/", timeout=SAVED)

    handoff = Handoff.objects.latest("pk")
    assert handoff.status == Handoff.Status.SUBMITTED
    assert (work.typed, work.clicks, loads_of_the_form) == (14, 9, 1)


def test_the_missing_list_shrinks_while_typing_and_leads_to_its_fields(
    sam: Page, draft: Handoff
) -> None:
    sam.goto(f"/handoffs/{draft.pk}/edit/")
    missing = sam.locator("#missing summary")
    before = missing.inner_text()

    sam.locator("[data-jump='next_step_who']").click()
    expect(sam.locator("[name=next_step_who]")).to_be_focused()
    sam.keyboard.type("Priya sends the price list by Wednesday, Ana loads it")

    expect(sam.locator("[data-jump='next_step_who']")).to_have_count(0, timeout=SAVED)
    assert missing.inner_text() != before
    expect(sam.locator("[name=next_step_who]")).to_be_focused()
    draft.refresh_from_db()
    assert draft.next_step_who.startswith("Priya sends")


def test_a_refused_submission_stays_on_the_page_and_goes_to_the_first_gap(
    sam: Page, draft: Handoff
) -> None:
    sam.goto(f"/handoffs/{draft.pk}/edit/")
    sam.locator("[name=next_step]").fill("Demo scheduled")
    sam.keyboard.press("Control+Enter")

    expect(sam.locator("#banner")).to_contain_text("Not yet:", timeout=SAVED)
    expect(sam.locator("[name=why_targeted]")).to_be_focused()
    expect(sam.locator("[name=next_step]")).to_have_value("Demo scheduled")
    expect(sam.locator("[data-gaps=next_step]")).to_contain_text("could stand under any meeting")


NOTES = """Priya runs sales operations for four countries.
Priya: we lose one deal in four while legal reads the contract
Worry: “PriceFox was far too heavy for us last year”
They bought a plant in Ohio in January."""


def test_quotes_objections_and_triggers_are_picked_out_of_pasted_notes_by_keyboard(
    sam: Page, draft: Handoff
) -> None:
    draft.triggers.all().delete()
    sam.goto(f"/handoffs/{draft.pk}/edit/")
    sam.locator("[name=no_objections]").check()
    notes = sam.locator("[name=call_notes]")
    notes.fill(NOTES)
    offered = sam.locator("[data-said-text]")
    expect(offered).to_have_text(
        [
            "“PriceFox was far too heavy for us last year”",
            "“we lose one deal in four while legal reads the contract”",
        ]
    )

    notes.press("Control+End")  # the cursor is in the line on the plant
    for _ in range(3):
        sam.keyboard.press("Tab")
    expect(sam.locator("[data-pick=triggers]")).to_be_focused()
    sam.keyboard.press("Enter")
    detail = sam.locator("[data-list=triggers] [name$=-detail]")
    expect(detail).to_have_value("They bought a plant in Ohio in January.")

    notes.focus()
    notes.press("Control+End")
    notes.press("ArrowUp")
    notes.press("Home")
    notes.press("Shift+End")
    sam.locator("[data-pick=objections]").press("Enter")
    objection = sam.locator("[data-list=objections] textarea").first
    expect(objection).to_have_value("Worry: “PriceFox was far too heavy for us last year”")
    expect(sam.locator("[name=no_objections]")).not_to_be_checked()

    offered.last.press("Enter")
    quote = sam.locator("[data-list=quotes] textarea").first
    expect(quote).to_have_value("we lose one deal in four while legal reads the contract")
    expect(offered).to_have_count(1)
    is_saved(sam)
    assert draft.quotes.get().speaker == "Priya Nair"
    assert draft.triggers.get().detail == "They bought a plant in Ohio in January."
    assert draft.objections.count() == 1


def test_advice_on_a_quote_comes_and_goes_while_it_is_written(sam: Page, draft: Handoff) -> None:
    sam.goto(f"/handoffs/{draft.pk}/edit/")
    quote = sam.locator("[name='quotes-n0-text']")
    quote.fill("He said that the quotes go out far too late every week.")
    advice = sam.locator("[data-list=quotes] .hints p")
    expect(advice).to_contain_text("tells about them", timeout=SAVED)

    quote.fill("Our quotes go out nine days after the customer has asked for them.")
    expect(advice).to_have_count(0, timeout=SAVED)


def test_rows_are_added_removed_and_brought_back_without_a_page_load(
    sam: Page, draft: Handoff
) -> None:
    sam.goto(f"/handoffs/{draft.pk}/edit/")
    loads = Counted(sam)
    loads.watch_loads()
    sam.locator("[data-add=objections]").click()
    said = sam.locator("[data-list=objections] textarea").first
    expect(said).to_be_focused()
    said.fill("We found PriceFox too heavy last year.")
    is_saved(sam)
    expect(sam.locator("[data-list=objections] [id^='at-objections.']")).to_have_count(1)
    assert draft.objections.count() == 1

    sam.locator("[data-list=objections] [data-remove]").click()
    expect(sam.locator("[data-list=objections] [data-undo]")).to_be_focused()
    is_saved(sam)
    sam.keyboard.press("Enter")
    expect(said).to_be_visible()
    is_saved(sam)

    assert draft.objections.get().said == "We found PriceFox too heavy last year."
    assert loads.loads == 0


def test_a_contact_is_added_and_checked_without_leaving_the_page(sam: Page, draft: Handoff) -> None:
    sam.goto(f"/handoffs/{draft.pk}/edit/")
    sam.get_by_text("Somebody who is not in the list").click()
    sam.locator("[name=new_contact-last_name]").fill("Voss")
    sam.locator("[name=new_contact-first_name]").fill("Lena")
    sam.locator("[name=new_contact-title]").fill("COO")
    sam.locator("[name=new_contact-email]").fill("lena@acme-robotics.example")
    sam.locator("[name=new_contact-phone]").fill("+49 30 90182077")
    sam.get_by_role("button", name="Add as primary contact").click()

    expect(sam.locator("[name=contact-last_name]")).to_have_value("Voss", timeout=SAVED)
    expect(sam.locator("[name='quotes-n0-speaker']")).to_have_value("Lena Voss")
    expect(sam.locator("#company-body")).to_contain_text("Never verified")
    sam.get_by_role("button", name="Mark all as checked").click()
    expect(sam.locator("#company-body")).to_contain_text("Verified today", timeout=SAVED)
    expect(sam.locator("[data-state=company]")).to_have_text("Done")


def test_two_people_on_one_draft_both_keep_their_words(
    sam: Page, draft: Handoff, signed_in: SignedIn, manager: User
) -> None:
    sam.goto(f"/handoffs/{draft.pk}/edit/")
    mara = signed_in(manager)
    mara.goto(f"/handoffs/{draft.pk}/edit/")
    mara.locator("[name=why_targeted]").fill("Mara: they quote by hand in four countries.")
    is_saved(mara)

    sam.locator("[name=why_targeted]").fill("Sam: they lose a quarter of their deals.")
    expect(sam.locator("#banner")).to_contain_text("Somebody else saved", timeout=SAVED)
    sam.get_by_role("button", name="Compare the two versions").click()

    expect(sam.get_by_text("Mara: they quote by hand in four countries.")).to_be_visible()
    expect(sam.get_by_text("Sam: they lose a quarter of their deals.")).to_be_visible()
    sam.get_by_role("button", name="Save what I chose").click()
    sam.wait_for_url("**/edit/")
    expect(sam.locator("[name=why_targeted]")).to_have_value(
        "Sam: they lose a quarter of their deals."
    )


def test_a_session_that_ends_while_typing_loses_nothing(
    sam: Page, draft: Handoff, sdr: User, live_server: LiveServer
) -> None:
    sam.goto(f"/handoffs/{draft.pk}/edit/")
    Session.objects.all().delete()
    sam.locator("[name=next_step]").fill("Priya and her pricing lead see their list in it")
    expect(sam.locator("#banner")).to_contain_text("You are signed out", timeout=SAVED)

    sam.context.add_cookies([session_of(sdr, live_server)])
    sam.locator(".package-side").get_by_role("button", name="Save").click()

    is_saved(sam)
    expect(sam.locator("#banner")).to_be_hidden()
    draft.refresh_from_db()
    assert draft.next_step == "Priya and her pricing lead see their list in it"


def test_a_server_that_is_away_is_asked_again(sam: Page, draft: Handoff) -> None:
    sam.goto(f"/handoffs/{draft.pk}/edit/")
    sam.context.set_offline(True)
    sam.locator("[name=industry]").fill("Robots and pumps")
    expect(sam.locator("#banner")).to_contain_text("does not answer", timeout=SAVED)
    sam.context.set_offline(False)

    is_saved(sam)
    draft.refresh_from_db()
    assert draft.industry == "Robots and pumps"


def test_a_half_typed_address_is_marked_only_when_the_field_is_left(
    sam: Page, draft: Handoff
) -> None:
    sam.goto(f"/handoffs/{draft.pk}/edit/")
    link = sam.locator("[name$=-source_url]").first
    link.fill("javascript:alert(1)")
    expect(sam.locator("#save-state")).to_contain_text("except what is marked", timeout=SAVED)
    expect(sam.get_by_text("Enter a web address").first).to_be_hidden()
    sam.keyboard.press("Tab")

    expect(sam.get_by_text("Enter a web address").first).to_be_visible()


def test_on_a_phone_nothing_is_wider_than_the_screen_and_the_bar_leads_on(
    signed_in: SignedIn, draft: Handoff, sdr: User
) -> None:
    page = signed_in(sdr, phone=True)
    page.goto(f"/handoffs/{draft.pk}/edit/")
    assert page.evaluate("document.documentElement.scrollWidth") == 390

    page.locator("#missing summary").click()
    page.locator("[data-jump='answers.need']").click()
    expect(page.locator("[name=answers-need-value]")).to_be_focused()
    expect(page.locator("[name=answers-need-value]")).to_be_in_viewport()
    expect(page.locator("#missing ol")).to_be_hidden()


def test_without_a_script_every_button_still_works(
    browser: Browser, live_server: LiveServer, draft: Handoff, sdr: User
) -> None:
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    context.add_cookies([session_of(sdr, live_server)])
    page = context.new_page()
    page.goto(f"/handoffs/{draft.pk}/edit/")
    page.locator("[name='quotes-n0-text']").fill("We lose one deal in four over it.")
    page.locator("button[value='add:quotes']").click()

    assert draft.quotes.get().text == "We lose one deal in four over it."
    expect(page.locator("[data-list=quotes] textarea[name$=-text]")).to_have_count(2)
    page.locator(".package-end button[value=submit]").click()
    expect(page.get_by_text("Not yet:")).to_be_visible()
    context.close()
