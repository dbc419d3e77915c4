"""The joint monthly review in real browsers: two people sign it, a late correction is told."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Page, expect

from handoffs import feedback, lifecycle
from handoffs.models import FrameworkVersion, Handoff
from reports.models import Review
from reports.periods import Period, month_of
from team.models import Territory, User
from team.zones import zone_named
from tests.browser.conftest import SignedIn
from tests.factories import make_account, make_contact, submitted

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def last_month() -> Period:
    return month_of(timezone.now(), zone_named(settings.TIME_ZONE)).before()


@pytest.fixture
def rejected(
    sdr: User, ae: User, north: Territory, standard: FrameworkVersion, last_month: Period
) -> Handoff:
    """Of two handoffs in the last days of the month one was accepted and one rejected."""
    found = []
    with time_machine.travel(last_month.end - timedelta(hours=30), tick=False) as clock:
        for _ in range(2):
            account = make_account(territory=north)
            found.append(submitted(sdr=sdr, account=account, contact=make_contact(account)))
        clock.shift(timedelta(hours=1))
        lifecycle.accept(found[0], by=ae)
        return lifecycle.reject(
            found[1], by=ae, reason="no_need", note="They have no such problem, Priya told me."
        )


def main(page: Page) -> Any:
    return page.get_by_role("main")


def test_two_people_sign_and_a_late_correction_is_a_restatement(
    signed_in: SignedIn,
    complaints: list[str],
    rejected: Handoff,
    last_month: Period,
    sdr: User,
    other_ae: User,
    manager: User,
    other_manager: User,
) -> None:
    mara, otto = signed_in(manager), signed_in(other_manager, phone=True)
    address = f"/reports/review/{last_month.key}/"
    mara.goto("/reports/")
    mara.get_by_role("link", name="Joint review").click()
    mara.wait_for_url(f"**{address}")
    row = main(mara).get_by_role("row", name="Rejection rate")
    expect(row).to_contain_text("1/2")

    main(mara).get_by_role("textbox", name="Notes").fill("Budgets are confirmed too early.")
    main(mara).get_by_role("button", name="Save notes").click()
    expect(main(mara).get_by_role("textbox", name="Notes")).to_have_value(
        "Budgets are confirmed too early."
    )
    main(mara).get_by_label("What", exact=True).fill("Agree on what a confirmed budget is.")
    main(mara).get_by_label("Who", exact=True).select_option(label=str(other_manager))
    due = timezone.now() + timedelta(days=20)
    main(mara).get_by_label("Until").fill(f"{due:%Y-%m-%d}")
    main(mara).get_by_role("button", name="Add").click()
    expect(main(mara)).to_contain_text("Agree on what a confirmed budget is.")

    main(mara).get_by_role("button", name="Sign for the SDRs").click()
    expect(main(mara)).to_contain_text("Signed by one side")
    expect(main(mara)).to_contain_text("The two sides are signed by two different people.")
    expect(main(mara).get_by_role("button", name="Save notes")).to_have_count(0)

    otto.goto(address)
    main(otto).get_by_role("button", name="Sign for the AEs").click()
    expect(main(otto)).to_contain_text("Signed by both sides")
    signed = Review.objects.get()
    expect(main(otto)).to_contain_text(signed.digest)
    expect(main(otto)).not_to_contain_text("Restated since it was signed")

    # The rejection is contested and overturned: it counts as none, after the signature
    with time_machine.travel(last_month.end - timedelta(hours=20), tick=False):
        case = feedback.contest(
            rejected, by=sdr, argument="She named the sum and the month in the call."
        )
    feedback.rule(case, by=manager, ruling="overturned", because="The evidence is in the package.")
    mara.reload()
    restated = main(mara).get_by_role("region", name="Restated since it was signed")
    expect(restated).to_contain_text("signed 1 of 2, now 0 of 1")
    expect(row).to_contain_text("1 of 2")  # as signed
    signed.refresh_from_db()
    assert signed.is_signed
    assert signed.rows.get(key="rejection").figures["numerator"] == 1
    assert complaints == []
