"""The opportunity: one click after the meeting, the rest when it is known, the CRM told of both."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import Account, Contact
from handoffs import lifecycle, meetings, pursuit
from handoffs.models import Handoff
from handoffs.models.event import EventKind
from handoffs.refusal import TransitionRefused
from messaging.models import Endpoint, Message
from team.models import User
from tests.factories import accepted

pytestmark = pytest.mark.django_db


@pytest.fixture
def met(
    sdr: User, ae: User, account: Account, contact: Contact, clock: time_machine.Traveller
) -> Handoff:
    handoff = accepted(sdr=sdr, account=account, contact=contact)
    lifecycle.record_contact(handoff, by=ae, channel="call", unprepared_because="They called us.")
    clock.shift(timedelta(days=3))
    meeting = handoff.coming_meeting()
    assert meeting is not None
    meetings.hold(meeting, by=ae)
    return Handoff.objects.get(pk=handoff.pk)


def test_after_the_meeting_it_takes_one_click(client: Client, met: Handoff, ae: User) -> None:
    client.force_login(ae)
    page = client.get(f"/handoffs/{met.pk}/").content.decode()
    assert "They met. Is it an opportunity?" in page
    assert f'<form method="post" action="/handoffs/{met.pk}/opportunity/"' in page
    assert client.post(f"/handoffs/{met.pk}/opportunity/").status_code == 302
    met.refresh_from_db()
    assert (met.status, met.opportunity_stage) == (Handoff.Status.QUALIFIED, "Discovery")
    assert met.opportunity_amount is None


def test_before_the_meeting_it_is_not_offered_at_once(
    client: Client, sdr: User, ae: User, account: Account, contact: Contact
) -> None:
    taken = accepted(sdr=sdr, account=account, contact=contact)
    client.force_login(ae)
    assert "Is it an opportunity?" not in client.get(f"/handoffs/{taken.pk}/").content.decode()


def test_what_is_known_later_is_added_later(client: Client, met: Handoff, ae: User) -> None:
    lifecycle.create_opportunity(met, by=ae, amount=Decimal("45000"))
    client.force_login(ae)
    page = client.get(f"/handoffs/{met.pk}/").content.decode()
    assert "Change the opportunity" in page
    address = f"/handoffs/{met.pk}/opportunity-change/"
    form = client.get(address).content.decode()
    assert 'value="45000.00"' in form and 'value="Discovery"' in form
    typed = {
        "amount": "52000",
        "stage": "Proposal",
        "external_id": "006-7",
        "url": "https://crm.example/006-7",
    }
    assert client.post(address, typed).status_code == 302
    met.refresh_from_db()
    assert met.opportunity_amount == Decimal("52000")
    assert (met.opportunity_stage, met.opportunity_id) == ("Proposal", "006-7")
    page = client.get(f"/handoffs/{met.pk}/").content.decode()
    assert "52,000 USD · Proposal" in page
    assert (
        "Ana Silva changed the opportunity: Amount 45,000 → 52,000; Stage Discovery → Proposal; "
        "CRM id empty → 006-7;"
    ) in page
    again = client.post(address, typed)
    assert again.status_code == 409
    assert "That is what stands there already." in again.content.decode()
    assert met.events.filter(kind=EventKind.AMENDED).count() == 1


def test_a_wrong_amount_is_said_at_its_field(client: Client, met: Handoff, ae: User) -> None:
    lifecycle.create_opportunity(met, by=ae)
    client.force_login(ae)
    answer = client.post(f"/handoffs/{met.pk}/opportunity-change/", {"amount": "-1"})
    assert answer.status_code == 422
    assert "greater than or equal to 0" in answer.content.decode()


def test_only_its_ae_and_their_manager_change_it(
    met: Handoff, ae: User, sdr: User, manager: User
) -> None:
    won = lifecycle.create_opportunity(met, by=ae)
    with pytest.raises(TransitionRefused, match="Only Ana Silva or their manager"):
        pursuit.amend_opportunity(won, by=sdr, stage="Proposal")
    assert pursuit.amend_opportunity(won, by=manager, stage="Proposal").opportunity_stage


def test_what_is_no_opportunity_cannot_be_changed(met: Handoff, ae: User) -> None:
    with pytest.raises(TransitionRefused):
        pursuit.amend_opportunity(met, by=ae, stage="Proposal")


def test_the_crm_hears_of_the_change(met: Handoff, ae: User, settings: Any) -> None:
    settings.OUTGOING_HOSTS = ["hooks.example.com"]
    Endpoint.objects.create(name="CRM", url="https://hooks.example.com/x", is_enabled=True)
    won = lifecycle.create_opportunity(met, by=ae)
    pursuit.amend_opportunity(won, by=ae, amount=Decimal("52000"), stage="Proposal")
    created, updated = (
        json.loads(message.body)
        for message in Message.objects.filter(medium="webhook").order_by("pk")
    )
    assert (created["type"], updated["type"]) == ("opportunity.created", "opportunity.updated")
    assert created["data"]["opportunity"]["amount_usd"] is None
    assert updated["data"]["opportunity"] | {"created_at": ""} == {
        "id": "",
        "url": "",
        "stage": "Proposal",
        "amount_usd": "52000",
        "created_at": "",
    }
    assert updated["data"]["package"] == created["data"]["package"]
