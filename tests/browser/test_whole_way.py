"""The whole way in a real browser: from a file of contacts to the opportunity in another file."""

import csv
import io
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Contact
from handoffs.models import FrameworkVersion, Handoff, LeadSource, Meeting
from handoffs.models.event import EventKind
from team.models import Territory, User
from tests.browser.acts import (
    QUOTE,
    bring_a_file,
    decide,
    delivered,
    fill_in_what_is_missing,
    fits_its_width,
    invitation_in,
    main,
)
from tests.browser.conftest import SignedIn

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PROSPECT = "priya.nair@acme-robotics.example"
COMPANIES = """name,domain,industry,employees,country,city,fit,fit_reason,technologies
Acme Robotics,acme-robotics.example,Industrial robotics,420,DE,Ulm,strong,Has its own field \
service,SAP ERP; Salesforce
"""
PEOPLE = f"""first_name,last_name,title,email,phone,account,account_domain,role
Priya,Nair,Head of Sales Operations,{PROSPECT},+49 30 90182010,Acme Robotics,\
acme-robotics.example,champion
Mark,Dell,CFO,mark.dell@acme-robotics.example,+49 30 90182011,Acme Robotics,\
acme-robotics.example,economic
"""


@pytest.fixture(autouse=True)
def uploads_elsewhere(tmp_path: Path, settings: Any) -> None:
    storage = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": tmp_path},
    }
    settings.STORAGES = {**settings.STORAGES, "default": storage}


def test_from_a_file_of_contacts_to_the_opportunity_in_another_file(
    signed_in: SignedIn,
    complaints: list[str],
    settings: Any,
    sdr: User,
    ae: User,
    north: Territory,
    standard: FrameworkVersion,
) -> None:
    desk = signed_in(sdr)
    bring_a_file(desk, "Accounts", "companies.csv", COMPANIES)
    bring_a_file(desk, "Contacts", "people.csv", PEOPLE)
    assert Contact.objects.get(email=PROSPECT).account.domain == "acme-robotics.example"

    handoff = hand_over(desk)
    assert (handoff.status, handoff.owner) == (Handoff.Status.SUBMITTED, ae)
    assert handoff.meetings.get().status == Meeting.Status.CONFIRMED

    work = signed_in(ae)
    take_over_and_prepare(work)
    introduce(signed_in(sdr, phone=True))
    read_the_introduction(delivered(settings), handoff, sdr, ae)
    desk.goto(f"/handoffs/{handoff.pk}/introduction/")
    expect(main(desk).locator(".chip", has_text="Sent")).to_have_count(2)

    # The prep e-mail is the first contact.
    work.get_by_role("link", name="Write the prep e-mail").click()
    work.get_by_role("button", name="Send it").click()
    expect(main(work)).to_contain_text("Waiting to be sent")
    handoff.refresh_from_db()
    assert handoff.first_contact_at is not None
    assert handoff.is_prepared
    subjects = {subject for to, subject in delivered(settings) if to == PROSPECT}
    assert subjects == {"Preparing our call: Acme Robotics"}

    meet_and_win(work, handoff)
    take_along(work, handoff)
    assert complaints == []


def hand_over(page: Page) -> Handoff:
    """Start on the imported company, be refused by the gate, complete the package, submit."""
    page.goto("/")
    main(page).get_by_role("link", name="New handoff").or_(
        page.get_by_role("banner").get_by_role("link", name="New handoff")
    ).first.click()
    page.get_by_role("combobox").fill("Acme")
    page.get_by_role("option", name="Acme Robotics").click()
    page.get_by_label("SDR-booked meeting").check()
    page.get_by_role("button", name="Start the handoff").click()
    page.wait_for_url("**/edit/")
    expect(page.locator("[name=industry]")).to_have_value("Industrial robotics")

    page.locator("button[value=submit]:visible").first.click()
    expect(page.locator("#banner")).to_contain_text("Not yet:")
    for words in ("“Budget” is not answered yet", "Add the buying signal", "Choose the primary"):
        expect(page.locator("#package")).to_contain_text(words)
    assert Handoff.objects.get().status == Handoff.Status.DRAFT

    page.get_by_label("Primary contact").select_option("Priya Nair, Head of Sales Operations")
    expect(page.locator("#company-body")).to_contain_text("Never verified")
    page.locator("#company-body").get_by_role("button", name="Mark all as checked").click()
    expect(page.locator("#company-body")).to_contain_text("Verified today")
    page.fill("[name=growth_signals]", "Series B of 30 million to open two plants")
    fill_in_what_is_missing(page)
    page.locator("button[value=submit]:visible").first.click()
    page.wait_for_url("**/handoffs/*/")
    expect(main(page)).to_contain_text("Waiting for an AE")
    return Handoff.objects.get()


def take_over_and_prepare(page: Page) -> None:
    """Accept from the queue, go through the checklist."""
    page.goto("/queue/")
    page.get_by_role("link", name="Acme Robotics", exact=True).click()
    expect(main(page)).to_contain_text(QUOTE)
    expect(main(page)).not_to_contain_text(PROSPECT)
    decide(page, "Accept")
    expect(main(page)).to_contain_text(PROSPECT)
    expect(main(page)).to_contain_text("Prepare for the call")

    page.get_by_role("link", name="Prepare", exact=True).click()
    page.get_by_role("button", name="Finish").click()
    expect(page.get_by_role("alert")).to_contain_text("Not yet: Read the package.")
    page.get_by_label("I have read the package").check()
    page.get_by_label("Another one, or why none fits").fill("They are the first of their kind.")
    for number, (said, answer) in enumerate(
        [
            ("PriceFox is cheaper for one country.", "With four countries it costs the same."),
            ("The roll-out takes too long.", "Six weeks, as with the last three customers."),
        ]
    ):
        page.get_by_label("They may say").nth(number).fill(said)
        page.get_by_label("You will answer").nth(number).fill(answer)
    page.get_by_role("button", name="Finish").click()
    expect(main(page)).to_contain_text("Prepared. Now the first contact")


def introduce(page: Page) -> None:
    """The SDR reads the draft over on a phone and sends it."""
    page.get_by_role("link", name="Acme Robotics").first.click()
    page.get_by_role("link", name="Read and send").click()
    fits_its_width(page)
    expect(page.get_by_label("Text")).to_have_value(re.compile(re.escape(QUOTE)))
    page.get_by_label("Subject").fill("Acme Robotics: meet Ana")
    page.get_by_role("button", name="Send it").click()
    expect(main(page)).to_contain_text("Waiting to be sent")


def read_the_introduction(mails: dict, handoff: Handoff, sdr: User, ae: User) -> None:
    """What the prospect and the AE found in their mail."""
    subject = "Acme Robotics: meet Ana"
    assert {to for to, about in mails if about == subject} == {PROSPECT, ae.email}
    mail = mails[PROSPECT, subject]
    assert mail["Message-ID"] == mails[ae.email, subject]["Message-ID"]
    for head, address in (("From", sdr.email), ("To", PROSPECT), ("Cc", ae.email)):
        assert [found.addr_spec for found in mail[head].addresses] == [address]
    assert QUOTE in mail.get_body(("plain",)).get_content()

    event = invitation_in(mail, "REQUEST")
    meeting = handoff.meetings.get()
    assert event.decoded("dtstart") == meeting.starts_at
    assert event.decoded("dtend") == meeting.starts_at + timedelta(minutes=meeting.minutes)
    assert (str(event["UID"]), event["SEQUENCE"], str(event["STATUS"])) == (
        meeting.uid,
        0,
        "CONFIRMED",
    )
    assert str(event["ORGANIZER"]) == f"mailto:{sdr.email}"
    invited = {
        str(guest).removeprefix("mailto:"): guest.params.get("RSVP") for guest in event["ATTENDEE"]
    }
    assert invited == {sdr.email: None, ae.email: "TRUE", PROSPECT: "TRUE"}


def meet_and_win(page: Page, handoff: Handoff) -> None:
    """The outcome, what had to be asked again, the opportunity."""
    # Nobody waits two days here: the meeting was an hour ago.
    begun = timezone.now() - timedelta(hours=1)
    Meeting.objects.filter(handoff=handoff).update(starts_at=begun)
    page.goto("/")
    expect(main(page)).to_contain_text("Outcome missing")
    page.goto(f"/handoffs/{handoff.pk}/")
    expect(main(page)).to_contain_text("Did the meeting take place?")
    decide(page, "It took place", What_came_of_it="They want an offer by Friday.")
    decide(page, "Note what was asked again", Budget="Too vague to use")
    expect(main(page)).to_contain_text("Asked again in the call")
    page.get_by_role("button", name="Create opportunity").click()
    expect(main(page)).to_contain_text("An opportunity. Take it to the CRM")
    decide(
        page,
        "Change the opportunity",
        Amount="45000",
        Stage="Proposal",
        Opportunity_id="006-77",
        Link="https://crm.example/006-77",
    )
    expect(main(page)).to_contain_text("45,000 USD · Proposal")
    expect(main(page)).to_contain_text("Opportunity created")
    handoff.refresh_from_db()
    assert handoff.status == Handoff.Status.QUALIFIED
    assert handoff.lead_source == LeadSource.MEETING
    assert handoff.asked_again.get().field == "budget"
    assert handoff.events.filter(kind=EventKind.QUALIFIED).count() == 1


def take_along(page: Page, handoff: Handoff) -> None:
    """The same package in all three files."""
    files = {}
    for form in ("CSV", "XLSX", "JSON"):
        with page.expect_download() as download:
            page.get_by_role("link", name=form, exact=True).click()
        files[form] = Path(download.value.path()).read_bytes()
    (row,) = csv.DictReader(io.StringIO(files["CSV"].decode("utf-8-sig")))
    cells = list(openpyxl.load_workbook(io.BytesIO(files["XLSX"])).active.values)
    assert {k: v or "" for k, v in zip(*cells, strict=True)} == row
    assert row["domain"] == "acme-robotics.example"
    assert row["email"] == PROSPECT
    assert (row["opportunity_id"], row["amount_usd"]) == ("006-77", "45000.00")
    assert row["stage"] == "Proposal"
    assert QUOTE in row["quotes"]
    document = json.loads(files["JSON"])
    assert document["opportunity"]["url"] == "https://crm.example/006-77"
    assert document["package"]["quotes"][0]["text"] == QUOTE
