"""A post office whose mail server and Slack are on loopback and do as they are told."""

from collections.abc import Iterator
from typing import Any

import pytest

from messaging.models import Channel
from tests.faults.fake_slack import FakeSlack
from tests.faults.fake_smtp import FakeSMTP


@pytest.fixture
def smtp(settings: Any) -> Iterator[FakeSMTP]:
    with FakeSMTP() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST = "127.0.0.1"
        settings.EMAIL_PORT = server.port
        settings.EMAIL_TIMEOUT = 15
        yield server


@pytest.fixture
def slack(settings: Any) -> Iterator[FakeSlack]:
    with FakeSlack() as server:
        settings.SLACK_WEBHOOK_URL = server.url()
        settings.SLACK_TIMEOUT = 15
        yield server


@pytest.fixture
def channel(db: None, slack: FakeSlack) -> Channel:
    return Channel.objects.create(name="#handoffs", webhook_url=slack.url())
