"""Inside the desk of a load run: makes what people, deliveries, imports and sweeps need, and looks
afterwards whether everything is as it should be. One line in is a question, one line of JSON out.

Started by served.py; does not measure waiting, except of what has no page: a sweep, an import.
"""

import json
import os
import sys
import time
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from benchmarks import crowd

DRAFTS = 120
AES = 20
HALF = timedelta(minutes=30)  # of an inbound request's hour: when its first step falls due
FAR = timedelta(days=30)
IN_TIME = timedelta(seconds=90)  # from falling due until the message about it has left
COMPANIES = 50
LOOKED_AT = 100  # handoffs whose clocks are made anew

fallen: dict[str, datetime] = {}  # when the step of a handoff was made due


def prepare() -> dict[str, Any]:
    """Sessions by role with what each may read, drafts to write, and a source that delivers."""
    from accounts.models import EnrichmentSource
    from handoffs import lifecycle
    from handoffs.models import Handoff
    from team.models import User

    active = User.objects.active()
    sessions: dict[str, list[dict[str, Any]]] = {}
    for role in ("sdr", "ae", "manager", "revops"):
        sessions[role] = []
        for user in active.filter(**{f"is_{role}": True}):
            seen = Handoff.objects.visible_to(user).exclude(status="draft").order_by("-pk")
            briefs = list(seen.values_list("pk", flat=True)[:50]) if role != "revops" else []
            sessions[role].append({"key": _session(user), "briefs": briefs})
    old = Handoff.objects.exclude(account=None).order_by("-pk")
    found = [(user, list(old.filter(sdr=user)[:20])) for user in active.filter(is_sdr=True)]
    writers = [(user, _session(user), likes) for user, likes in found if likes]
    drafts = []
    for number in range(DRAFTS):
        user, key, likes = writers[number % len(writers)]
        like = likes[number // len(writers) % len(likes)]
        draft = lifecycle.create_draft(sdr=user, by=user, account=like.account)
        drafts.append({"key": key, "draft": draft.pk})
    source = EnrichmentSource.objects.create(
        name="Load", slug="load", is_enabled=True, per_minute=60_000
    )
    _handoffs_that_wait()
    names = [user.username for user, _, _ in writers]  # of the demo, with its password
    return {"sessions": sessions, "drafts": drafts, "secret": source.secret, "names": names}


def deliveries() -> dict[str, int]:
    """How many deliveries were kept, how many wait still, and how many were read."""
    from accounts.hooks.inbox import OPEN
    from accounts.models import InboundEvent

    rows = InboundEvent.objects.filter(source__slug="load")
    return {
        "kept": rows.count(),
        "open": rows.filter(state__in=OPEN).count(),
        "done": rows.filter(state="done").count(),
    }


def bring(rows: int) -> dict[str, int]:
    """A file of new contacts that somebody has just uploaded; the worker checks it first."""
    from django.utils import timezone

    from team.models import Import, User
    from team.sheets import runs

    lines = (
        f"Load{n},Imported,p{n}@load{n % COMPANIES}.example,Buyer,"
        f"Load {n % COMPANIES},load{n % COMPANIES}.example"
        for n in range(rows)
    )
    head = "first_name,last_name,email,title,account,account_domain"
    run = runs.begin(
        BytesIO("\n".join([head, *lines]).encode()),
        by=User.objects.filter(is_revops=True, is_active=True)[0],
        kind="accounts.contact",
        options={"name": "load.csv", "format": "auto", "country": ""},
        state=Import.State.WAITING,
        at=timezone.now(),
    )
    runs.poke()
    return {"run": run.pk}


def import_state(pk: int) -> dict[str, str]:
    """How far the import is; one that was found good is confirmed at once."""
    from django.utils import timezone

    from team.models import Import
    from team.sheets import runs

    run = Import.objects.get(pk=pk)
    if runs.confirm(run, at=timezone.now()):
        runs.poke()
    run.refresh_from_db()
    return {"state": str(run.state), "words": run.summary}


def sweep(count: int) -> dict[str, float]:
    """Have so many clocks fall due, and work until none of them is; seconds, and how many fired.

    The worker of the desk sweeps beside it: a step fires once, whoever is faster.
    """
    from django.utils import timezone

    from sla import clocks
    from sla.models import Clock, Escalation

    chosen = list(_waiting().values_list("pk", flat=True)[:count])
    before = Escalation.objects.filter(clock__in=chosen).count()
    Clock.objects.filter(pk__in=chosen).update(next_at=timezone.now())
    began = time.monotonic()
    while Clock.objects.filter(pk__in=chosen, next_at__lte=timezone.now()).exists():
        clocks.sweep(seconds=20)
        if time.monotonic() - began > 150:
            break
    took = time.monotonic() - began
    fired = Escalation.objects.filter(clock__in=chosen).count() - before
    return {"seconds": took, "fired": fired}


def fall_due(count: int) -> dict[str, int]:
    """Have the first step of so many clocks fall due at this instant, and leave it to the worker.

    Their handoffs are moved in time with all of their log: what is long overdue may wait for more.
    """
    from django.db.models import F, QuerySet
    from django.utils import timezone

    from handoffs.models import Handoff, HandoffEvent
    from sla.models import Clock

    now = timezone.now()
    chosen = list(_waiting()[:count])
    for clock in chosen:
        later = now - HALF - clock.started_at
        QuerySet(HandoffEvent).filter(handoff=clock.handoff_id).update(
            occurred_at=F("occurred_at") + later
        )
        QuerySet(Handoff).filter(pk=clock.handoff_id).update(submitted_at=F("submitted_at") + later)
        Clock.objects.filter(pk=clock.pk).update(
            started_at=now - HALF, resumed_at=now - HALF, next_at=now
        )
        fallen[str(clock.handoff_id)] = now
    return {"due": len(chosen)}


def told() -> dict[str, int]:
    """Of the handoffs whose step `fall_due` made due: how many somebody was sent word of, and of
    how many within IN_TIME."""
    from messaging.models import Message

    sent: dict[str, list[datetime]] = {}
    rows = Message.objects.filter(kind__startswith="sla_", state="sent").exclude(sent_at=None)
    for about, at in rows.values_list("about", "sent_at"):
        sent.setdefault(about.removeprefix("handoff:"), []).append(at)
    waits = [
        min(at - due for at in sent[pk] if at >= due)
        for pk, due in fallen.items()
        if any(at >= due for at in sent.get(pk, ()))
    ]
    in_time = sum(wait <= IN_TIME for wait in waits)
    return {"due": len(fallen), "told": len(waits), "in_time": in_time}


def invariants() -> dict[str, int]:
    """What would be wrong now, by what it is; each number should be 0."""
    from django.db import transaction
    from django.db.models import Count
    from django.utils import timezone

    from handoffs.models import Handoff, HandoffEvent
    from messaging.models import Message
    from sla import clocks
    from sla.models import Clock, Escalation

    now = timezone.now()
    twice = HandoffEvent.objects.filter(kind="accepted").values("handoff")
    others = 0
    played = Handoff.objects.exclude(submitted_at=None).exclude(sdr__username="load-sdr")
    for handoff in played.order_by("-pk")[:LOOKED_AT]:
        rows = Clock.objects.filter(handoff=handoff).order_by("kind", "cycle")
        found = rows.values_list("kind", "cycle", "state", "started_at", "stopped_at", "holder")
        with transaction.atomic():
            before = list(found)
            clocks.rebuild(handoff)
            others += before != list(found.all())
            transaction.set_rollback(True)
    steps = Escalation.objects.values("clock", "step", "cycle").annotate(n=Count("pk"))
    return {
        "handoffs accepted twice": twice.annotate(n=Count("pk")).filter(n__gt=1).count(),
        "steps fired twice": steps.filter(n__gt=1).count(),
        "clocks other than their log": others,
        "messages given up": Message.objects.filter(
            state__in=["dead", "unknown"], created_at__gte=now - timedelta(hours=3)
        ).count(),
        "messages stuck": Message.objects.filter(
            state="sending", lease_until__lt=now - timedelta(minutes=5)
        ).count(),
    }


def _waiting() -> Any:
    """The clocks that `_handoffs_that_wait` has made and nothing has made due."""
    from django.utils import timezone

    from sla.models import Clock

    return Clock.objects.filter(
        kind="accept",
        state="running",
        handoff__sdr__username="load-sdr",
        next_at__gt=timezone.now() + FAR / 2,
    ).order_by("pk")


def _session(user: Any) -> str:
    from django.test import Client

    client = Client()
    client.force_login(user)
    return client.session.session_key or ""


def _handoffs_that_wait() -> None:
    """Handoffs beside those of the demo, for AEs of their own, whose clocks are not due yet."""
    from django.db.models import QuerySet
    from django.utils import timezone

    from handoffs.models import Handoff, HandoffEvent
    from sla.models import Clock
    from team.models import Territory, WorkCalendar, WorkInterval
    from tests.factories import make_account, make_contact, make_user, submitted

    manager = make_user("load-manager", "manager")
    sdr = make_user("load-sdr", "sdr", reports_to=manager)
    calendar = WorkCalendar.objects.create(name="Load, around the clock", time_zone="UTC")
    for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun"):
        WorkInterval.objects.create(calendar=calendar, weekday=day, opens="00:00", closes="24:00")
    place = Territory.objects.create(name="Load", calendar=calendar, manager=manager)
    at = timezone.now() - HALF - timedelta(minutes=1)
    mine = []
    for number in range(AES):
        ae = make_user(f"load-ae{number}", "ae", reports_to=manager, capacity=500)
        place.team.add(ae)
        account = make_account(
            territory=place, owner=ae, name=f"Load account {number}", domain=f"la{number}.example"
        )
        contact = make_contact(
            account, email=f"priya@la{number}.example", phone=f"+49307{number:06d}"
        )
        mine.append(
            submitted(sdr=sdr, account=account, contact=contact, lead_source="inbound", at=at).pk
        )
    # The log itself refuses to be changed
    QuerySet(HandoffEvent).filter(handoff__in=mine).update(data={})
    Clock.objects.filter(handoff__in=mine).update(next_at=timezone.now() + FAR)
    crowd.copy((Handoff, HandoffEvent, Clock), 2 * 1000 // AES, only=mine)


if __name__ == "__main__":
    crowd.at_home()
    for line in sys.stdin:
        name, *numbers = line.split()
        print(json.dumps(globals()[name](*map(int, numbers))), flush=True)
