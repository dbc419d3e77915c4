"""The command and the task that run one pass."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django_q.models import OrmQ

from messaging import tasks
from messaging.delivery import PASS_SECONDS
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


@pytest.mark.parametrize(("spent", "asked"), [(PASS_SECONDS - 1, 0), (PASS_SECONDS, 1)])
def test_a_task_that_ran_out_of_time_asks_for_another(
    smtp: FakeSMTP, monkeypatch: pytest.MonkeyPatch, spent: float, asked: int
) -> None:
    mail()
    monkeypatch.setattr(tasks, "monotonic", iter([0.0, spent]).__next__)
    tasks.deliver()
    assert OrmQ.objects.count() == asked


def test_a_task_that_sends_nothing_asks_for_no_other(
    smtp: FakeSMTP, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a mail server that hangs would be asked again and again."""
    smtp.mode = "421"
    mail()
    monkeypatch.setattr(tasks, "monotonic", iter([0.0, PASS_SECONDS]).__next__)
    tasks.deliver()
    assert not OrmQ.objects.exists()
