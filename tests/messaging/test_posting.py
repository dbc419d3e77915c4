"""What goes into the outbox: once per cause, in its transaction, and never a bad header."""

import pytest
from django.db import transaction

from messaging import outbox
from messaging.models import Channel, Message
from team.models import User
from tests.messaging.helpers import NOW, mail, slack_message

pytestmark = pytest.mark.django_db


def test_the_same_cause_makes_one_message_per_recipient() -> None:
    first, again, other = mail(), mail(body="Other words."), mail(to="ben@desk.example")
    assert first == again
    assert again.body == "Read it, then accept it."
    assert other != first
    assert Message.objects.count() == 2


def test_a_second_post_keeps_the_callers_transaction_alive() -> None:
    with transaction.atomic():
        mail()
        mail()
        User.objects.create(username="later")
    assert User.objects.filter(username="later").exists()


def test_a_rolled_back_cause_leaves_no_message() -> None:
    for number in range(100):
        with pytest.raises(RuntimeError), transaction.atomic():
            mail(f"event:{number}")
            raise RuntimeError
    assert not Message.objects.exists()


@pytest.mark.parametrize("name", ["To", "Cc", "Reply-To", "From", "Message-ID", "References"])
@pytest.mark.parametrize("ending", ["\nBcc: evil@x.io", "\r\nBcc: evil@x.io", "\x00"])
def test_a_header_with_a_line_break_is_refused(name: str, ending: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        mail(headers={name: f"ana@desk.example{ending}"})


def test_a_header_that_no_message_needs_is_refused() -> None:
    with pytest.raises(ValueError, match="Bcc"):
        mail(headers={"Bcc": "evil@x.io"})


def test_a_subject_is_one_line_whatever_is_put_in() -> None:
    message = mail(subject="Acme\r\nBcc: evil@x.io\n" + "x" * 400)
    assert message.subject.startswith("Acme Bcc: evil@x.io xxx")
    assert len(message.subject) == 250


def test_what_a_database_cannot_hold_is_replaced() -> None:
    message = mail(subject="A\x00B", body="line\r\nline\x00\ud800 🦾")
    assert message.subject == "A\ufffdB"
    assert message.body == "line\nline\ufffd\ufffd 🦾"


@pytest.mark.parametrize(
    "address",
    ["", "a@", "a@@b.co", "a b@c.de", "a@b.co, evil@x.io", "a@b.co\nBcc: x@y.z", "x" * 300],
)
def test_an_address_that_cannot_be_mailed_fails_visibly_and_rolls_nothing_back(
    address: str,
) -> None:
    message = mail(to=address)
    assert message.state == Message.State.DEAD
    assert "e-mail address" in message.error
    assert mail(to=address) == message


def test_somebody_without_an_address_is_named(ae: User) -> None:
    assert mail(to="", person=ae).error == "Ana Silva has no e-mail address."


def test_an_introduction_is_one_mail_to_its_readers() -> None:
    headers = {"To": "priya.nair@acme-robotics.example", "Cc": "ana@desk.example"}
    prospect = mail(to="priya.nair@acme-robotics.example", headers=headers)
    owner = mail(to="ana@desk.example", headers=headers)
    assert prospect.message_id == owner.message_id
    assert prospect.message_id.endswith("@localhost>")


def test_separate_notices_of_one_cause_are_separate_mails() -> None:
    assert mail(to="ana@desk.example").message_id != mail(to="ben@desk.example").message_id


def test_two_people_mentioned_for_one_cause_are_two_messages(
    ae: User, backup: User, channel: Channel
) -> None:
    first, second = slack_message(person=ae), slack_message(person=backup)
    assert first.recipient == "#handoffs @ae"
    assert second.recipient == "#handoffs @backup"


def test_slack_without_any_channel_fails_visibly(ae: User) -> None:
    message = slack_message(person=ae)
    assert (message.state, message.error) == ("dead", "No Slack channel is set up.")


def test_telling_somebody_uses_the_media_they_chose(ae: User, channel: Channel) -> None:
    told = outbox.tell(
        ae,
        event_key="event:7",
        text="handoff_submitted",
        fields={"company": "Acme Robotics", "sdr": "Sam Ortiz", "lead_source": "Inbound"},
        now=NOW,
    )
    assert [message.medium for message in told] == ["email", "slack"]
    assert {message.subject for message in told} == {
        "Acme Robotics is yours: Inbound from Sam Ortiz"
    }


def test_nobody_who_has_left_is_told(ae: User) -> None:
    ae.is_active = False
    assert outbox.tell(ae, event_key="event:7", text="handoff_submitted", fields={}) == []
