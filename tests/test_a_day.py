"""A demo request at two at night that nobody touches, minute by minute, as it leaves the house."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes

import pytest
import time_machine

from accounts.models import Account, Contact
from messaging import outbox
from messaging.models import Channel, Message
from sla import clocks
from sla.models import Escalation
from team.models import User
from tests.factories import submitted
from tests.faults.fake_slack import FakeSlack
from tests.faults.fake_smtp import FakeSMTP
from tests.messaging.conftest import channel, slack, smtp

__all__ = ["channel", "slack", "smtp"]  # fixtures

pytestmark = pytest.mark.django_db

TWO_AT_NIGHT = datetime(2026, 3, 3, 2, 0, tzinfo=UTC)


def test_mail_and_slack_wake_one_after_the_other_each_once_at_the_right_minute(
    clock: time_machine.Traveller,
    sdr: User,
    account: Account,
    contact: Contact,
    backup: User,
    director: User,
    channel: Channel,
    smtp: FakeSMTP,
    slack: FakeSlack,
) -> None:
    clock.move_to(TWO_AT_NIGHT, tick=False)
    handoff = submitted(sdr=sdr, account=account, contact=contact, lead_source="inbound")
    mailed, posted = [], []
    for minute in range(24 * 60):
        now = TWO_AT_NIGHT + timedelta(minutes=minute)
        clock.move_to(now, tick=False)
        mails, texts = len(smtp.mails), len(slack.texts)
        clocks.sweep()
        for second in range(5):  # a channel takes one message a second
            if not outbox.deliver_due(now + timedelta(seconds=second))["sent"]:
                break
        for mail in smtp.mails[mails:]:
            sent = message_from_bytes(mail.content)["Message-ID"]
            kind = Message.objects.get(message_id=sent, medium="email").kind
            if kind.startswith("sla_"):
                mailed.append((minute, kind, mail.recipients))
        posted += [(minute, text.partition(":")[0]) for text in slack.texts[texts:]]

    accept = Escalation.objects.filter(clock__kind="accept")
    first = [mail for mail in mailed if mail[0] < 180]
    assert first == [
        (30, "sla_remind", ["ae@desk.example"]),
        (60, "sla_manager", ["manager@desk.example"]),
        (90, "sla_backup", ["backup@desk.example"]),
        (120, "sla_remind", ["backup@desk.example"]),
        (150, "sla_manager", ["manager@desk.example"]),
    ]
    assert [m for m in mailed if m[1] == "sla_upper" and m[0] <= 180] == [
        (180, "sla_upper", ["director@desk.example"])
    ]
    for action in ("remind", "manager", "backup", "upper"):
        assert accept.filter(action=action, clock__cycle=0).count() == 1
    for row in accept:
        named = Message.objects.filter(event_key=f"escalation:{row.pk}")
        assert sorted(named.values_list("medium", "state")) == [
            ("email", "sent"),
            ("slack", "sent"),
        ]
    for minute, name in [(30, "Ana Silva"), (60, "Mara Lindt"), (90, "Ben Okafor")]:
        assert (minute, name) in posted
    assert (180, "Dora Quinn") in posted
    handoff.refresh_from_db()
    assert handoff.owner == backup
    assert not Message.objects.exclude(state="sent").exists()
    assert len({m.content for m in smtp.mails}) == len(smtp.mails), "none came twice"
