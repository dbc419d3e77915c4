"""Claims, tries, leases, digests and what people decide about messages that failed."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as memory
from django.db import connection
from django.test.utils import CaptureQueriesContext

from messaging import delivery, outbox
from messaging.models import Channel, Message
from team.models import User
from tests.faults.fake_slack import FakeSlack
from tests.faults.fake_smtp import FakeSMTP
from tests.messaging.helpers import NOW, deliver, mail, slack_message, state_of

pytestmark = pytest.mark.django_db
NOTHING = {"sent": 0, "retry": 0, "dead": 0, "unknown": 0}


@pytest.fixture
def no_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "JITTER", 0.0)


def test_a_message_leaves_once(smtp: FakeSMTP) -> None:
    message = mail()
    assert deliver() == NOTHING | {"sent": 1}
    assert deliver() == NOTHING
    assert [sent.recipients for sent in smtp.mails] == [["ana@desk.example"]]
    assert state_of(message) == Message.State.SENT
    assert (message.sent_at, message.next_try_at, message.lease_token) == (NOW, None, None)


def test_a_message_looks_as_it_was_posted(smtp: FakeSMTP) -> None:
    message = mail(
        subject="Überblick: Acme",
        body="One\n.\nTwo\n",
        headers={"Reply-To": "sam@desk.example"},
        calendar="BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
        calendar_method="REQUEST",
    )
    deliver()
    content = smtp.mails[0].content.decode()
    assert f"Message-ID: {message.message_id}" in content
    assert "Auto-Submitted: auto-generated" in content
    assert "Reply-To: sam@desk.example" in content
    assert "Subject: =?utf-8?" in content
    assert 'Content-Type: text/calendar; method="REQUEST"' in content
    assert 'filename="invite.ics"' in content
    assert "\r\nOne\r\n.\r\nTwo\r\n" in content


@pytest.mark.parametrize("backend", ["locmem", "console", "dummy"])
def test_other_backends_work_as_well(settings: Any, backend: str, capsys: Any) -> None:
    settings.EMAIL_BACKEND = f"django.core.mail.backends.{backend}.EmailBackend"
    headers = {"To": "priya@acme.example", "Cc": "ana@desk.example"}
    assert mail(headers=headers).state == Message.State.PENDING
    assert deliver()["sent"] == 1
    if backend == "locmem":
        assert memory.outbox[0].recipients() == ["ana@desk.example"]
        assert memory.outbox[0].message()["To"] == "priya@acme.example"
    if backend == "console":
        assert "Cc: ana@desk.example" in capsys.readouterr().out


def test_tries_wait_longer_each_time_and_end_with_the_reason(
    smtp: FakeSMTP, no_jitter: None
) -> None:
    smtp.mode = "451"
    message = mail()
    waits, at = [], timedelta(0)
    while deliver(at)["retry"]:
        message.refresh_from_db()
        waits.append((message.next_try_at - NOW - at).total_seconds())
        at = message.next_try_at - NOW
        assert deliver(at - timedelta(seconds=1)) == NOTHING
    assert waits == [30, 120, 600, 1800, 7200, 21600, 86400]
    assert state_of(message) == Message.State.DEAD
    assert (message.attempts, message.next_try_at) == (8, None)
    assert message.error == "The mail server said: 451 no ana@desk.example here"


def test_waits_differ_by_up_to_a_fifth(smtp: FakeSMTP) -> None:
    smtp.mode = "451"
    messages = [mail(f"event:{number}") for number in range(20)]
    deliver()
    waits = [(Message.objects.get(pk=m.pk).next_try_at - NOW).total_seconds() for m in messages]
    assert all(24 <= wait <= 36 for wait in waits)
    assert len(set(waits)) > 1


def test_what_is_too_late_to_matter_is_dropped(smtp: FakeSMTP) -> None:
    message = mail(expires_at=NOW + timedelta(minutes=5))
    assert deliver(timedelta(minutes=5)) == NOTHING
    assert state_of(message) == Message.State.EXPIRED
    assert smtp.mails == []


def test_only_one_of_two_workers_gets_a_message() -> None:
    mail()
    one, two = Message.objects.get(), Message.objects.get()
    assert delivery._Pass(NOW, 10, False)._claim(one, uuid.uuid4())
    assert not delivery._Pass(NOW, 10, False)._claim(two, uuid.uuid4())


def test_a_message_in_somebodys_hands_is_left_alone(smtp: FakeSMTP) -> None:
    message = mail()
    delivery._Pass(NOW, 10, False)._claim(message, uuid.uuid4())
    assert deliver(timedelta(seconds=119)) == NOTHING
    assert smtp.mails == []


def test_a_dead_workers_message_is_taken_up_when_its_lease_ends(smtp: FakeSMTP) -> None:
    message = mail()
    delivery._Pass(NOW, 10, False)._claim(message, uuid.uuid4())
    assert deliver(timedelta(seconds=120)) == NOTHING | {"sent": 1}
    assert state_of(message) == Message.State.SENT
    assert message.attempts == 2


def test_a_message_that_kills_its_workers_is_given_up() -> None:
    message = mail()
    for number in range(8):
        at = NOW + timedelta(minutes=5 * number)
        message.refresh_from_db()
        assert delivery._Pass(at, 10, False)._claim(message, uuid.uuid4())
        outbox.release_stuck(at + delivery.LEASE)
    assert state_of(message) == Message.State.DEAD
    assert message.error == "The worker ended while it was sending this."


def test_a_dead_workers_prospect_mail_waits_for_a_person(smtp: FakeSMTP, sdr: User) -> None:
    message = mail(audience="prospect", person=sdr)
    delivery._Pass(NOW, 10, False)._claim(message, uuid.uuid4())
    deliver(timedelta(minutes=3))
    assert state_of(message) == Message.State.UNKNOWN
    assert deliver(timedelta(days=3)) == NOTHING
    assert [sent.recipients for sent in smtp.mails] == [[sdr.email]]


@pytest.mark.parametrize("audience", ["internal", "prospect"])
def test_a_slow_workers_success_still_counts_after_its_lease(audience: str) -> None:
    message, token = mail(audience=audience), uuid.uuid4()
    slow = delivery._Pass(NOW, 10, False)
    slow._claim(message, token)
    outbox.release_stuck(NOW + delivery.LEASE)
    slow._record_sent([message], token)
    assert state_of(message) == Message.State.SENT


def test_a_slow_workers_result_is_ignored_once_somebody_took_over() -> None:
    message, token = mail(), uuid.uuid4()
    slow = delivery._Pass(NOW, 10, False)
    slow._claim(message, token)
    later = NOW + delivery.LEASE
    outbox.release_stuck(later)
    message.refresh_from_db()
    delivery._Pass(later, 10, False)._claim(message, uuid.uuid4())
    slow._record_sent([message], token)
    assert state_of(message) == Message.State.SENDING


def test_a_message_that_cannot_be_tried_does_not_stop_the_others(
    smtp: FakeSMTP, caplog: pytest.LogCaptureFixture
) -> None:
    poison, fine = mail("event:1"), mail("event:2")
    Message.objects.filter(pk=poison.pk).update(headers="not headers at all")
    assert deliver() == NOTHING | {"sent": 1, "retry": 1}
    assert state_of(fine) == Message.State.SENT
    assert state_of(poison) == Message.State.RETRY
    assert poison.error.startswith("Something broke on our side")


def test_somebody_who_left_meanwhile_gets_nothing(smtp: FakeSMTP, ae: User) -> None:
    message = mail(to=ae.email, person=ae)
    User.objects.filter(pk=ae.pk).update(is_active=False)
    assert deliver() == NOTHING
    assert state_of(message) == Message.State.CANCELLED
    assert message.error == "Ana Silva no longer works here."


def test_more_than_twenty_for_one_reader_become_one_mail(smtp: FakeSMTP) -> None:
    for number in range(21):
        mail(f"event:{number}", subject=f"Company {number} waits")
    single = mail("event:0", to="ben@desk.example")
    assert deliver() == NOTHING | {"sent": 22}
    assert len(smtp.mails) == 2
    digest = smtp.to("ana@desk.example")[0].content.decode()
    assert "Subject: 21 messages from Handoff Desk" in digest
    assert digest.index("Company 0 waits") < digest.index("Company 20 waits")
    notes = set(Message.objects.exclude(pk=single.pk).values_list("state", "error"))
    assert notes == {("sent", "In a digest of 21 messages.")}


def test_twenty_for_one_reader_leave_one_by_one(smtp: FakeSMTP) -> None:
    for number in range(20):
        mail(f"event:{number}")
    assert deliver() == NOTHING | {"sent": 20}
    assert len(smtp.mails) == 20
    assert smtp.connections == 1


def test_a_prospects_mail_and_an_invitation_are_never_put_into_a_digest(smtp: FakeSMTP) -> None:
    for number in range(12):
        mail(f"event:{number}", audience="prospect")
        mail(f"invitation:{number}", calendar="BEGIN:VCALENDAR\r\n", calendar_method="REQUEST")
    assert deliver()["sent"] == len(smtp.mails) == 24


def test_a_digest_that_fails_is_tried_again_as_a_whole(smtp: FakeSMTP) -> None:
    for number in range(25):
        mail(f"event:{number}")
    smtp.mode = "451"
    assert deliver() == NOTHING | {"retry": 25}
    smtp.mode = "ok"
    assert deliver(timedelta(minutes=1)) == NOTHING | {"sent": 25}
    assert len(smtp.mails) == 1


def test_after_an_outage_each_leaves_once_and_in_order(
    smtp: FakeSMTP, slack: FakeSlack, channel: Channel
) -> None:
    smtp.mode, slack.mode = "421", "500"
    for minute in range(0, 120, 12):
        mail(f"event:{minute}", to=f"person{minute}@desk.example")
        slack_message(f"event:{minute}", subject=f"Company {minute}")
        deliver(timedelta(minutes=minute))
    assert smtp.mails == slack.texts == []
    smtp.mode = slack.mode = "ok"
    for second in range(15):
        deliver(timedelta(hours=2, seconds=second))
    assert not Message.objects.exclude(state=Message.State.SENT).exists()
    recipients = [sent.recipients[0] for sent in smtp.mails]
    assert sorted(recipients) == sorted(set(recipients))
    assert len(recipients) == 10
    assert sorted(slack.texts) == sorted({f"Company {n}" for n in range(0, 120, 12)})


def test_a_broken_mail_server_costs_one_try_per_pass_and_slack_goes_on(
    smtp: FakeSMTP, slack: FakeSlack, channel: Channel, settings: Any
) -> None:
    settings.EMAIL_TIMEOUT = 0.3
    smtp.mode = "hang_banner"
    for number in range(10):
        mail(f"event:{number}")
    slack_message()
    assert deliver() == NOTHING | {"retry": 1, "sent": 1}
    assert smtp.connections == 1


def test_a_connection_that_the_server_closed_meanwhile_is_no_failure(smtp: FakeSMTP) -> None:
    smtp.mode = "drop_idle"
    for number in range(3):
        mail(f"event:{number}", to=f"person{number}@desk.example")
    assert deliver() == NOTHING | {"sent": 3}


def test_a_failed_message_can_be_sent_again(smtp: FakeSMTP, revops: User) -> None:
    smtp.mode = "550"
    message = mail()
    deliver()
    smtp.mode = "ok"
    outbox.resend(message, by=revops, now=NOW)
    assert state_of(message) == Message.State.PENDING
    assert (message.attempts, message.error) == (0, "Sent again by Rita Vance.")
    assert deliver() == NOTHING | {"sent": 1}


def test_a_message_on_its_way_or_there_is_not_sent_again(smtp: FakeSMTP, revops: User) -> None:
    message = mail()
    with pytest.raises(outbox.ResendRefused, match="on its way"):
        outbox.resend(message, by=revops)
    deliver()
    with pytest.raises(outbox.ResendRefused):
        outbox.resend(message, by=revops)
    with pytest.raises(outbox.ResendRefused):
        outbox.confirm_arrived(message, by=revops)


def test_a_person_settles_a_message_whose_fate_is_unknown(smtp: FakeSMTP, sdr: User) -> None:
    smtp.mode = "accept_then_drop"
    arrived, lost = mail("intro:1", audience="prospect"), mail("intro:2", audience="prospect")
    deliver()
    deliver()
    assert {state_of(arrived), state_of(lost)} == {"unknown"}
    smtp.mode = "ok"
    outbox.confirm_arrived(arrived, by=sdr, now=NOW)
    outbox.resend(lost, by=sdr, now=NOW)
    deliver()
    assert (state_of(arrived), arrived.error) == ("sent", "Sam Ortiz found out that it arrived.")
    assert state_of(lost) == "sent"


def test_an_empty_outbox_costs_little() -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        deliver()
    assert len(queries) <= 7
