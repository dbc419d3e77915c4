"""What is too old is forgotten by night; figures, log and what is still in work stay."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from axes.models import AccessFailureLog
from django.core.management import call_command
from django.utils import timezone

from accounts.models import Account, Contact
from handoffs import lifecycle
from handoffs.models import Handoff, HandoffEvent, Reason
from messaging import outbox
from messaging.models import Message
from privacy import retention, tasks
from reports import facts
from reports.models import Fact
from team import audit
from team.models import AuditEntry, Deed, User
from tests.factories import accepted, complete_package, make_account, make_contact, submitted
from tests.privacy.dump import dump


@pytest.fixture
def rejected(sdr: User, ae: User, account: Account, contact: Contact) -> Handoff:
    handoff = submitted(sdr=sdr, account=account, contact=contact, call_notes=notes())
    reason = Reason.objects.filter(use="reject", is_active=True)[0]
    return lifecycle.reject(
        handoff, by=ae, reason=reason, note="Priya Nair has no budget before next year, she said."
    )


def notes() -> str:
    return (
        "canarynotes: Priya runs sales operations for four countries. They copy prices from SAP "
        "into Excel and then into Salesforce, and lose track of versions."
    )


def forget(*options: str) -> dict[str, Any]:
    out = StringIO()
    call_command("retention", *options, stdout=out)
    return json.loads(out.getvalue())


def test_a_rejected_handoff_is_forgotten_after_a_year(
    rejected: Handoff, clock: time_machine.Traveller
) -> None:
    clock.shift(timedelta(days=364))
    assert forget()["handoffs"] == 0
    clock.shift(timedelta(days=2))
    assert forget("--dry-run")["handoffs"] == 1
    assert "canarynotes" in dump()
    assert forget()["handoffs"] == 1
    left = dump()
    for words in ("canarynotes", "no budget before", "Mark Dell", "By the time our quote"):
        assert words not in left, words
    assert forget()["handoffs"] == 0


def test_the_log_and_the_figures_stay(rejected: Handoff, clock: time_machine.Traveller) -> None:
    def figures() -> Any:
        facts.rebuild()
        rows = Fact.objects.order_by("handoff_id").values()
        return [{**row, "id": None} for row in rows]

    def skeleton() -> Any:
        return list(
            HandoffEvent.objects.order_by("pk").values_list("kind", "occurred_at", "reason")
        )

    before, log = figures(), skeleton()
    clock.shift(timedelta(days=366))
    forget()
    assert (figures(), skeleton()) == (before, log)
    rejected.refresh_from_db()
    assert rejected.status == "rejected"
    package = HandoffEvent.objects.get(handoff=rejected, kind="submitted").data["package"]
    assert {row["status"] for row in package["answers"]} == {"confirmed"}


def test_what_is_still_in_work_is_never_forgotten(
    sdr: User, account: Account, contact: Contact, clock: time_machine.Traveller
) -> None:
    accepted(sdr=sdr, account=account, contact=contact, call_notes=notes())
    clock.shift(timedelta(days=3000))
    assert forget()["handoffs"] == 0
    assert "canarynotes" in dump()


def test_a_prospect_goes_with_the_last_handoff_and_two_quiet_years(
    rejected: Handoff, contact: Contact, clock: time_machine.Traveller
) -> None:
    clock.shift(timedelta(days=366))
    assert forget()["contacts"] == 0
    clock.shift(timedelta(days=366))
    assert forget("--dry-run")["contacts"] == 1
    assert forget()["contacts"] == 1
    contact.refresh_from_db()
    assert (contact.first_name, contact.email, str(contact.phone)) == ("", "", "")
    assert "priya.nair@" not in dump()
    assert forget()["contacts"] == 0


def test_a_prospect_with_another_handoff_stays(
    rejected: Handoff, sdr: User, account: Account, contact: Contact, clock: time_machine.Traveller
) -> None:
    clock.shift(timedelta(days=700))
    complete_package(sdr=sdr, account=account, contact=contact)
    clock.shift(timedelta(days=60))
    assert forget()["contacts"] == 0
    contact.refresh_from_db()
    assert contact.last_name == "Nair"


def test_a_prospect_who_was_only_imported_stays(
    account: Account, clock: time_machine.Traveller
) -> None:
    make_contact(make_account(), last_name="Imported")
    clock.shift(timedelta(days=3000))
    assert forget()["contacts"] == 0


def test_the_text_of_a_message_goes_after_a_month_and_its_fate_stays(
    ae: User, clock: time_machine.Traveller
) -> None:
    def post(key: str, state: str) -> Message:
        message = outbox.post(event_key=key, medium="email", recipient=ae.email, body="canarybody")
        Message.objects.filter(pk=message.pk).update(state=state)
        return message

    sent, dead, waiting = post("a", "sent"), post("b", "dead"), post("c", "pending")
    clock.shift(timedelta(days=31))
    assert forget()["messages"] == 2
    assert list(Message.objects.filter(body="canarybody")) == [waiting]
    sent.refresh_from_db()
    assert (sent.state, sent.recipient) == ("sent", ae.email)
    dead.refresh_from_db()
    with pytest.raises(outbox.ResendRefused, match="removed for its age"):
        outbox.resend(dead, by=ae)
    assert forget()["messages"] == 0


def test_others_write_between_its_parts(
    ae: User, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[None] = []
    monkeypatch.setattr("privacy.retention.AT_ONCE", 1)
    monkeypatch.setattr("privacy.retention.give_way", lambda: made.append(None))
    for key in ("a", "b", "c"):
        message = outbox.post(event_key=key, medium="email", recipient=ae.email, body="old")
        Message.objects.filter(pk=message.pk).update(state="sent")
    clock.shift(timedelta(days=31))

    assert forget()["messages"] == len(made) == 3


def test_the_trail_and_failed_sign_ins_are_deleted_when_old(
    revops: User, clock: time_machine.Traveller
) -> None:
    audit.note(Deed.CHANGED, by=revops, about=revops)
    AccessFailureLog.objects.create(username="ae", ip_address="10.0.0.1", locked_out=False)
    clock.shift(timedelta(days=31))
    assert (forget()["failed_sign_ins"], AuditEntry.objects.count()) == (1, 1)
    clock.shift(timedelta(days=700))
    assert forget()["audit_entries"] == 1
    assert not AuditEntry.objects.exists()


def test_zero_days_keep_for_ever(
    rejected: Handoff, settings: Any, clock: time_machine.Traveller
) -> None:
    settings.RETENTION = dict.fromkeys(settings.RETENTION, 0)
    clock.shift(timedelta(days=9000))
    assert set(retention.forget(timezone.now()).values()) == {0}


def test_the_worker_does_it_by_night(rejected: Handoff, clock: time_machine.Traveller) -> None:
    clock.shift(timedelta(days=366))
    tasks.nightly()
    assert "canarynotes" not in dump()
