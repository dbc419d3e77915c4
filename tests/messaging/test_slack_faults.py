"""A Slack that slows us down, fails or has closed the channel; the numbers are fault rows."""

import socket
import time
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.utils import timezone

from messaging import outbox
from messaging.channels import check_webhook
from messaging.models import Channel, Message
from messaging.transports import slack as transport
from messaging.transports.base import TransportError
from team.models import User
from team.sockets import is_public
from tests.faults.fake_slack import FakeSlack
from tests.faults.fake_smtp import FakeSMTP
from tests.messaging.helpers import NOW, deliver, slack_message, state_of

pytestmark = pytest.mark.django_db


def test_slack_shows_the_subject_and_the_page_and_never_the_body(
    slack: FakeSlack, channel: Channel
) -> None:
    slack_message(about="handoff:42")
    assert deliver()["sent"] == 1
    assert slack.texts == ["Acme Robotics is waiting\nhttp://127.0.0.1:8000/handoffs/42/"]


def test_somebody_is_mentioned_by_their_member_id_or_their_name(
    slack: FakeSlack, channel: Channel, ae: User, backup: User
) -> None:
    User.objects.filter(pk=ae.pk).update(slack_member_id="U024BE7LH")
    slack_message(person=ae)
    slack_message(person=backup)
    deliver()
    deliver(timedelta(seconds=1))
    assert slack.texts == [
        "<@U024BE7LH> Acme Robotics is waiting",
        "Ben Okafor: Acme Robotics is waiting",
    ]


def test_a_company_name_cannot_call_everybody(slack: FakeSlack, channel: Channel) -> None:
    slack_message(subject="<!channel> & <https://evil.example|Acme> waits")
    deliver()
    assert slack.texts == ["&lt;!channel&gt; &amp; &lt;https://evil.example|Acme&gt; waits"]


def test_a_channel_gets_one_message_a_second(slack: FakeSlack, channel: Channel) -> None:
    for number in range(3):
        slack_message(f"event:{number}")
    counts = [
        deliver(timedelta(seconds=seconds))["sent"] for seconds in (0, 0.5, 1, 1.9, 2, 2.9, 3)
    ]
    assert counts == [1, 0, 1, 0, 1, 0, 0]


def test_another_channel_does_not_wait(slack: FakeSlack, channel: Channel) -> None:
    Channel.objects.create(name="#north", webhook_url=slack.url())
    slack_message()
    slack_message(to="#north")
    assert deliver()["sent"] == 2


def test_more_than_twenty_become_one_message(
    slack: FakeSlack, channel: Channel, ae: User, backup: User
) -> None:
    for number in range(21):
        slack_message(f"event:{number}", subject=f"Company {number}", about=f"handoff:{number}")
    slack_message("event:99", subject="And yours", person=ae)
    assert deliver()["sent"] == 22
    assert len(slack.texts) == 1
    assert slack.texts[0].startswith("22 messages from Handoff Desk\nCompany 0\nhttp://127.0.0.1")
    assert "Ana Silva: And yours" in slack.texts[0]
    assert set(Message.objects.values_list("error", flat=True)) == {"In a digest of 22 messages."}


@pytest.mark.parametrize(
    ("retry_after", "seconds"), [("30", 30), ("3600", 900), ("abc", 60), ("", 60), ("-5", 60)]
)
def test_31_slack_is_waited_for_as_long_as_it_asks(
    slack: FakeSlack, channel: Channel, retry_after: str, seconds: int
) -> None:
    slack.mode = f"429:{retry_after}"
    first, second = slack_message("event:1"), slack_message("event:2")
    assert deliver()["retry"] == 1
    first.refresh_from_db()
    assert first.next_try_at == NOW + timedelta(seconds=seconds)
    assert first.attempts == 0
    slack.mode = "ok"
    assert deliver(timedelta(seconds=seconds - 1))["sent"] == 0
    assert slack.asked == 1
    for extra in range(3):
        deliver(timedelta(seconds=seconds + extra))
    assert {state_of(first), state_of(second)} == {"sent"}


def test_31_a_long_wait_sends_an_email_as_well(
    slack: FakeSlack, channel: Channel, smtp: FakeSMTP, ae: User
) -> None:
    slack.mode = "429:3600"
    slack_message(person=ae)
    assert deliver() == {"sent": 1, "retry": 1, "dead": 0, "unknown": 0}
    assert len(smtp.to(ae.email)) == 1


def test_31_a_slack_that_never_lets_us_in_is_given_up(slack: FakeSlack, channel: Channel) -> None:
    slack.mode = "429:3600"
    message = slack_message()
    for hour in range(200):
        deliver(timedelta(hours=hour))
    assert state_of(message) == Message.State.DEAD


@pytest.mark.parametrize("mode", ["500", "503", "hang", "reset", "200:no", "302", "307", "408"])
def test_32_what_may_pass_is_tried_again(
    slack: FakeSlack, channel: Channel, settings: Any, mode: str
) -> None:
    if mode == "hang":
        settings.SLACK_TIMEOUT = 1
    slack.mode = mode
    message = slack_message()
    assert deliver()["retry"] == 1
    assert slack.asked == 1
    settings.SLACK_TIMEOUT = 15
    slack.mode = "ok"
    assert deliver(timedelta(minutes=1))["sent"] == 1
    assert state_of(message) == Message.State.SENT


def test_32_a_message_that_slack_cannot_read_is_given_up(
    slack: FakeSlack, channel: Channel
) -> None:
    slack.mode = "400:invalid_payload"
    message = slack_message()
    assert deliver()["dead"] == 1
    assert state_of(message) == Message.State.DEAD
    assert message.error == "Slack said: 400 invalid_payload"
    channel.refresh_from_db()
    assert channel.is_enabled


@pytest.mark.parametrize(
    "mode", ["404:no_service", "410", "410:channel_is_archived", "403:invalid_token", "301", "308"]
)
def test_33_a_dead_webhook_switches_the_channel_off_and_email_takes_over(
    slack: FakeSlack, channel: Channel, smtp: FakeSMTP, ae: User, revops: User, mode: str
) -> None:
    slack.mode = mode
    to_nobody, mentioned = slack_message("event:1"), slack_message("event:2", person=ae)
    deliver()
    deliver(timedelta(seconds=1))
    channel.refresh_from_db()
    assert (channel.is_enabled, channel.off_at) == (False, NOW)
    assert channel.off_reason.startswith(f"Slack said: {mode[:3]} ")
    assert slack.asked == 1
    assert state_of(to_nobody) == Message.State.DEAD
    assert state_of(mentioned) == Message.State.CANCELLED
    assert mentioned.error.endswith("Sent by e-mail instead.")
    assert len(smtp.to(ae.email)) == 1
    assert len(smtp.to(revops.email)) == 1
    assert b"/admin/messaging/channel/" in smtp.to(revops.email)[0].content


def test_33_nobody_gets_the_same_by_email_twice(
    slack: FakeSlack, channel: Channel, smtp: FakeSMTP, ae: User
) -> None:
    slack.mode = "410"
    for medium in ("email", "slack"):
        outbox.post(
            event_key="event:1", medium=medium, recipient=ae.email, person=ae, body="x", now=NOW
        )
    deliver()
    deliver(timedelta(minutes=1))
    assert len(smtp.to(ae.email)) == 1


def test_a_channel_that_does_not_exist_fails_visibly(slack: FakeSlack) -> None:
    message = slack_message(to="#nowhere")
    assert deliver()["dead"] == 1
    assert state_of(message) == Message.State.DEAD
    assert "There is no such channel." in message.error


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "169.254.169.254", "10.0.0.7", "100.64.0.1", "224.0.0.1", "::1",
                "64:ff9b::7f00:1", "2002:7f00:1::", "::ffff:10.0.0.1", "fe80::1%eth0"]
)  # fmt: skip
def test_35_an_address_inside_somebodys_network_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["3.68.170.6", "2606:4700::1111", "64:ff9b::344:aa06"])
def test_35_an_address_of_the_open_internet_is_public(address: str) -> None:
    assert is_public(address)


def test_35_slacks_name_leading_into_our_network_is_refused_at_connect(
    slack: FakeSlack, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def poisoned(address: tuple[str, int], *args: Any, **kwargs: Any) -> socket.socket:
        return connect(("127.0.0.1", slack.port), *args, **kwargs)

    connect = socket.create_connection
    monkeypatch.setattr(socket, "create_connection", poisoned)
    channel.webhook_url = "https://hooks.slack.com/services/T/B/x"
    with pytest.raises(TransportError) as refused:
        transport.send(channel, "x")
    assert str(refused.value) == "hooks.slack.com leads to an address that is not public."
    assert slack.asked == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.slack.com/services/T/B/x",
        "https://hooks.slack.com.evil.example/x",
        "https://evil.example/hooks.slack.com",
        "https://hooks.slack.com:22/services/x",
        "https://user:secret@hooks.slack.com/services/x",
        "https://100.64.0.1/x",
        "https://[64:ff9b::7f00:1]/x",
        "https://[::1",
        "https://hooks.slack.com/a b",
        "https://hooks.slack.com/a\nHost: evil",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "hooks.slack.com",
        "https://hooks.slack.com:99999/",
        "",
    ],
)
def test_a_webhook_may_only_lead_to_slack(url: str) -> None:
    with pytest.raises(ValidationError):
        check_webhook(url)


def test_slacks_own_webhooks_and_the_one_in_the_settings_are_taken(settings: Any) -> None:
    settings.SLACK_WEBHOOK_URL = "http://127.0.0.1:9999/hook"
    check_webhook("https://hooks.slack.com/services/T000/B000/XXXX")
    check_webhook("http://127.0.0.1:9999/another")
    with pytest.raises(ValidationError):
        check_webhook("http://127.0.0.1:9998/hook")


def test_a_webhook_that_is_no_longer_allowed_is_never_asked(
    slack: FakeSlack, channel: Channel, settings: Any
) -> None:
    settings.SLACK_WEBHOOK_URL = ""
    slack_message()
    deliver()
    channel.refresh_from_db()
    assert not channel.is_enabled
    assert slack.asked == 0


def test_a_patient_pass_waits_for_its_second_and_no_longer(
    slack: FakeSlack,
    channel: Channel,
    clock: time_machine.Traveller,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(time, "sleep", clock.shift)
    for number in range(3):
        slack_message(f"event:{number}")
    assert outbox.deliver_due(patient=True)["sent"] == 3
    assert timezone.now() == NOW + timedelta(seconds=2)
    slack.mode = "429:30"
    slack_message("event:9")
    clock.shift(1)
    assert outbox.deliver_due(patient=True)["retry"] == 1
    assert timezone.now() == NOW + timedelta(seconds=3)
