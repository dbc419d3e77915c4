"""The five metrics counted a second time, from the event log alone and without the product’s code.

Slow and plain on purpose: what it finds has to equal what the reports say.
"""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from handoffs.models import Handoff, HandoffEvent, Reason

Counted = dict[str, tuple[set[Any], set[Any]]]


def recount(start: datetime, end: datetime, now: datetime, only: set[int] | None = None) -> Counted:
    """For each metric the numerator and the denominator, as sets of handoffs or meetings."""
    codes = dict(Reason.objects.values_list("pk", "code"))
    zones = dict(
        Handoff.objects.filter(spans__calendar_version__isnull=False).values_list(
            "pk", "spans__calendar_version__time_zone"
        )
    )
    logs = defaultdict(list)
    for event in HandoffEvent.objects.order_by("occurred_at", "pk").values(
        "handoff_id", "kind", "occurred_at", "reason_id", "data", "actor_id"
    ):
        if only is None or event["handoff_id"] in only:
            logs[event["handoff_id"]].append(event)
    found: Counted = {
        name: (set(), set()) for name in ("opportunity", "show", "call", "rejection", "contact")
    }
    for pk, log in logs.items():
        kinds = [event["kind"] for event in log]
        when = lambda kind, log=log: [e["occurred_at"] for e in log if e["kind"] == kind]  # noqa: E731
        endings = [
            e for e in log if e["kind"] in ("rejected", "withdrawn", "qualified", "disqualified")
        ]
        duplicate = bool(endings) and "duplicate" in codes.get(endings[-1]["reason_id"], "")
        won = [e for e in log if e["kind"] in ("qualified", "disqualified")]
        won_at = won[-1]["occurred_at"] if won and won[-1]["kind"] == "qualified" else None
        closed_at = endings[-1]["occurred_at"] if endings else None

        submitted = when("submitted")
        decisions = [e for e in log if e["kind"] in ("accepted", "rejected")]
        if submitted and start <= submitted[0] < end and decisions:
            last = decisions[-1]
            if last["kind"] == "accepted" or last["data"].get("counts", True):
                found["rejection"][1].add(pk)
                if last["kind"] == "rejected":
                    found["rejection"][0].add(pk)
        if "accepted" in kinds and start <= when("accepted")[0] < end:
            found["contact"][1].add(pk)
            if any(e["kind"] == "contacted" and e["actor_id"] for e in log):
                found["contact"][0].add(pk)

        zone = ZoneInfo(zones[pk]) if pk in zones else UTC
        for uid, meeting in _meetings(log, zone).items():
            if duplicate or meeting["follow_up"]:
                continue
            first, last_slot, held = meeting["first"], meeting["last"], meeting["held"]
            of_it = won_at is not None and held is not None and meeting["is_first_held"]
            of_it = of_it and not meeting["late"] and won_at >= meeting["first_held"]
            in_window = of_it and won_at <= first + timedelta(days=30)
            key = (pk, uid)
            if start <= first < end:
                if first <= now and not (meeting["by"] == "ours" and meeting["before_day"]):
                    found["opportunity"][1].add(key)
                    if in_window:
                        found["opportunity"][0].add(key)
                if last_slot <= now and meeting["by"] != "ours":
                    found["show"][1].add(key)
                    if held is not None and not meeting["late"]:
                        found["show"][0].add(key)
            if held is not None and not meeting["late"] and start <= held < end:
                decided = meeting["is_first_held"] and closed_at is not None and closed_at <= now
                if held + timedelta(days=30) <= now or decided:
                    found["call"][1].add(key)
                    if of_it and won_at <= held + timedelta(days=30):
                        found["call"][0].add(key)
    return found


def _meetings(log: list[dict[str, Any]], zone: Any) -> dict[str, dict[str, Any]]:
    by_uid: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for event in log:
        if event["data"].get("uid"):
            by_uid[event["data"]["uid"]].append(event)
    told = {}
    for uid, events in by_uid.items():
        slots: dict[int, datetime] = {}
        outcome: dict[int, dict[str, Any]] = {}
        for event in events:
            number = event["data"]["meeting"]
            slots.setdefault(number, datetime.fromisoformat(event["data"]["starts_at"]))
            if event["kind"] in ("meeting_held", "meeting_missed", "meeting_cancelled"):
                outcome[number] = event
        numbers = list(slots)
        held = [slots[n] for n in numbers if _is(outcome, n, "meeting_held")]
        missed = [slots[n] for n in numbers if _is(outcome, n, "meeting_missed")]
        last = numbers[-1]
        off = outcome[last] if _is(outcome, last, "meeting_cancelled") and not held else None
        told[uid] = {
            "booked": events[0]["occurred_at"],
            "confirmed": min(
                (e["occurred_at"] for e in events if e["kind"] == "meeting_confirmed"), default=None
            ),
            "attempts": len(numbers),
            "first": slots[numbers[0]],
            "last": slots[last],
            "held": held[0] if held else None,
            "first_held": min(held, default=None),
            "late": bool(held)
            and any(timedelta(days=14) < held[0] - miss for miss in missed if miss < held[0]),
            "by": (off["data"].get("side") or "theirs") if off else "",
            "before_day": off is not None
            and off["occurred_at"].astimezone(zone).date() < slots[last].astimezone(zone).date(),
        }
    held_ones = sorted((m["first_held"], uid) for uid, m in told.items() if m["held"])
    for uid, meeting in told.items():
        meeting["is_first_held"] = bool(held_ones) and held_ones[0][1] == uid
        meeting["follow_up"] = (
            bool(held_ones) and held_ones[0][1] != uid and meeting["booked"] >= held_ones[0][0]
        )
    return told


def _is(outcome: dict[int, dict[str, Any]], number: int, kind: str) -> bool:
    return number in outcome and outcome[number]["kind"] == kind
