"""The brief as a person sees it: the eight sections on one screen, nothing sideways, printable."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Account, Contact, GrowthSignal, SignalKind
from handoffs.models import Handoff
from team.models import User
from tests.browser.conftest import WIDE, SignedIn
from tests.factories import accepted, make_contact

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LOWEST_END = (
    "Math.max(...[...document.querySelectorAll('.brief-grid > *')]"
    ".map(box => box.getBoundingClientRect().bottom + scrollY))"
)


@pytest.fixture
def taken(sdr: User, account: Account, contact: Contact, ae: User) -> Handoff:
    """A package of usual size: three growth signals, a second person who can be reached."""
    for kind, detail in (
        (SignalKind.JOBS, "Advertises seven jobs for the team that has the problem"),
        (SignalKind.INTENT, "Several people compared vendors on a review site this month"),
    ):
        GrowthSignal.objects.create(
            account=account, kind=kind, happened_on=timezone.localdate(), detail=detail
        )
    handoff = accepted(sdr=sdr, account=account, contact=contact)
    mark = make_contact(account, first_name="Mark", last_name="Dell", title="CFO")
    handoff.committee.update(contact=mark)
    return handoff


def opened(page: Page, handoff: Handoff) -> Page:
    page.goto(f"/handoffs/{handoff.pk}/")
    return page


def test_the_eight_sections_stand_on_one_screen(
    signed_in: SignedIn, taken: Handoff, ae: User
) -> None:
    page = opened(signed_in(ae), taken)
    assert page.evaluate(LOWEST_END) <= WIDE["height"]
    for name in ("words", "pain", "trigger", "qualification", "objections", "committee", "next",
                 "contact", "company", "notes"):  # fmt: skip
        expect(page.locator(f"#s-{name}")).to_be_in_viewport()


def test_nothing_is_wider_than_a_phone(signed_in: SignedIn, taken: Handoff, ae: User) -> None:
    page = opened(signed_in(ae, phone=True), taken)
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_it_prints_the_package_and_leaves_the_frame_out(
    signed_in: SignedIn, taken: Handoff, ae: User
) -> None:
    page = opened(signed_in(ae), taken)
    page.evaluate("window.print = () => { document.title = 'printed'; }")
    page.get_by_role("button", name="Print").click()
    expect(page).to_have_title("printed")

    page.emulate_media(media="print")
    expect(page.locator("#s-words")).to_be_visible()
    for gone in ("#nav-sidebar", ".brief .step", ".brief .below", ".brief-head .btn >> nth=0"):
        expect(page.locator(gone)).to_be_hidden()
    pages = re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))
    assert 1 <= len(pages) <= 2
