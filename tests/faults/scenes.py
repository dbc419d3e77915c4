"""What stands in the database of a fault test: each function runs in a process of its own.

`python -m tests.faults.scenes NAME NUMBERS…` prints the answer of a function as JSON.
"""

import json
import sys
import time
from datetime import datetime, timedelta
from importlib import import_module
from io import BytesIO
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402  all of these need the apps
from django.test import Client, override_settings  # noqa: E402
from django.utils import timezone  # noqa: E402
from django_q.brokers import get_broker  # noqa: E402
from django_q.signing import SignedPackage  # noqa: E402

from handoffs import lifecycle  # noqa: E402
from messaging import outbox  # noqa: E402
from sla.models import Clock, ClockKind, EscalationStep  # noqa: E402
from team.models import Import, Territory, User, WorkCalendar, WorkInterval  # noqa: E402
from team.sheets import runs  # noqa: E402
from tests.factories import (  # noqa: E402
    make_account,
    make_contact,
    make_standard,
    make_user,
    submitted,
)

HANDOFFS_EACH = 5  # so few that nobody’s mail is made into a digest
PROSPECTS_EACH = 5  # handoffs for one mail to a prospect
PLAIN_FILES = "django.contrib.staticfiles.storage.StaticFilesStorage"  # not collected
HALF = timedelta(minutes=30)  # of the hour in which an inbound request is to be accepted


def fill(handoffs: int, seconds: int, each: int = HANDOFFS_EACH) -> dict[str, int]:
    """Handoffs whose first step, the reminder at half time, falls due over the next `seconds`.

    Each AE has `each` of them. Beside them some mails to prospects, due over the same time.
    """
    director = make_user("director", "manager", name="Dora Quinn")
    manager = make_user("manager", "manager", name="Mara Lindt", reports_to=director)
    sdr = make_user("sdr", "sdr", name="Sam Ortiz", reports_to=manager)
    make_user("revops", "revops", name="Rita Vance")
    make_standard(manager, director)
    calendar = WorkCalendar.objects.create(name="Office hours", time_zone="UTC")
    for day in ("mon", "tue", "wed", "thu", "fri"):
        WorkInterval.objects.create(calendar=calendar, weekday=day, opens="09:00", closes="17:00")
    north = Territory.objects.create(
        name="North", countries=["DE"], calendar=calendar, manager=manager
    )
    now = timezone.now()
    owner = None
    for number in range(handoffs):
        if number % each == 0:
            owner = make_user(f"ae{number}", "ae", name=f"Ana{number} Silva", reports_to=manager)
            north.team.add(owner)
        due = now + timedelta(seconds=seconds * number / handoffs)
        account = make_account(territory=north, owner=owner)
        submitted(
            sdr=sdr,
            account=account,
            contact=make_contact(account),
            lead_source="inbound",
            at=due - HALF,
        )
        if number % PROSPECTS_EACH == 0:
            introduce(number, due)
    first = Clock.objects.filter(kind=ClockKind.ACCEPT, cycle=0)
    return {
        "clocks": first.count(),
        "reminders": EscalationStep.objects.filter(
            version__in=first.values("policy_version"), kind=ClockKind.ACCEPT, action="remind"
        ).count(),
    }


def mail_prospects(count: int) -> int:
    """So many mails to prospects in the outbox."""
    for number in range(count):
        introduce(number, timezone.now())
    return count


def introduce(number: int, now: datetime) -> None:
    outbox.post(
        event_key=f"intro:{number}",
        medium="email",
        recipient=f"prospect{number}@company.example",
        audience="prospect",
        kind="introduction",
        subject="Nice to meet you",
        body="We spoke yesterday.",
        now=now,
    )


def keep_writing(writer: int, seconds: int) -> int:
    """Handoffs from draft to acceptance, one after the other, for so long; how many."""
    sdr = make_user(f"sdr{writer}", "sdr", name="Sam Ortiz")
    ae = make_user(f"writer{writer}", "ae", name="Ana Silva")
    territory = Territory.objects.get()
    territory.team.add(ae)
    until = time.monotonic() + seconds
    done = 0
    while time.monotonic() < until:
        name = f"company-{writer}-{done}"
        account = make_account(territory=territory, owner=ae, name=name, domain=f"{name}.example")
        phone = f"+493{writer}{done:08d}"
        contact = make_contact(account, email=f"priya@{name}.example", phone=phone)
        handoff = submitted(sdr=sdr, account=account, contact=contact)
        lifecycle.accept(handoff, by=handoff.owner or ae)
        done += 1
    return done


class Gone:
    """Stands for a class of an older release: what was pickled with it cannot be read."""

    def __reduce__(self) -> tuple[Any, ...]:
        return import_module, ("handoffs.no_longer_there",)


def queue_what_is_gone() -> int:
    """Put tasks of an older release into the worker’s queue; how many."""
    tasks = [{"func": "sla.tasks.wake_everybody"}, {"func": Gone()}]
    for task in tasks:
        nothing = {"args": (), "kwargs": {}, "started": timezone.now()}
        get_broker().enqueue(SignedPackage.dumps({"id": "1", "name": "gone", **nothing, **task}))
    return len(tasks)


def queue_of(ae: int) -> dict[str, int]:
    """How many rows that AE’s queue shows now, and how many of them as overdue."""
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(User.objects.get(username=f"ae{ae}"))
    plain = {**settings.STORAGES, "staticfiles": {"BACKEND": PLAIN_FILES}}
    with override_settings(STORAGES=plain):
        answer = client.get("/queue/")
    page = answer.content.decode()
    return {"rows": page.count("data-queue-row"), "overdue": page.count("Overdue by ")}


def sessions() -> list[str]:
    """A session for each AE, as if they had all signed in."""
    keys = []
    for user in User.objects.filter(username__startswith="ae").order_by("pk"):
        client = Client()
        client.force_login(user)
        keys.append(client.session.session_key or "")
    return keys


def plans() -> list[tuple[int, list[list[Any]]]]:
    """What is still to come on each running clock."""
    return list(Clock.objects.running().values_list("pk", "plan"))


def bring(rows: int) -> dict[str, int]:
    """A file of `rows` contacts that was checked and confirmed, and waits to be written."""
    revops = make_user("revops", "revops", name="Rita Vance")
    make_account(name="Acme", domain="acme.example")
    lines = (f"Last{n},p{n}@acme.example,CEO,Acme" for n in range(rows))
    content = "\n".join(["last_name,email,title,account", *lines]).encode()
    run = runs.begin(
        BytesIO(content),
        by=revops,
        kind="accounts.contact",
        options={"name": "people.csv", "format": "auto", "country": ""},
        state=Import.State.WAITING,
        at=timezone.now(),
    )
    runs.work()
    assert runs.confirm(run, at=timezone.now())
    return {"run": run.pk}


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](*map(int, sys.argv[2:]))))
