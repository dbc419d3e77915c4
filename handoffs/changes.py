"""What of a package is different from what was handed over: the first submission against today.

News about its people is told by `handoffs.news`; who edited what stands in the trail.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from django.utils import timezone

from handoffs.models import Answer, Handoff, HandoffEvent, Objection
from handoffs.models.event import EventKind
from handoffs.snapshot import ACCOUNT_FACTS, ROW_FIELDS, account_facts, package_of

LABELS = {
    "company_size": "Size",
    "industry": "Industry",
    "tech_stack": "Tech stack",
    "growth_signals": "Growth signals",
    "why_targeted": "Why them",
    "call_notes": "Call notes",
    "next_step": "Agreed next step",
    "next_step_who": "Who does what",
    "account": "Account",
}
ROWS = {
    "quotes": ("Quote", "text"),
    "objections": ("Objection", "said"),
    "committee": ("Person", "name"),
    "triggers": ("Trigger", "detail"),
}


class Change(NamedTuple):
    """One difference: what, and both sides in words; "" where it was not there."""

    what: str
    before: str
    now: str


def since_submission(handoff: Handoff, events: Iterable[HandoffEvent]) -> list[Change]:
    """What was changed in the package or the account since it was first submitted."""
    first = next((event for event in events if event.kind == EventKind.SUBMITTED), None)
    before = (first.data or {}).get("package") if first else None
    if not isinstance(before, dict):
        return []
    now = package_of(handoff)
    return [
        *_texts(before, now),
        *_next_step_at(before, now),
        *_contact(before, now),
        *_answers(handoff, before, now),
        *_rows(before, now),
        *_account(handoff, (first.data or {}).get("account_facts") if first else None),
    ]


def _texts(before: dict[str, Any], now: dict[str, Any]) -> list[Change]:
    return [
        Change(label, str(before[name]), str(now[name]))
        for name, label in LABELS.items()
        if name in before and before[name] != now[name]
    ]


def _next_step_at(before: dict[str, Any], now: dict[str, Any]) -> list[Change]:
    was, is_now = before.get("next_step_at"), now["next_step_at"]
    return [] if was == is_now else [Change("When", _moment(was), _moment(is_now))]


def _contact(before: dict[str, Any], now: dict[str, Any]) -> list[Change]:
    """Another person; what changed about the same one is news."""
    was, is_now = before.get("contact") or {}, now["contact"]
    if was.get("id") == is_now["id"]:
        return []
    return [Change("Primary contact", str(was.get("name", "")), str(is_now["name"]))]


def _answers(handoff: Handoff, before: dict[str, Any], now: dict[str, Any]) -> list[Change]:
    names = {row.criterion.code: row.criterion.name for row in handoff.answers.all()}
    was = {row["criterion"]: row for row in before.get("answers", [])}
    is_now = {row["criterion"]: row for row in now["answers"]}
    return [
        Change(names.get(code, code), _answer(was.get(code)), _answer(is_now.get(code)))
        for code in dict.fromkeys([*was, *is_now])
        if was.get(code) != is_now.get(code)
    ]


def _rows(before: dict[str, Any], now: dict[str, Any]) -> list[Change]:
    """Rows that came, went, or read differently: the same place is the same row."""
    found = []
    for name, (label, main) in ROWS.items():
        old, new = list(before.get(name, [])), list(now[name])
        same = [row for row in new if row in old]
        gone = [row for row in old if row not in same]
        added = [row for row in new if row not in same]
        pairs = [
            (row, next((n for n in added if n.get(main) == row.get(main)), None)) for row in gone
        ]
        changed = [new_row for _, new_row in pairs if new_row is not None]
        order = ROW_FIELDS[name]
        found += [Change(label, _row(was, order), _row(is_now, order)) for was, is_now in pairs]
        found += [Change(label, "", _row(row, order)) for row in added if row not in changed]
    return found


def _account(handoff: Handoff, before: Any) -> list[Change]:
    """What the account’s record says otherwise by now; handoffs of old did not keep it."""
    if not isinstance(before, dict):
        return []
    now = account_facts(handoff.account)
    return [
        Change(f"{LABELS[name]} in the account", str(before[name]), now[name])
        for name in ACCOUNT_FACTS
        if name in before and before[name] != now[name]
    ]


def _answer(row: dict[str, Any] | None) -> str:
    if row is None:
        return ""
    status = Answer.Status(row["status"]).label
    said = f" “{row['evidence']}”" if row.get("evidence") else ""
    return f"{status}: {row.get('value') or 'no answer'}.{said}"


def _row(row: dict[str, Any] | None, order: Iterable[str]) -> str:
    """A row in words: its values in `order`, which PostgreSQL's jsonb does not keep."""
    if row is None:
        return ""
    shown = []
    for name in order:
        value = row.get(name)
        if not value or value == "unknown":
            continue
        words = str(value)
        if name == "category" and value in Objection.Category.values:
            words = Objection.Category(value).label
        elif name == "left" and value in Objection.Left.values:
            words = Objection.Left(value).label
        shown.append(words)
    return ", ".join(shown)


def _moment(value: str | None) -> str:
    if not value:
        return ""
    return f"{timezone.localtime(datetime.fromisoformat(value)):%a %-d %b %Y, %H:%M %Z}"
