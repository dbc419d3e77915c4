"""From acceptance to opportunity in a real browser, the mail caught by a real server."""

import email
import email.policy
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from icalendar import Calendar
from playwright.sync_api import Page, expect

from accounts.models import Account, Contact
from handoffs.models import Handoff, Meeting
from messaging import outbox
from team.models import User
from tests.browser.conftest import SignedIn
from tests.factories import submitted
from tests.faults.fake_smtp import FakeSMTP

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PROSPECT = "priya.nair@acme-robotics.example"


def main(page: Page) -> Any:
    return page.get_by_role("main")


def decide(page: Page, button: str, **typed: str) -> None:
    """Press a button of the brief, fill its dialog in, and confirm."""
    page.get_by_role("link", name=button, exact=True).first.click()
    dialog = page.get_by_role("dialog")
    for label, words in typed.items():
        dialog.get_by_label(label.replace("_", " ")).fill(words)
    dialog.locator("button[type=submit]").click()
    expect(dialog).to_have_count(0)


def parsed(server: FakeSMTP) -> dict[str, EmailMessage]:
    """The mails that arrived, by recipient."""
    return {
        mail.recipients[0]: email.message_from_bytes(mail.content, policy=email.policy.default)
        for mail in server.mails
    }


def test_from_acceptance_to_opportunity(
    signed_in: SignedIn,
    complaints: list[str],
    settings: Any,
    tmp_path: Path,
    sdr: User,
    ae: User,
    account: Account,
    contact: Contact,
) -> None:
    handoff = submitted(sdr=sdr, account=account, contact=contact)

    # The AE accepts and prepares.
    work = signed_in(ae)
    work.goto(f"/handoffs/{handoff.pk}/")
    decide(work, "Accept")
    expect(main(work)).to_contain_text("Prepare for the call")
    work.get_by_role("link", name="Prepare", exact=True).click()
    work.get_by_label("I have read the package").check()
    work.get_by_label("I have looked up the competitors they named").check()
    work.get_by_label("Another one, or why none fits").fill("They are the first of their kind.")
    for number, (said, answer) in enumerate(
        [
            ("PriceFox is cheaper for one country.", "With four countries it costs the same."),
            ("The roll-out takes too long.", "Six weeks, as with the last three customers."),
        ]
    ):
        work.get_by_label("They may say").nth(number).fill(said)
        work.get_by_label("You will answer").nth(number).fill(answer)
    work.get_by_role("button", name="Finish").click()
    expect(main(work)).to_contain_text("Prepared. Now the first contact")

    # The SDR introduces them.
    desk = signed_in(sdr, phone=True)
    desk.get_by_role("link", name="Acme Robotics").first.click()
    desk.get_by_role("link", name="Read and send").click()
    assert desk.evaluate("document.documentElement.scrollWidth <= innerWidth")
    desk.get_by_label("Subject").fill("Acme Robotics: meet Ana")
    desk.get_by_role("button", name="Send it").click()
    expect(main(desk)).to_contain_text("Waiting to be sent")

    with FakeSMTP() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        outbox.deliver_due(limit=50)
        mails = {to: mail for to, mail in parsed(server).items() if "meet Ana" in mail["Subject"]}
    assert set(mails) == {PROSPECT, ae.email}
    mail = mails[PROSPECT]
    assert [address.addr_spec for address in mail["To"].addresses] == [PROSPECT]
    assert [address.addr_spec for address in mail["Cc"].addresses] == [ae.email]
    (part,) = [
        part
        for part in mail.walk()
        if part.get_content_type() == "text/calendar"
        and part.get_content_disposition() != "attachment"
    ]
    assert part.get_param("method") == "REQUEST"
    (event,) = Calendar.from_ical(part.get_content()).walk("VEVENT")
    assert event.decoded("dtstart") == handoff.meetings.get().starts_at.replace(microsecond=0)
    desk.reload()
    expect(main(desk)).to_contain_text("Sent")

    # The prep e-mail is the first contact.
    work.get_by_role("link", name="Write the prep e-mail").click()
    work.get_by_role("button", name="Send it").click()
    expect(main(work)).to_contain_text("Waiting to be sent")
    handoff.refresh_from_db()
    assert handoff.first_contact_at is not None

    # They meet; the AE says how it went, what was asked again, and wins.
    Meeting.objects.filter(handoff=handoff).update(starts_at=timezone.now() - timedelta(hours=1))
    work.goto(f"/handoffs/{handoff.pk}/")
    expect(main(work)).to_contain_text("Did the meeting take place?")
    decide(work, "It took place", What_came_of_it="They want an offer by Friday.")
    work.get_by_role("link", name="Note what was asked again").click()
    work.get_by_role("dialog").get_by_label("Budget").select_option("vague")
    work.get_by_role("dialog").locator("button[type=submit]").click()
    expect(main(work)).to_contain_text("Asked again in the call")
    decide(work, "Create opportunity")
    expect(main(work)).to_contain_text("Opportunity created")
    with work.expect_download() as download:
        work.get_by_role("link", name="XLSX").click()
    download.value.save_as(tmp_path / "opportunity.xlsx")
    assert (tmp_path / "opportunity.xlsx").read_bytes()[:2] == b"PK"
    handoff.refresh_from_db()
    assert handoff.status == Handoff.Status.QUALIFIED
    assert complaints == []
