"""What the brief says has changed since the package was submitted."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Account, Contact
from handoffs import changes, lifecycle
from handoffs.changes import Change
from handoffs.models import Handoff, Quote
from team.models import User
from tests.factories import submitted

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(sdr: User, account: Account, contact: Contact) -> Handoff:
    return submitted(sdr=sdr, account=account, contact=contact)


def found(handoff: Handoff) -> list[Change]:
    fresh = Handoff.objects.get(pk=handoff.pk)
    return changes.since_submission(fresh, fresh.events.all())


def test_nothing_has_changed_at_first_and_a_draft_has_nothing_to_compare(
    waiting: Handoff, sdr: User
) -> None:
    assert found(waiting) == []
    assert found(lifecycle.create_draft(sdr=sdr, by=sdr)) == []


def test_each_kind_of_change_is_told_with_both_sides(waiting: Handoff, ae: User, sdr: User) -> None:
    returned = lifecycle.return_for_information(waiting, by=ae, question="Who signs in the end?")
    returned.answers.filter(criterion__code="budget").update(value="60000", status="stated")
    returned.quotes.update(topic="quoting speed")
    Quote.objects.create(
        handoff=returned, text="We lose one deal in four.", speaker="Priya Nair", topic="losses"
    )
    returned.objections.all().delete()
    later = timezone.now() + timedelta(days=5)
    Handoff.objects.filter(pk=returned.pk).update(
        industry="Pumps", next_step_at=later, no_objections=True
    )
    lifecycle.answer(Handoff.objects.get(pk=returned.pk), by=sdr, text="Mark Dell does, alone.")

    told = {change.what: change for change in found(returned)}

    assert told["Industry"] == Change("Industry", "Industrial robotics", "Pumps")
    assert told["When"].before.startswith("Wed 4 Mar 2026")
    assert told["When"].now.startswith("Sat 7 Mar 2026")
    assert told["Budget"].before.startswith("Confirmed: 45000.")
    assert told["Budget"].now.startswith("Stated, no specifics: 60000.")
    quotes = [change for change in found(returned) if change.what == "Quote"]
    assert [bool(change.before) for change in quotes] == [True, False]
    assert "slow quoting" in quotes[0].before and "quoting speed" in quotes[0].now
    assert quotes[1].now == "We lose one deal in four., Priya Nair, losses"
    assert told["Objection"].now == ""
    assert told["Objection"].before.startswith("Competitor, We have looked at PriceFox")
    assert set(told) == {"Industry", "When", "Budget", "Quote", "Objection"}


def test_what_the_account_says_otherwise_by_now_is_told(waiting: Handoff, account: Account) -> None:
    Account.objects.filter(pk=account.pk).update(industry="Warehousing")
    assert found(waiting) == [
        Change("Industry in the account", "Industrial robotics", "Warehousing")
    ]


def test_the_brief_shows_the_changes_through_the_veil(
    client: Client, waiting: Handoff, account: Account, ae: User, sdr: User
) -> None:
    Handoff.objects.filter(pk=waiting.pk).update(why_targeted="Priya Nair asked us to come back.")
    client.force_login(sdr)
    assert "Priya Nair asked us" in client.get(f"/handoffs/{waiting.pk}/").content.decode()
    client.force_login(ae)
    page = client.get(f"/handoffs/{waiting.pk}/").content.decode()
    assert "Changed since it was submitted:" in page
    assert "P••• N••• asked us to come back." in page
    assert "Priya" not in page
