"""Whoever delivers is asked to end, as at every update: never in the middle of a message."""

import json
import subprocess
import sys

import pytest

from tests.faults.harness import IN_THE_END, ROOT, Installation, until
from tests.faults.post_office import open_post_office

pytestmark = pytest.mark.faults


def test_asked_to_end_it_finishes_the_mail_it_is_sending(on_sqlite: Installation) -> None:
    with open_post_office() as (office, url):
        on_sqlite.environment["EMAIL_URL"] = url
        waiting = on_sqlite.scene("mail_prospects", 100)
        process = subprocess.Popen(
            [sys.executable, "manage.py", "deliver"],
            cwd=ROOT, env=on_sqlite.environment, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            until(lambda: office.arrived, IN_THE_END, "the first mail has arrived")
            process.terminate()
            said, _ = process.communicate(timeout=IN_THE_END)
        finally:
            process.kill()
    arrived = sum(office.arrived.values())
    assert process.returncode == 0
    assert 0 < arrived < waiting
    assert json.loads(said) == {"sent": arrived, "retry": 0, "dead": 0, "unknown": 0}
    states = dict(on_sqlite.rows("SELECT state, count(*) FROM messaging_message GROUP BY state"))
    assert states == {"sent": arrived, "pending": waiting - arrived}
