"""What people do in the browser tests: fill the package in, decide, bring a file, read the mail."""

import email
import email.policy
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

from django.utils import timezone
from icalendar import Calendar, Event
from playwright.sync_api import Locator, Page, expect

from messaging import outbox
from tests.faults.fake_smtp import FakeSMTP

ANSWERS = {
    "budget": ("45000", "We have forty-five thousand put aside for this."),
    "authority": ("Priya Nair", "I sign up to fifty thousand, above that Mark Dell does."),
    "need": ("Quotes take nine days, copied by hand", "Every quote takes us nine days."),
    "timeline": ("Q3 2027", "It has to run before the fair in September."),
}
QUOTE = "We lose one deal in five because the quote comes too late."


def main(page: Page) -> Locator:
    return page.get_by_role("main")


def fits_its_width(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url


def decide(page: Page, button: str, *, pick: str = "", **typed: str) -> None:
    """Press a button of the brief, fill its dialog in, and confirm.

    `pick` is the choice to tick; the others are fields by their labels, blanks as underscores.
    """
    page.get_by_role("link", name=button, exact=True).first.click()
    dialog = page.get_by_role("dialog")
    if pick:
        dialog.get_by_label(pick).first.check()
    for label, words in typed.items():
        field = dialog.get_by_label(label.replace("_", " "))
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(label=words)
        else:
            field.fill(words)
    dialog.locator("button[type=submit]").click()
    expect(dialog).to_have_count(0)


def bring_a_file(page: Page, what: str, name: str, content: str) -> None:
    """Import a CSV from the list called `what`: upload, look at the preview, confirm."""
    page.locator("#nav-sidebar").get_by_role("link", name=what).click()
    page.locator("a[href$='/import/']").first.click()
    page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "text/csv", "buffer": content.encode()}
    )
    page.get_by_role("button", name="Show what would happen").click()
    expect(page.get_by_role("heading", name=f"{name} can be imported")).to_be_visible()
    page.get_by_role("button", name="Confirm import").click()
    expect(page.get_by_text("Imported:")).to_be_visible()


def open_row(page: Page, rows: str) -> None:
    """An empty row of a list: the one that is offered, else one more."""
    if not page.locator(f"[data-list={rows}] [data-row]").count():
        page.locator(f"button[value='add:{rows}']").click()
        expect(page.locator(f"[data-list={rows}] [data-row]")).to_have_count(1)


def last(page: Page, rows: str, field: str) -> str:
    """The selector of a field in the last row of a list."""
    row = page.locator(f"[data-list={rows}] [data-row]").last.get_attribute("data-row")
    return f"[name='{row}-{field}']"


def fill_in_what_is_missing(page: Page) -> None:
    """All that the account and its contact do not know, as a good rep writes it."""
    page.fill("[name=why_targeted]", "They grow fast and still quote by hand in three tools.")
    for code, (value, evidence) in ANSWERS.items():
        page.fill(f"[name=answers-{code}-value]", value)
        page.select_option(f"[name=answers-{code}-status]", "confirmed")
        page.fill(f"[name=answers-{code}-evidence]", evidence)
    open_row(page, "triggers")
    page.select_option(last(page, "triggers", "kind"), "funding")
    page.fill(last(page, "triggers", "happened_on"), f"{timezone.localdate() - timedelta(days=9)}")
    page.fill(last(page, "triggers", "detail"), "Series B announced to open two plants")
    page.fill(
        "[name=call_notes]",
        "Priya runs sales operations for four countries. They copy prices from SAP into Excel and "
        "then into Salesforce, and lose track of versions.",
    )
    open_row(page, "quotes")
    page.fill(last(page, "quotes", "text"), QUOTE)
    page.fill(last(page, "quotes", "speaker"), "Priya Nair")
    page.fill(last(page, "quotes", "topic"), "slow quoting")
    page.check("[name=no_objections]")
    page.check("[name=nobody_else]")
    page.fill(
        "[name=next_step]",
        "A 45-minute walk through quoting with her pricing lead, using their own price list",
    )
    when = timezone.localtime() + timedelta(days=2)
    page.fill("[name=next_step_at]", f"{when:%Y-%m-%dT10:00}")
    page.fill("[name=next_step_who]", "Priya sends the price list by Wednesday, we load it before.")


def delivered(settings: Any) -> dict[tuple[str, str], EmailMessage]:
    """Run the outbox against a mail server; what it got, by recipient and subject."""
    with FakeSMTP() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        outbox.deliver_due(limit=100)
    got = {}
    for one in server.mails:
        mail = email.message_from_bytes(one.content, policy=email.policy.default)
        (recipient,) = one.recipients
        assert (recipient, mail["Subject"]) not in got, "the same mail came twice"
        got[recipient, str(mail["Subject"])] = mail
    return got


def invitation_in(mail: EmailMessage, method: str) -> Event:
    """The event of a mail's invitation, which stands in it the way Gmail and Outlook want it.

    Once as an alternative to the text with its METHOD, once as a file, both the same.
    """
    alternative, attached = (
        [part for part in mail.walk() if is_it(part)] for is_it in (_is_alternative, _is_attached)
    )
    assert [part.get_param("method") for part in alternative] == [method]
    assert [part.get_filename() for part in attached] == ["invite.ics"]
    text = alternative[0].get_content().replace("\r\n", "\n")
    assert attached[0].get_content().decode().replace("\r\n", "\n") == text
    calendar = Calendar.from_ical(text)
    assert str(calendar["METHOD"]) == method
    (event,) = calendar.walk("VEVENT")
    return event


def _is_alternative(part: EmailMessage) -> bool:
    return part.get_content_type() == "text/calendar" and not part.is_attachment()


def _is_attached(part: EmailMessage) -> bool:
    return part.is_attachment()
