"""Is the machinery at work? The worker's heartbeat, and lights that say what is wrong, in words.

Restarting a silent worker is config/worker.py's; this only writes and reads the signs.
"""

import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from itertools import islice

from django.db.models import Count, Min
from django_q.models import Schedule

from messaging.delivery import OUTAGE
from messaging.models import Channel, Message
from sla.escalation import NOBODY
from sla.models import Clock, Escalation, Heartbeat
from team.models import User, WorkCalendar
from team.zones import exists

RED_AFTER = timedelta(seconds=120)  # without a heartbeat
LATE_AFTER = timedelta(minutes=3)  # a due step that nobody fired; the sweep comes each minute
UNHEARD_FOR = timedelta(days=7)
SHOWN = 5
STUCK_AFTER = timedelta(minutes=10)  # a message that should have left
WORKER = "worker"
COVERAGE = "coverage"  # the row in which the nightly check of who is told keeps what it found

State = Message.State


class Light(IntEnum):
    """Worse is more."""

    GREEN = 0
    AMBER = 1
    RED = 2

    @property
    def word(self) -> str:
        return ("Good", "Needs a look", "Broken")[self]

    @property
    def css(self) -> str:
        """The class of its chip."""
        return ("is-good", "is-warn", "is-bad")[self]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at, and what to do when it is not well."""

    name: str
    light: Light
    words: str
    handoffs: tuple[int, ...] = ()  # the newest it is about, to look at


def beat(now: datetime) -> None:
    """Record that a task runs: for the worker as a whole, and for this process group of it."""
    for name in (WORKER, name_of(os.getpgid(0))):
        Heartbeat.objects.update_or_create(name=name, defaults={"beat_at": now})
    old = Heartbeat.objects.filter(beat_at__lt=now - timedelta(days=1))
    old.exclude(name=COVERAGE).delete()


def name_of(group: int) -> str:
    """The heartbeat's name of process group `group` on this machine."""
    return f"group {group} on {socket.gethostname()}"[:40]


def is_alive(now: datetime) -> bool:
    """Whether a worker's task ran within the last two minutes. Raises the database's errors."""
    # One from the future, left by a clock that was set back since, says nothing
    sane = Heartbeat.objects.filter(name=WORKER, beat_at__lte=now + RED_AFTER)
    return sane.filter(beat_at__gte=now - RED_AFTER).exists()


def findings(now: datetime) -> list[Finding]:
    """Every light, in the order of what hurts first."""
    return [
        _worker(now),
        _due(now),
        _put_off(),
        _unheard(now),
        _waiting(now),
        _given_up(),
        _channels(),
        _calendars(),
        _schedules(now),
        _coverage(),
    ]


def silence(now: datetime) -> list[Finding]:
    """What keeps people from being told of what is late, if anything does."""
    return [one for one in (_worker(now), _due(now), _waiting(now)) if one.light is Light.RED]


def _coverage() -> Finding:
    """What the last nightly check of who would be told has found."""
    name = "Who is told"
    last = Heartbeat.objects.filter(name=COVERAGE).first()
    if last is None:
        return Finding(name, Light.GREEN, "The first nightly check is still to come.")
    if found := last.detail.get("holes", []):
        words = f"Missed promises would not reach the right people in {len(found)} cases: "
        return Finding(name, Light.AMBER, f"{words}{'; '.join(found[:SHOWN])}")
    return Finding(
        name, Light.GREEN, f"Checked {last.beat_at:%d %b %H:%M} UTC: somebody each time."
    )


def overall(lights: list[Finding]) -> Light:
    return max((finding.light for finding in lights), default=Light.GREEN)


def outbox() -> list[tuple[str, int]]:
    """How many messages stand in each state that is not over, by its label."""
    return [(str(state.label), number) for state, number in open_messages().items()]


def open_messages() -> dict[Message.State, int]:
    """How many messages stand in each state that is not over.

    One query per partial index, so that it costs what is open and not what was ever sent.
    """
    counts: dict[Message.State, int] = {}
    for states in ((State.PENDING, State.RETRY), (State.SENDING,), (State.DEAD, State.UNKNOWN)):
        rows = Message.objects.filter(state__in=states).order_by().values("state")
        found = dict(rows.annotate(n=Count("pk")).values_list("state", "n"))
        counts |= {state: found.get(state.value, 0) for state in states}
    return counts


def _worker(now: datetime) -> Finding:
    beat_at = Heartbeat.objects.filter(name=WORKER).values_list("beat_at", flat=True).first()
    if beat_at is None:
        return Finding(
            "Worker", Light.RED, "No worker has run yet. Start it: manage.py run_worker."
        )
    age = abs(now - beat_at)  # ahead of now: a clock was set back since, and no task ran
    if age > RED_AFTER:
        return Finding(
            "Worker",
            Light.RED,
            f"Silent for {ago(age)}. It restarts by itself after three minutes; if it does not, "
            "start manage.py run_worker and read its log.",
        )
    return Finding("Worker", Light.GREEN, f"Last sign of life {ago(age)} ago.")


def _due(now: datetime) -> Finding:
    waiting = Clock.objects.filter(state=Clock.State.RUNNING, next_at__lte=now)
    oldest = waiting.aggregate(oldest=Min("next_at"))["oldest"]
    if oldest is None or now - oldest <= LATE_AFTER:
        return Finding("SLA steps", Light.GREEN, "Nothing that is due waits.")
    return Finding(
        "SLA steps",
        Light.RED,
        f"The oldest due step waits for {ago(now - oldest)}. The queue still shows what is late; "
        "nobody is being told. Look at the worker first.",
    )


def _put_off() -> Finding:
    """Clocks that could not be worked on, whether or not they are tried again."""
    troubled = Clock.objects.filter(state=Clock.State.RUNNING).exclude(trouble="")
    count = troubled.count()
    if not count:
        return Finding("Clocks in trouble", Light.GREEN, "None.")
    stuck = troubled.filter(next_at__isnull=True).count()
    again = "They are tried again within the hour."
    if stuck:
        are = "is" if stuck == 1 else "are"
        again = f"{stuck} of them {are} not tried again: mend the reason, then change the handoff."
    return Finding(
        "Clocks in trouble",
        Light.RED if stuck else Light.AMBER,
        f"{count} could not be worked on. {again} The reason stands on each handoff.",
        _newest(troubled.order_by("-pk").values_list("handoff_id", flat=True)),
    )


def _unheard(now: datetime) -> Finding:
    """Steps of the last days that reached nobody: someone is missing from the set-up."""
    lately = Escalation.objects.filter(fired_at__gte=now - UNHEARD_FOR)
    unheard = lately.filter(outcome__contains=NOBODY)
    count = unheard.count()
    if not count:
        return Finding("Alerts", Light.GREEN, "Each of the last seven days reached somebody.")
    times = "One alert" if count == 1 else f"{count} alerts"
    return Finding(
        "Alerts",
        Light.RED,
        f"{times} of the last seven days reached nobody. “Who is told” shows where somebody is "
        "missing.",
        _newest(unheard.order_by("-fired_at").values_list("clock__handoff_id", flat=True)),
    )


def _newest(handoffs: Iterable[int]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(islice(handoffs, SHOWN)))


def _waiting(now: datetime) -> Finding:
    waiting = Message.objects.filter(state__in=[State.PENDING, State.RETRY])
    cut_off = waiting.filter(error__startswith=OUTAGE, created_at__lte=now - STUCK_AFTER)
    if first := cut_off.order_by("created_at").first():
        why = first.error.removeprefix(OUTAGE)
        return Finding(
            "Outbox",
            Light.RED,
            f"{first.get_medium_display()} does not get through: {why} The oldest message waits "
            f"for {ago(now - first.created_at)}. All leave by themselves once it answers.",
        )
    stuck = waiting.filter(next_try_at__lte=now - STUCK_AFTER)
    oldest = stuck.aggregate(oldest=Min("next_try_at"))["oldest"]
    if oldest is None:
        return Finding("Outbox", Light.GREEN, "Messages leave as they are written.")
    return Finding(
        "Outbox", Light.RED, f"The oldest message should have left {ago(now - oldest)} ago."
    )


def _given_up() -> Finding:
    failed = Message.objects.filter(state__in=[State.DEAD, State.UNKNOWN]).count()
    if not failed:
        return Finding("Messages given up", Light.GREEN, "None.")
    return Finding(
        "Messages given up",
        Light.AMBER,
        f"{failed} did not arrive, or nobody knows. Open the outbox, read the reason, send again.",
    )


def _channels() -> Finding:
    off = list(Channel.objects.filter(is_enabled=False).values_list("name", "off_reason"))
    if not off:
        return Finding("Slack channels", Light.GREEN, "All that are set up are on.")
    names = "; ".join(f"{name} ({reason})" if reason else name for name, reason in off)
    return Finding("Slack channels", Light.AMBER, f"Off: {names}. E-mail goes out instead.")


def _calendars() -> Finding:
    """Working time that can no longer be read, though the forms refuse it."""
    rows = WorkCalendar.objects.annotate(days=Count("intervals")).order_by("name")
    unread = [row.name for row in rows if not row.days or not exists(row.time_zone)]
    people = User.objects.filter(is_active=True).order_by().values("time_zone")
    lost = sum(
        count
        for name, count in people.annotate(n=Count("pk")).values_list("time_zone", "n")
        if not exists(name)
    )
    said = []
    if unread:
        said.append(
            f"No hours or no time zone that exists: {', '.join(unread)}. Promises there count "
            "around the clock until it is mended."
        )
    if lost:
        who = "One person has" if lost == 1 else f"{lost} people have"
        said.append(f"{who} a time zone that no longer exists and see UTC.")
    if said:
        return Finding("Calendars", Light.AMBER, " ".join(said))
    return Finding("Calendars", Light.GREEN, "All can be read.")


def _schedules(now: datetime) -> Finding:
    oldest = Schedule.objects.aggregate(oldest=Min("next_run"))["oldest"]
    if oldest is None:
        return Finding(
            "Schedules", Light.RED, "There are none. A start of the worker makes them again."
        )
    if now - oldest > LATE_AFTER:
        return Finding("Schedules", Light.RED, f"One should have run {ago(now - oldest)} ago.")
    return Finding("Schedules", Light.GREEN, "All come up on time.")


def ago(span: timedelta) -> str:
    """`span` in the largest unit that is not nought: such as 40 s, 12 min, 3 h, 2 days."""
    seconds = max(0, int(span.total_seconds()))
    for size, unit in ((2 * 86400, "days"), (2 * 3600, "h"), (2 * 60, "min")):
        if seconds >= size:
            return f"{seconds // (size // 2)} {unit}"
    return f"{seconds} s"
