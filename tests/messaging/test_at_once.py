"""Several at once, on real connections: posting the same cause, delivering the same outbox."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, transaction

from messaging.models import Channel, Message
from tests.faults.fake_slack import FakeSlack
from tests.faults.fake_smtp import FakeSMTP
from tests.messaging.helpers import deliver, mail, slack_message

pytestmark = pytest.mark.django_db(transaction=True)
WORKERS = 4


def at_once(work: Callable[[], dict[str, int] | Message]) -> list[dict[str, int] | Message]:
    """What `work` returns in each of four threads that start together."""
    barrier = Barrier(WORKERS)

    def run() -> dict[str, int] | Message:
        try:
            barrier.wait()
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        return [future.result() for future in [pool.submit(run) for _ in range(WORKERS)]]


def test_four_workers_send_each_message_once(smtp: FakeSMTP) -> None:
    for number in range(60):
        mail(f"event:{number}", to=f"person{number}@desk.example")
    results = at_once(deliver)
    assert sum(result["sent"] for result in results) == 60  # type: ignore[call-overload,misc]
    recipients = Counter(sent.recipients[0] for sent in smtp.mails)
    assert {address: count for address, count in recipients.items() if count > 1} == {}
    assert len(recipients) == 60
    assert set(Message.objects.values_list("state", "attempts")) == {("sent", 1)}


def test_four_workers_keep_to_one_message_a_second(slack: FakeSlack, channel: Channel) -> None:
    for number in range(8):
        slack_message(f"event:{number}")
    at_once(deliver)
    assert len(slack.texts) == 1
    assert Message.objects.filter(state="sent").count() == 1


def test_four_workers_send_one_digest(smtp: FakeSMTP) -> None:
    for number in range(30):
        mail(f"event:{number}")
    at_once(deliver)
    assert Message.objects.filter(state="sent").count() == 30
    told = "".join(sent.content.decode() for sent in smtp.mails)
    assert told.count("Acme Robotics is yours") == 30


def test_four_posts_of_one_cause_make_one_message() -> None:
    def post() -> Message:
        with transaction.atomic():
            return mail()

    posted = at_once(post)
    assert {message.pk for message in posted} == {Message.objects.get().pk}  # type: ignore[union-attr]
