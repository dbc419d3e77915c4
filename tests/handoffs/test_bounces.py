"""A prospect’s mail server refuses an address for good: the contact knows, and everybody once."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.freshness import State, state
from accounts.models import Account, Contact, ContactChange, VerifiedField
from handoffs import news, tasks
from handoffs.models import Handoff
from messaging import outbox
from messaging.models import Message
from messaging.transports.email import is_no_such_address
from team.models import User
from tests.factories import accepted, complete_package
from tests.faults.fake_smtp import FakeSMTP


@pytest.fixture
def smtp(settings: Any) -> Iterator[FakeSMTP]:
    """The prospect's mail server, which refuses as its mode says."""
    with FakeSMTP() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


@pytest.fixture
def taken(sdr: User, account: Account, contact: Contact) -> Handoff:
    handoff = accepted(sdr=sdr, account=account, contact=contact)
    Message.objects.all().delete()
    return handoff


def introduce(handoff: Handoff, to: str) -> Message:
    assert handoff.owner is not None
    return outbox.post(
        event_key="intro:1",
        medium="email",
        recipient=to,
        person=handoff.sdr,
        kind="introduction",
        subject="Hello",
        body="Meet Ana.",
        audience="prospect",
        about=f"handoff:{handoff.pk}",
        headers={"To": to, "Cc": handoff.owner.email, "Reply-To": handoff.sdr.email},
    )


def told() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for message in Message.objects.filter(audience="internal").order_by("pk"):
        if message.person and message.medium == "email":
            found.setdefault(message.person.username, []).append(message.kind)
    return found


def test_a_refused_address_is_wrong_and_everybody_hears_of_it_once(
    smtp: FakeSMTP, taken: Handoff, contact: Contact, other_sdr: User, account: Account
) -> None:
    complete_package(sdr=other_sdr, account=account, contact=contact)
    Message.objects.all().delete()
    message = introduce(taken, contact.email)
    smtp.mode = "550"
    outbox.deliver_due(timezone.now())
    message.refresh_from_db()
    assert (message.state, message.bounced_at) == ("dead", timezone.now())

    for _ in range(2):
        tasks.tell_news()

    assert state(contact, VerifiedField.EMAIL, timezone.now()).state is State.WRONG
    change = ContactChange.objects.get()
    assert (change.kind, change.old, change.source) == ("wrong", contact.email, "Mail server")
    # The two on the letter know from the letter; the other one from the contact
    assert told() == {
        "sdr": ["mail_undelivered"],
        "ae": ["mail_undelivered"],
        "other_sdr": ["contact_changed"],
    }
    assert [one.kind for one in news.about(taken)] == ["wrong"]


def test_an_address_that_was_corrected_meanwhile_stays_right(
    smtp: FakeSMTP, taken: Handoff, contact: Contact
) -> None:
    introduce(taken, contact.email)
    smtp.mode = "550"
    outbox.deliver_due(timezone.now())
    Contact.objects.filter(pk=contact.pk).update(email="new@acme-robotics.example")
    tasks.tell_news()
    assert not ContactChange.objects.exists()


@pytest.mark.parametrize("mode", ["451", "554", "554_data", "hang_after_data"])
def test_what_says_nothing_about_the_address_changes_nothing(
    smtp: FakeSMTP, taken: Handoff, contact: Contact, mode: str, settings: Any
) -> None:
    settings.EMAIL_TIMEOUT = 0.3
    introduce(taken, contact.email)
    smtp.mode = mode
    outbox.deliver_due(timezone.now())
    tasks.tell_news()
    assert not ContactChange.objects.exists()
    assert (
        contact.verifications.filter(verified_at__gt=timezone.now() - timedelta(days=1)).count()
        == 0
    )


@pytest.mark.parametrize(
    ("code", "words", "expected"),
    [
        (550, "5.1.1 <x@y.example>: Recipient address rejected: User unknown", True),
        (550, "5.1.10 Recipient not found", True),
        (550, "5.7.1 Blocked by policy", False),
        (552, "5.2.2 Mailbox full", False),
        (553, "5.1.8 Sender address rejected", False),
        (450, "4.1.1 try later", False),
        (550, "No such user here", True),
        (550, "Your address is listed in our block list", False),
        (551, "User not local", True),
        (554, "Transaction failed", False),
    ],
)
def test_only_an_unknown_address_counts_as_a_bounce(code: int, words: str, expected: bool) -> None:
    assert is_no_such_address(code, words) is expected
