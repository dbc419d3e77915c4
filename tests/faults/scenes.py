"""What happens on the database of a fault test: each function runs in a process of its own.

`python -m tests.faults.scenes NAME ARGUMENTS…` prints the answer of a function as JSON.
"""

import json
import sys

import django

django.setup()

from sla.models import Heartbeat  # noqa: E402  needs the apps


def last_beat() -> str:
    """When a task of any worker last ran."""
    return str(Heartbeat.objects.filter(name="worker").values_list("beat_at", flat=True).first())


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](*map(int, sys.argv[2:]))))
