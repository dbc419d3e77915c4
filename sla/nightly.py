"""Every night: would a missed promise reach somebody, in each tier and territory, day and night?"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from messaging import outbox
from sla import coverage
from sla.health import COVERAGE
from sla.models import Heartbeat
from team.models import User

TEXT = "coverage_hole"


def check_reach(now: datetime) -> list[str]:
    """Look, and tell every admin about what was not so the last time; those new holes in words.

    A hole is told once for as long as it lasts; one that closed and opens again is new.
    """
    found = holes(now)
    with transaction.atomic():
        Heartbeat.objects.get_or_create(name=COVERAGE, defaults={"beat_at": now})
        last = Heartbeat.objects.select_for_update().get(name=COVERAGE)
        fresh = [hole for hole in found if hole not in last.detail.get("holes", [])]
        last.beat_at, last.detail = now, {"holes": found}
        last.save(update_fields=["beat_at", "detail"])
        if fresh:
            _tell(fresh, now)
    return fresh


def holes(now: datetime) -> list[str]:
    """What a breach would come to nothing in, now or in deepest night, a line each."""
    by_day = {_name(line): line.problem for line in coverage.check(now) if line.problem}
    found = [f"{name}: {problem}" for name, problem in by_day.items()]
    for line in coverage.check(now, at_night=True):
        if line.problem and by_day.get(_name(line)) != line.problem:
            found.append(f"{_name(line)}, at night on a holiday: {line.problem}")
    return found


def _name(line: coverage.Line) -> str:
    return f"{line.territory}, {line.lead_source.label}"


def _tell(fresh: list[str], now: datetime) -> None:
    fields = {
        "count": str(len(fresh)),
        "holes": "\n".join(f"- {hole}" for hole in fresh),
        "link": settings.BASE_URL + reverse("coverage"),
    }
    key = f"coverage-hole:{now.isoformat()}"
    for admin in User.objects.admins().exclude(email=""):
        outbox.mail(admin, event_key=key, text=TEXT, fields=fields, now=now)
