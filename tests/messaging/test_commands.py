"""The command and the task that run one pass."""

import json
from io import StringIO

import pytest
from django.core.management import call_command

from messaging import tasks
from tests.faults.fake_smtp import FakeSMTP
from tests.messaging.helpers import mail

pytestmark = pytest.mark.django_db


def test_deliver_prints_one_json_object(smtp: FakeSMTP) -> None:
    mail()
    out = StringIO()
    call_command("deliver", stdout=out)
    assert json.loads(out.getvalue()) == {"sent": 1, "retry": 0, "dead": 0, "unknown": 0}


def test_the_task_sends_what_waits_and_may_run_again(smtp: FakeSMTP) -> None:
    mail()
    assert tasks.deliver()["sent"] == 1
    assert tasks.deliver()["sent"] == 0
