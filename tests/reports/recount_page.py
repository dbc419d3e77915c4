"""Every figure of the reports that comes of the event log, counted a second time in plain Python.

Slow and plain on purpose, and without the product’s code for counting: sums over a list of lives.
What is not of the log (causes of misses, verifications, what was asked again) is not here.
`python -m tests.reports.recount_page [MONTH]` compares a whole installation with its pages.
"""

import statistics
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
MONTH_OF_DAYS = timedelta(days=30)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ENDS = ("rejected", "withdrawn", "qualified", "disqualified")
Part = tuple[int, int]


@dataclass
class Life:
    """One handoff as its log tells it."""

    pk: int
    sdr: int
    territory: int | None
    source: str
    standard: int | None
    ae: int | None = None
    submitted: datetime | None = None
    accepted: datetime | None = None
    contacted: datetime | None = None
    decided: datetime | None = None
    outcome: str = ""
    counts: bool = True
    closed: datetime | None = None
    won: datetime | None = None
    is_duplicate: bool = False
    returns: int = 0
    refusals: int = 0
    missing: int = 0
    unprepared: bool = False
    promised: bool = False
    in_time: bool | None = None
    hours: "Hours | None" = None
    meetings: list[dict[str, Any]] = field(default_factory=list)
    log: list[dict[str, Any]] = field(default_factory=list)


class Hours:
    """Opening hours, added up day by day."""

    def __init__(self, zone: str, weekly: dict[str, Any], holidays: Iterable[str]) -> None:
        self.zone, self.weekly, self.closed = ZoneInfo(zone), weekly, set(holidays)

    def seconds(self, start: datetime, end: datetime) -> float:
        total, day = 0.0, start.astimezone(self.zone).date() - DAY
        while day <= end.astimezone(self.zone).date():
            if day.isoformat() not in self.closed:
                for opens, closes in self.weekly.get(DAYS[day.weekday()], ()):
                    begins, ends = self._at(day, opens), self._at(day, closes)
                    if ends <= begins:
                        ends = self._at(day + DAY, closes)
                    total += max((min(ends, end) - max(begins, start)).total_seconds(), 0)
            day += DAY
        return total

    def _at(self, day: date, text: str) -> datetime:
        hour, minute = map(int, text.split(":"))
        day += DAY * (hour // 24)
        local = datetime(day.year, day.month, day.day, hour % 24, minute, tzinfo=self.zone)
        return local.astimezone(UTC)


def lives() -> list[Life]:
    """Everything that ever happened, read once."""
    from handoffs.models import Handoff, HandoffEvent, Reason
    from sla.models import Clock
    from team.models import CalendarVersion
    from tests.reports.recount import _meetings

    codes = dict(Reason.objects.values_list("pk", "code"))
    named = {row.pk: (row.label, row.counts) for row in Reason.objects.all()}
    calendars = {
        row.pk: Hours(row.time_zone, row.weekly_hours, row.holidays)
        for row in CalendarVersion.objects.all()
    }
    limits = {
        pk: (limit, version)
        for pk, limit, version in Clock.objects.filter(kind="first_contact", cycle=0).values_list(
            "handoff_id", "limit_seconds", "calendar_version_id"
        )
    }
    found: dict[int, Life] = {}
    rows = Handoff.objects.values_list(
        "pk", "sdr", "territory", "lead_source", "framework_version", "spans__calendar_version"
    )
    for *values, version in rows.iterator():
        found[values[0]] = Life(*values, hours=calendars.get(version))
    events = HandoffEvent.objects.order_by("handoff_id", "occurred_at", "pk").values(
        "handoff_id", "kind", "occurred_at", "reason_id", "data", "actor_id", "owner_id"
    )
    for event in events.iterator(chunk_size=5000):
        event["reason"] = named.get(event["reason_id"])
        found[event["handoff_id"]].log.append(event)
    for life in found.values():
        _live(life, codes)
        zone = life.hours.zone if life.hours else UTC
        for meeting in _meetings(life.log, zone).values():
            life.meetings.append(_judged(life, meeting))
        if life.pk in limits:
            limit, calendar = limits[life.pk]
            life.promised = True
            life.in_time = _in_time(life, limit, calendars.get(calendar))
    return list(found.values())


def _live(life: Life, codes: dict[int, str]) -> None:
    for event in life.log:
        kind, at, data = event["kind"], event["occurred_at"], event["data"]
        if kind == "submitted" and life.submitted is None:
            life.submitted = at
        elif kind == "accepted" and life.accepted is None:
            life.accepted = at
        elif kind == "contacted" and life.contacted is None and event["actor_id"]:
            life.contacted, life.unprepared = at, bool(data.get("unprepared"))
        life.returns += kind == "returned"
    decisions = [e for e in life.log if e["kind"] in ("accepted", "rejected")]
    owners = [e["owner_id"] for e in life.log if e["owner_id"]]
    life.ae = (decisions[-1]["owner_id"] if decisions else None) or (owners[-1] if owners else None)
    if decisions:
        life.outcome = decisions[-1]["kind"]
        life.decided = decisions[-1]["occurred_at"]
        if life.outcome == "accepted":
            life.decided = life.accepted
        else:
            rulings = [e["data"].get("counts") for e in life.log if e["kind"] == "ruled"]
            stands = not rulings or rulings[-1] is not False
            life.counts = decisions[-1]["data"].get("counts") is not False and stands
    endings = [e for e in life.log if e["kind"] in ENDS]
    if endings:
        life.closed = endings[-1]["occurred_at"]
        life.is_duplicate = "duplicate" in codes.get(endings[-1]["reason_id"], "")
    after_call = [e for e in endings if e["kind"] in ("qualified", "disqualified")]
    if after_call and after_call[-1]["kind"] == "qualified":
        life.won = after_call[-1]["occurred_at"]
    refused = [
        e
        for e in life.log
        if e["kind"] == "gate_refused"
        and (life.submitted is None or e["occurred_at"] <= life.submitted)
    ]
    life.refusals = len(refused)
    life.missing = len(refused[0]["data"].get("gaps") or ()) if refused else 0


def _judged(life: Life, meeting: dict[str, Any]) -> dict[str, Any]:
    """With what counts: whether it is a meeting of its own, was held, and what came of it."""
    held = meeting["held"] is not None and not meeting["late"]
    of_it = meeting["is_first_held"] and life.won is not None and life.won >= meeting["first_held"]
    return meeting | {
        "own": not meeting["follow_up"] and not life.is_duplicate,
        "is_held": held,
        "won_of_slot": of_it and life.won <= meeting["first"] + MONTH_OF_DAYS,
        "won_of_call": of_it and life.won <= meeting["held"] + MONTH_OF_DAYS,
        "won": life.won if of_it else None,
        "decided": life.closed if meeting["is_first_held"] else None,
    }


def _in_time(life: Life, limit: int, hours: Hours | None) -> bool | None:
    """Whether the first-contact clock stopped within its limit; None while it runs."""
    used, runs_since, is_returned, is_paused = 0.0, None, False, False
    for event in life.log:
        kind, at = event["kind"], event["occurred_at"]
        if kind == "submitted" and life.submitted == at:
            runs_since = at
            continue
        if life.submitted is None or at < life.submitted:
            continue
        is_paused = (is_paused or kind == "paused") and kind != "resumed"
        if kind == "returned":
            is_returned = True
        elif kind in ("answered", "accepted"):
            is_returned = False
        stands = is_paused or is_returned or kind == "contacted" or kind in ENDS
        if stands and runs_since is not None:
            used += _passed(hours, runs_since, at)
            runs_since = None
        elif not stands and runs_since is None:
            runs_since = at
        if kind == "contacted" or kind in ENDS:
            return used <= limit
    return None


def _passed(hours: Hours | None, start: datetime, end: datetime) -> float:
    return hours.seconds(start, end) if hours else max((end - start).total_seconds(), 0)


# --- The figures ----------------------------------------------------------------------------------


def metrics(all_: list[Life], start: datetime, end: datetime, now: datetime) -> dict[str, Part]:
    """Numerator and denominator of the five, by cohort."""

    def within(at: datetime | None) -> bool:
        return at is not None and start <= at < end

    found: dict[str, list[bool]] = defaultdict(list)
    for life in all_:
        for m in life.meetings:
            if not m["own"]:
                continue
            if within(m["first"]):
                ours_before = m["by"] == "ours" and m["before_day"]
                if m["first"] <= now and not ours_before:
                    found["opportunity"].append(m["is_held"] and m["won_of_slot"])
                if m["last"] <= now and m["by"] != "ours":
                    found["show"].append(m["is_held"])
            ripe = m["held"] and (
                m["held"] <= now - MONTH_OF_DAYS or (m["decided"] and m["decided"] <= now)
            )
            if m["is_held"] and within(m["held"]) and ripe:
                found["call"].append(m["won_of_call"])
        if within(life.submitted) and life.outcome and (life.outcome == "accepted" or life.counts):
            found["rejection"].append(life.outcome == "rejected")
        if within(life.accepted) and life.promised:
            found["contact"].append(bool(life.in_time and life.contacted))
    return {name: (sum(map(bool, values)), len(values)) for name, values in found.items()}


def happened(
    all_: list[Life], start: datetime, end: datetime, now: datetime
) -> dict[str, set[Any]]:
    """What is counted of the whole past, by the date on which it happened, as named things."""

    def within(at: datetime | None) -> bool:
        return at is not None and start <= at < end

    found: dict[str, set[Any]] = defaultdict(set)
    for life in all_:
        for n, m in enumerate(life.meetings):
            if not m["own"]:
                continue
            ours_before = m["by"] == "ours" and m["before_day"]
            is_won = m["is_held"] and m["won_of_slot"] and within(m["won"])
            if m["first"] <= now and not ours_before and is_won:
                found["opportunity"].add((life.pk, n))
            if m["last"] <= now and m["by"] != "ours" and m["is_held"] and within(m["held"]):
                found["show"].add((life.pk, n))
        if life.outcome == "rejected" and life.counts and within(life.decided):
            found["rejection"].add(life.pk)
        if life.promised and life.in_time and within(life.contacted):
            found["contact"].add(life.pk)
    return found


def waiting(
    all_: list[Life], start: datetime, end: datetime, now: datetime, since: str = "accepted"
) -> dict[str, Any]:
    """Time to first contact: medians and nine in ten, with those who wait as censored."""
    business: list[tuple[int, bool]] = []
    calendar: list[tuple[int, bool]] = []
    for life in all_:
        at = getattr(life, since)
        if at is None or not start <= at < end:
            continue
        ended = life.contacted is None and life.accepted is None and life.closed is not None
        if since == "submitted" and ended and life.in_time is not False:
            continue
        until = life.contacted or max(min(life.closed or now, now), at)
        is_reached = life.contacted is not None
        business.append((_minutes(round(_passed(life.hours, at, until))), is_reached))
        calendar.append((_minutes(max((until - at).total_seconds(), 0)), is_reached))
    reached = [minutes for minutes, is_reached in business if is_reached]
    return {
        "count": len(business),
        "uncontacted": len(business) - len(reached),
        "median": _quantile(business, 0.5),
        "p90": _quantile(business, 0.9),
        "calendar_median": _quantile(calendar, 0.5),
        "calendar_p90": _quantile(calendar, 0.9),
        "mean": statistics.fmean(reached) if reached else None,
    }


def _minutes(seconds: float) -> int:
    return int(seconds) // 60


def _quantile(times: list[tuple[int, bool]], share: float) -> float | None:
    """Kaplan and Meier, by survivors counted one time after the other."""
    left, at_risk = 1.0, len(times)
    events = sorted({minutes for minutes, is_reached in times if is_reached})
    for n, minute in enumerate(events):
        at_risk = sum(1 for minutes, _ in times if minutes >= minute)
        reached = sum(1 for minutes, is_reached in times if is_reached and minutes == minute)
        left *= 1 - reached / at_risk
        if abs(left - (1 - share)) < 1e-9:
            return (minute + events[n + 1]) / 2 if n + 1 < len(events) else float(minute)
        if left < 1 - share:
            return float(minute)
    return None


VALUE: dict[str, Callable[[Life], Any]] = {
    "sdr": lambda life: life.sdr,
    "ae": lambda life: life.ae,
    "territory": lambda life: life.territory,
    "lead_source": lambda life: life.source,
    "framework_version": lambda life: life.standard,
}


def besides(all_: list[Life], start: datetime, end: datetime, now: datetime) -> dict[str, Any]:
    """The tables of “What else” that come of the log, as plain rows."""
    here = [life for life in all_ if life.submitted and start <= life.submitted < end]
    found: dict[str, Any] = {}

    untouched: dict[str, list[int]] = {}
    for life in here:
        assert life.submitted is not None
        row = untouched.setdefault(life.source, [0] * 5)
        for place, hours in ((0, 48), (2, 72)):
            span = timedelta(hours=hours)
            ended = life.contacted is None and life.accepted is None
            ended = ended and life.closed is not None and life.closed < life.submitted + span
            if life.submitted <= now - span and not ended:
                row[place + 1] += 1
                row[place] += life.contacted is None or (
                    round((life.contacted - life.submitted).total_seconds()) > hours * 3600
                )
                row[4] += place == 0 and life.contacted is None
    found["untouched"] = sorted((s, (a, b), (c, d), e) for s, (a, b, c, d, e) in untouched.items())

    bands: dict[int, list[int]] = {}
    for life in here:
        band = 0 if not life.refusals else 1 if life.missing <= 3 else 2
        row = bands.setdefault(band, [0] * 4)
        over = life.closed is not None and bool(life.outcome)
        row[0] += 1
        row[1] += life.returns > 0
        row[2] += over and life.won is not None
        row[3] += over
    found["first_tries"] = [
        ((r[0], len(here)), (r[1], r[0]), (r[2], r[3])) for _, r in sorted(bands.items())
    ]

    spoken: dict[str, list[int]] = {}
    for life in all_:
        if life.contacted and start <= life.contacted < end:
            row = spoken.setdefault(life.source, [0, 0])
            row[0] += life.unprepared
            row[1] += 1
    found["unprepared"] = sorted((source, (a, b)) for source, (a, b) in spoken.items())

    gate: Counter[tuple[str, str]] = Counter()
    ends: Counter[tuple[str, Any]] = Counter()
    for life in all_:
        for event in life.log:
            if not start <= event["occurred_at"] < end:
                continue
            if event["kind"] == "gate_refused":
                for gap in event["data"].get("gaps") or ():
                    part, _, row = str(gap.get("field", "")).partition(".")
                    what = f"{part} {'one of them' if row.isdigit() else row}"
                    gate[gap.get("section", ""), what] += 1
            elif event["kind"] in ("returned", "rejected", "disqualified"):
                ends[event["kind"], event["reason"]] += 1
    found["gate"] = sorted(gate.values(), reverse=True)[:25]
    found["reasons"] = sorted(ends.values())

    booked = [m for life in all_ for m in life.meetings if start <= m["booked"] < end]
    old = [m for m in booked if m["booked"] <= now - DAY]
    found["unconfirmed"] = [
        (sum(m["confirmed"] is None or m["confirmed"] - m["booked"] > DAY for m in old), len(old)),
        (sum(m["attempts"] > 1 for m in old), len(old)),
    ]

    shared: Counter[tuple[Any, Any]] = Counter()
    total: Counter[Any] = Counter()
    for life in here:
        if life.ae is not None:
            shared[life.territory, life.ae] += 1
            total[life.territory] += 1
    found["load"] = sorted((count, total[place]) for (place, _), count in shared.items())
    return found


def speed(all_: list[Life], start: datetime, end: datetime) -> list[Part]:
    """Opportunities by how long the prospect waited, over whole months."""
    limits = (1, 2, 4, 8, 24, 48)
    rows: dict[int, list[int]] = {}
    for life in all_:
        if not (life.submitted and start <= life.submitted < end and life.accepted and life.closed):
            continue
        band = len(limits) + 1
        if life.contacted:
            seconds = round(max((life.contacted - life.submitted).total_seconds(), 0))
            band = next((n for n, h in enumerate(limits) if seconds <= h * 3600), len(limits))
        row = rows.setdefault(band, [0, 0])
        row[0] += life.won is not None
        row[1] += 1
    return [(won, count) for _, (won, count) in sorted(rows.items())]


if __name__ == "__main__":
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from tests.reports.compare_pages import compare

    sys.exit(compare(sys.argv[1] if len(sys.argv) > 1 else ""))
