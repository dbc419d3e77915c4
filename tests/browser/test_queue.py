"""The queue in a real browser: it refreshes itself without losing the place, and takes several."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Account, Contact
from handoffs import lifecycle
from handoffs.models import Handoff
from team.models import User
from tests.browser.conftest import SignedIn
from tests.factories import submitted
from tests.handoffs.crowd import crowd_around

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TOP = "element => element.getBoundingClientRect().top"


def refresh(page: Page) -> None:
    """What happens each minute, and when the tab is looked at again."""
    with page.expect_response(lambda answer: answer.request.headers.get("x-part") == "rows"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


@pytest.mark.parametrize("phone", [False, True], ids=["wide", "phone"])
def test_a_refresh_keeps_place_focus_and_ticks(
    signed_in: SignedIn,
    complaints: list[str],
    sdr: User,
    ae: User,
    account: Account,
    contact: Contact,
    phone: bool,
) -> None:
    first = submitted(sdr=sdr, account=account, contact=contact)
    crowd_around(first, 30)
    rows = list(Handoff.objects.due_next_first())
    page = signed_in(ae, phone=phone)
    page.goto("/queue/?source=meeting")
    for row in (rows[2], rows[20]):
        page.locator(f"#pick-{row.pk}").check()
    link = page.locator(f"#open-{rows[20].pk}")
    link.focus()
    page.evaluate("scrollBy(0, 40)")
    before = link.evaluate(TOP)
    # One that is due sooner arrives above, and one that was ticked goes to somebody else
    crowd_around(first, 1)
    Handoff.objects.filter(pk=rows[2].pk).update(status="withdrawn")
    newest = Handoff.objects.order_by("pk").last()
    assert newest is not None
    Handoff.objects.filter(pk=newest.pk).update(next_due_at=timezone.now() - timedelta(hours=9))
    refresh(page)
    expect(page.locator(f"#row-{newest.pk}")).to_have_count(1)
    expect(page.locator(f"#row-{rows[2].pk}")).to_have_count(0)
    expect(page.locator(f"#pick-{rows[20].pk}")).to_be_checked()
    expect(page.locator("[data-bulk-count]")).to_have_text("1 ticked")
    expect(link).to_be_focused()
    assert abs(link.evaluate(TOP) - before) <= 2
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert complaints == []


def test_several_are_accepted_with_the_keyboard_and_a_refusal_stands_at_its_row(
    signed_in: SignedIn,
    complaints: list[str],
    sdr: User,
    ae: User,
    backup: User,
    account: Account,
    contact: Contact,
) -> None:
    three = [submitted(sdr=sdr, account=account, contact=contact) for _ in range(3)]
    page = signed_in(ae)
    page.goto("/queue/?source=meeting")
    expect(page.locator("[data-bulk-bar]")).to_be_hidden()
    for _ in three:
        page.keyboard.press("j")
        page.keyboard.press("x")
    expect(page.locator("[data-bulk-count]")).to_have_text("3 ticked")
    page.locator("[data-bulk-bar]").get_by_role("button", name="Accept").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="Accept 3 handoffs")).to_be_visible()
    lifecycle.accept(three[1], by=backup)
    dialog.get_by_role("button", name="Accept", exact=True).click()
    refused = dialog.locator(".bulk-lines li", has_text="Ben Okafor has already accepted")
    expect(refused).to_have_count(1)
    dialog.get_by_role("button", name="Accept the other 2").click()
    page.wait_for_url("**/queue/?source=meeting")
    expect(page.get_by_text("2 handoffs accepted.")).to_be_visible()
    assert Handoff.objects.filter(owner=ae, status="accepted").count() == 2
    assert complaints == []
