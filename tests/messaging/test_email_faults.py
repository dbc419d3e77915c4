"""A mail server that hangs, refuses, drops or cannot be trusted; the numbers are fault rows."""

from datetime import timedelta
from typing import Any

import pytest

from messaging.models import Channel, Message
from team.models import User
from tests.faults.fake_slack import FakeSlack
from tests.faults.fake_smtp import FakeSMTP
from tests.messaging.helpers import NOW, deliver, mail, state_of

pytestmark = pytest.mark.django_db
# Long enough to get to DATA on a busy machine, where the server hangs after it
SHORT = 2
PROSPECT = "priya.nair@acme-robotics.example"


@pytest.mark.parametrize("mode", ["hang_banner", "drip"])
@pytest.mark.parametrize("audience", ["internal", "prospect"])
def test_25_a_server_that_hangs_before_data_is_tried_again(
    smtp: FakeSMTP, settings: Any, mode: str, audience: str
) -> None:
    settings.EMAIL_TIMEOUT = 0.3
    smtp.mode = mode
    message = mail(audience=audience)
    assert deliver()["retry"] == 1
    assert state_of(message) == Message.State.RETRY
    assert message.error.startswith("No connection. The mail server 127.0.0.1")
    settings.EMAIL_TIMEOUT = 15
    smtp.mode = "ok"
    assert deliver(timedelta(minutes=1))["sent"] == 1


@pytest.mark.parametrize("mode", ["hang_after_data", "drop_mid_data", "accept_then_drop"])
def test_25_29_after_data_an_internal_mail_is_repeated(
    smtp: FakeSMTP, settings: Any, mode: str
) -> None:
    settings.EMAIL_TIMEOUT = SHORT
    smtp.mode = mode
    message = mail()
    assert deliver()["retry"] == 1
    smtp.mode = "ok"
    assert deliver(timedelta(minutes=1))["sent"] == 1
    assert state_of(message) == Message.State.SENT
    assert all(message.message_id.encode() in sent.content for sent in smtp.mails)


@pytest.mark.parametrize("mode", ["hang_after_data", "drop_mid_data", "accept_then_drop"])
def test_25_29_after_data_a_prospects_mail_waits_for_a_person(
    smtp: FakeSMTP, settings: Any, mode: str, sdr: User, ae: User
) -> None:
    settings.EMAIL_TIMEOUT = SHORT
    smtp.mode = mode
    headers = {"To": PROSPECT, "Cc": "AE@desk.example", "Reply-To": sdr.email}
    message = mail(to=PROSPECT, audience="prospect", person=sdr, headers=headers, about="handoff:7")
    assert deliver()["unknown"] == 1
    assert state_of(message) == Message.State.UNKNOWN
    smtp.mode = "ok"
    told = deliver(timedelta(days=3))
    assert told == {"sent": 2, "retry": 0, "dead": 0, "unknown": 0}
    assert len(smtp.to(PROSPECT)) <= 1
    assert {sent.recipients[0] for sent in smtp.mails} - {PROSPECT} == {sdr.email, ae.email}
    assert b"/handoffs/7/" in smtp.mails[-1].content


@pytest.mark.parametrize("mode", ["421", "451", "452"])
def test_26_a_server_that_says_later_is_asked_later(smtp: FakeSMTP, mode: str) -> None:
    smtp.mode = mode
    message = mail()
    assert deliver()["retry"] == 1
    message.refresh_from_db()
    assert mode in message.error
    assert timedelta(seconds=24) <= message.next_try_at - NOW <= timedelta(seconds=36)
    smtp.mode = "ok"
    assert deliver(timedelta(minutes=1))["sent"] == 1


@pytest.mark.parametrize("mode", ["550", "554", "554_data"])
def test_27_a_refusal_is_final_and_keeps_the_servers_words(smtp: FakeSMTP, mode: str) -> None:
    smtp.mode = mode
    message = mail()
    assert deliver()["dead"] == 1
    assert state_of(message) == Message.State.DEAD
    assert message.error.startswith(f"The mail server said: {mode[:3]} ")
    assert deliver(timedelta(days=9)) == {"sent": 0, "retry": 0, "dead": 0, "unknown": 0}


def test_27_a_prospects_refusal_is_told_to_the_sdr_and_the_ae(
    smtp: FakeSMTP, sdr: User, ae: User
) -> None:
    smtp.mode = f"refuse:{PROSPECT}"
    mail(to=PROSPECT, audience="prospect", person=sdr, headers={"To": PROSPECT, "Cc": ae.email})
    assert deliver() == {"sent": 2, "retry": 0, "dead": 1, "unknown": 0}
    assert {sent.recipients[0] for sent in smtp.mails} == {sdr.email, ae.email}
    assert f"no {PROSPECT} here".encode() in smtp.mails[0].content


def test_27_with_nobody_of_ours_on_it_the_admins_are_told(smtp: FakeSMTP, revops: User) -> None:
    smtp.mode = f"refuse:{PROSPECT}"
    mail(to=PROSPECT, audience="prospect")
    deliver()
    assert [sent.recipients for sent in smtp.mails] == [[revops.email]]


def test_28_one_of_three_refused_is_noticed(smtp: FakeSMTP, ae: User, sdr: User) -> None:
    smtp.mode = f"refuse:{PROSPECT}"
    headers = {"To": PROSPECT, "Cc": f"{ae.email}, {sdr.email}"}
    rows = [
        mail("intro:1", to=address, headers=headers, audience=audience)
        for address, audience in [
            (PROSPECT, "prospect"),
            (ae.email, "internal"),
            (sdr.email, "internal"),
        ]
    ]
    deliver()
    assert [state_of(row) for row in rows] == ["dead", "sent", "sent"]
    introduction = smtp.to(ae.email)[0].content.decode()
    assert f"To: {PROSPECT}" in introduction
    assert f"Cc: {ae.email}, {sdr.email}" in introduction


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("bad_tls", "The certificate of the mail server 127.0.0.1 is not valid"),
        ("garbled_tls", "does not speak TLS properly"),
        ("no_starttls", "does not offer what EMAIL_URL asks for"),
    ],
)
def test_30_no_mail_leaves_over_a_bad_tls(
    smtp: FakeSMTP, settings: Any, mode: str, said: str
) -> None:
    settings.EMAIL_USE_TLS = True
    smtp.mode = mode
    message = mail()
    assert deliver()["retry"] == 1
    assert smtp.mails == []
    message.refresh_from_db()
    assert said in message.error


def test_30_a_wrong_password_is_told_once_a_day_not_once_a_mail(
    smtp: FakeSMTP, slack: FakeSlack, channel: Channel, settings: Any
) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "desk", "wrong"
    smtp.mode = "auth_535"
    for number in range(5):
        mail(f"event:{number}")
    for minute in range(5):
        deliver(timedelta(minutes=minute))
    assert len(slack.texts) == 1
    assert "refused our user name and password: 535" in slack.texts[0]
    assert Message.objects.filter(kind="mail_trouble").count() == 1


def test_35_a_name_that_leads_nowhere_is_named_without_more(settings: Any, smtp: FakeSMTP) -> None:
    settings.EMAIL_HOST = "mail.invalid"
    message = mail()
    assert deliver()["retry"] == 1
    message.refresh_from_db()
    assert message.error == "No connection. The mail server mail.invalid cannot be found."


def test_a_server_that_is_not_there_is_tried_again(smtp: FakeSMTP, settings: Any) -> None:
    settings.EMAIL_PORT = 1
    mail()
    assert deliver()["retry"] == 1
