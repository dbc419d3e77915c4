"""The newcomer's way in a real browser: an empty installation, and its first handoff accepted.

Nobody is made but the first admin, and nobody goes to an address: only what a page offers is
followed. docs/getting-started.md tells the same way in words, with the times it took.
"""

from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from handoffs.models import Handoff
from sla import health
from team.models import Territory, User
from tests.browser.acts import decide, fill_in_what_is_missing, main
from tests.browser.conftest import SignedIn
from tests.factories import make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PEOPLE = {
    "Leader of the AEs": "Nora Beck",
    "An AE": "Tim Falk",
    "A second AE, who stands in": "Ida Rau",
    "Leader of the SDRs": "Paul Voss",
    "An SDR": "Lena Hahn",
}
SHEET = """First Name,Last Name,Job Title,Email,Phone,Company,Website,Country
Priya,Nair,Head of Sales Operations,priya@brightpack.example,+49 30 90182010,Brightpack,\
brightpack.example,Germany
"""


@pytest.fixture(autouse=True)
def uploads_elsewhere(tmp_path: Path, settings: Any) -> None:
    storage = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": tmp_path},
    }
    settings.STORAGES = {**settings.STORAGES, "default": storage}


def test_from_an_empty_installation_to_the_first_accepted_handoff(
    signed_in: SignedIn, complaints: list[str]
) -> None:
    health.beat(timezone.now())
    admin = signed_in(make_user("rita", "revops", name="Rita Vance", time_zone="UTC"))
    passwords = make_the_first_people(admin)

    def enter(username: str) -> Page:
        given = passwords[username]
        page = signed_in(User.objects.get(username=username), password=given)
        choose_their_own(page, given)
        return page

    sign(
        enter("paul"),
        "Sign for the SDRs",
        "Next a leader of the AEs signs it.",
        choose="BANT, version 1",
    )
    sign(enter("nora"), "Sign for the AEs", "RevOps can activate it now.")
    activate(admin)
    bring_the_sheet(admin)
    hand_over(enter("lena"))
    accept(enter("tim"))

    handoff = Handoff.objects.get()
    assert (handoff.status, str(handoff.owner)) == (Handoff.Status.ACCEPTED, "Tim Falk")
    expect(next_step(admin)).to_have_count(0)  # nothing leads the admin on any more
    assert complaints == []


def make_the_first_people(page: Page) -> dict[str, str]:
    """The quick start; the passwords as the page shows them, by user name."""
    next_step(page).click()
    zone = page.get_by_label("Time zone")
    there = page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone")
    expect(zone).to_have_value(there)
    page.get_by_label("Country").fill("DE")
    for seat, name in PEOPLE.items():
        group = page.get_by_role("group", name=seat)
        group.get_by_label("Name").fill(name)
        group.get_by_label("E-mail").fill(f"{name.split()[0].lower()}@northwind.example")
    page.get_by_role("button", name="Make all of this").click()
    expect(main(page)).to_contain_text("Pass the passwords on now")
    cells = page.locator("td code").all_inner_texts()
    page.get_by_role("link", name="On to the next step").click()
    expect(main(page)).to_contain_text("Paul Voss (for the SDRs) and Nora Beck (for the AEs)")
    assert Territory.objects.get().coverage.count() == 1
    return dict(zip(cells[::2], cells[1::2], strict=True))


def choose_their_own(page: Page, given: str) -> None:
    """Whoever came in by a password that was made for them is asked for one of their own."""
    page.get_by_label("Old password").fill(given)
    for name in ("new_password1", "new_password2"):
        page.locator(f"[name={name}]").fill("slow trains carry good news")
    page.locator("#content button[type=submit]").click()
    page.get_by_role("link", name="Go to My work").click()


def next_step(page: Page) -> Any:
    """The button on My work that leads on to the first handoff."""
    page.locator("#nav-sidebar").get_by_role("link", name="My work").click()
    page.wait_for_url("**/")
    return main(page).get_by_role("link", name="Getting started")


def sign(page: Page, button: str, then: str, *, choose: str = "") -> None:
    """What My work says to a leader leads to the signature; the first of them chooses which."""
    main(page).get_by_role("link", name="The standard").click()
    if choose:
        page.get_by_role("link", name=choose).click()
    press(page, button, "Sign")
    expect(page.get_by_text(then)).to_be_visible()


def press(page: Page, button: str, confirm: str) -> None:
    """A button at the top of an admin page, and its dialog."""
    page.get_by_text(button).first.click()
    page.get_by_role("button", name=confirm, exact=True).click()


def activate(page: Page) -> None:
    next_step(page).click()
    expect(main(page)).to_contain_text("Both leaders have signed BANT, version 1.")
    main(page).get_by_role("link", name="BANT").click()
    press(page, "Activate", "Activate")
    expect(page.get_by_text("is the standard for new handoffs")).to_be_visible()


def bring_the_sheet(page: Page) -> None:
    next_step(page).click()
    main(page).get_by_role("link", name="Contacts").click()
    page.get_by_role("link", name="Import a file").click()
    page.locator("input[type=file]").set_input_files(
        {"name": "people.csv", "mimeType": "text/csv", "buffer": SHEET.encode()}
    )
    page.get_by_role("button", name="Show what would happen").click()
    expect(main(page)).to_contain_text("what do its columns mean?")
    page.get_by_role("button", name="Show what would happen").click()
    expect(page.get_by_role("heading", name="people.csv can be imported")).to_be_visible()
    page.get_by_role("button", name="Confirm import").click()
    expect(page.get_by_text("Imported: 1 new")).to_be_visible()


def hand_over(page: Page) -> None:
    page.get_by_role("link", name="New handoff").first.click()
    page.get_by_role("combobox").fill("bright")
    page.get_by_role("option", name="Brightpack").click()
    page.get_by_role("button", name="Start the handoff").click()
    page.get_by_label("Primary contact").select_option("Priya Nair, Head of Sales Operations")
    page.get_by_role("button", name="Mark all as checked").click()
    expect(page.locator("#company-body")).to_contain_text("Verified today")
    fit = {
        "Company size": "240 employees",
        "Industry": "Packaging",
        "Tech stack": "SAP, Excel for quotes",
        "Growth signals": "Hiring six people for sales",
    }
    for label, words in fit.items():
        page.get_by_label(label).fill(words)
    fill_in_what_is_missing(page)
    page.locator("button[value=submit]:visible").first.click()
    expect(main(page)).to_contain_text("Waiting for an AE")


def accept(page: Page) -> None:
    page.locator("#nav-sidebar").get_by_role("link", name="Queue").click()
    main(page).get_by_role("link", name="Brightpack", exact=True).click()
    expect(main(page)).not_to_contain_text("priya@brightpack.example")
    decide(page, "Accept")
    expect(main(page)).to_contain_text("priya@brightpack.example")
