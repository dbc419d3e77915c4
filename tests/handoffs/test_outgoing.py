"""The CRM hears of an opportunity with everything that is known, in the transaction of the move."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from accounts.models import Account, Contact
from handoffs import lifecycle, meetings
from handoffs.models import Handoff, Reason
from messaging.models import Endpoint, Message
from team.models import User
from tests.factories import accepted, make_contact


@pytest.fixture
def endpoint(db: None, settings: Any) -> Endpoint:
    settings.OUTGOING_HOSTS = ["hooks.example.com"]
    return Endpoint.objects.create(
        name="CRM", url="https://hooks.example.com/x", is_enabled=True, on_disqualified=True
    )


@pytest.fixture
def held(
    sdr: User, ae: User, account: Account, contact: Contact, clock: time_machine.Traveller
) -> Handoff:
    Contact.objects.filter(pk=contact.pk).update(salesforce_id="003-9")
    handoff = accepted(sdr=sdr, account=account, contact=contact)
    member = handoff.committee.get()
    member.contact = make_contact(account, first_name="Mark", last_name="Dell")
    member.save()
    clock.shift(timedelta(days=3))
    meeting = handoff.coming_meeting()
    assert meeting is not None
    meetings.hold(meeting, by=ae)
    handoff.refresh_from_db()
    return handoff


def sent() -> dict[str, Any]:
    return dict(json.loads(Message.objects.get(medium="webhook").body))


def test_an_opportunity_goes_out_with_the_whole_package(
    endpoint: Endpoint, held: Handoff, ae: User
) -> None:
    lifecycle.create_opportunity(held, by=ae, amount=Decimal("45000"), external_id="006-1")

    message = Message.objects.get(medium="webhook")
    assert (message.recipient, message.state, message.about) == (
        "CRM",
        "pending",
        f"handoff:{held.pk}",
    )
    content = sent()
    assert (content["type"], content["timestamp"]) == (
        "opportunity.created",
        timezone.now().isoformat(),
    )
    data = content["data"]
    assert data["opportunity"]["amount_usd"] == "45000"
    assert data["opportunity"]["id"] == "006-1"
    assert data["account"]["domain"] == "acme-robotics.example"
    assert data["account"]["technologies"] == ["SAP ERP", "Salesforce"]
    assert data["contact"]["salesforce_id"] == "003-9"
    assert data["contact"]["phone"] == "+493090182010"
    assert data["committee"][0]["name"] == "Mark Dell"
    assert data["committee"][0]["contact"]["last_name"] == "Dell"
    assert len(data["package"]["answers"]) == held.answers.count()
    assert data["package"]["quotes"][0]["text"].startswith("By the time our quote is out")
    assert data["meetings"][0]["status"] == "held"


def test_a_disqualified_one_goes_out_with_the_reason(
    endpoint: Endpoint, held: Handoff, ae: User
) -> None:
    reason = Reason.objects.filter(use=Reason.Use.DISQUALIFY).first()
    assert reason is not None
    lifecycle.disqualify(held, by=ae, reason=reason, note="They froze all spending.")
    content = sent()
    assert content["type"] == "handoff.disqualified"
    assert content["data"]["reason"] == str(reason)
    assert "opportunity" not in content["data"]


def test_without_an_endpoint_nothing_is_written(held: Handoff, ae: User) -> None:
    lifecycle.create_opportunity(held, by=ae)
    assert not Message.objects.filter(medium="webhook").exists()


def test_what_is_rolled_back_is_not_told(endpoint: Endpoint, held: Handoff, ae: User) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        lifecycle.create_opportunity(held, by=ae)
        raise RuntimeError
    assert not Message.objects.filter(medium="webhook").exists()


def test_history_that_is_entered_later_is_not_told(
    endpoint: Endpoint, held: Handoff, ae: User
) -> None:
    lifecycle.create_opportunity(held, by=ae, at=timezone.now() - timedelta(hours=1))
    assert not Message.objects.filter(medium="webhook").exists()
