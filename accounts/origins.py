"""Where values come from, and what wins when a vendor's value and ours disagree.

Each field carries the instant as of which its value was said. Something older changes nothing,
in whatever order it arrives. Something newer is taken, unless a person entered or checked the
present value later: then it waits as a proposal.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from accounts.changes import WATCHED, history
from accounts.models import (
    Account,
    Contact,
    ContactChange,
    Method,
    Proposal,
    ValueOrigin,
    Verification,
)
from accounts.models.origin import LONGEST_VALUE
from team.models import User

Record = Account | Contact
# How somebody of ours checks a value; the rest is said by others.
OWN_EYES = (Method.SPOKE, Method.REPLIED, Method.SIGNATURE, Method.WEBSITE)
UNIQUE = ("email", "domain")


class Said(NamedTuple):
    """Who says something, and as of when. `rank` orders what happened at the same instant.

    Where they do not say how old it is, `at` is when they said it, and what a person entered or
    checked at any time is not replaced by it.
    """

    source: str
    at: datetime
    rank: str = ""
    is_dated: bool = True

    def unless_newer(self, at: datetime) -> str:
        """Why something of ours from `at` stands against this; "" where this came later."""
        if not self.is_dated:
            return f"and {self.source} does not say how old theirs is."
        return "which is later." if at >= self.at else ""


class Taken(NamedTuple):
    """What became of the values of one update: names of fields."""

    changed: list[str]
    proposed: list[str]
    older: list[str]

    @property
    def words(self) -> str:
        parts = []
        if self.changed:
            parts.append(f"Changed: {', '.join(self.changed)}.")
        if self.proposed:
            parts.append(f"Proposed, a person decides: {', '.join(self.proposed)}.")
        if self.older:
            parts.append(f"Older than what we have: {', '.join(self.older)}.")
        return " ".join(parts) or "Nothing new."


def note(record: Record, fields: Iterable[str], *, by: User, at: datetime) -> None:
    """Remember that a person gave these fields their present values."""
    said = Said(str(by), at)
    for field in fields:
        stamp(record, field, text_of(getattr(record, field)), said, by=by)


def take(record: Record, values: Mapping[str, Any], said: Said, now: datetime) -> Taken:
    """Take what is newer into `record` (locked by the caller), propose what a person must judge."""
    taken = Taken([], [], [])
    origins = {origin.field: origin for origin in record.origins.all()}
    changes = []
    for field, value in values.items():
        present, new = text_of(getattr(record, field)), text_of(value)
        objection = _objection(record, field, present, new, said, origins.get(field))
        if objection is None:
            taken.older.append(field)
        elif objection:
            propose(record, field, new, present, said, objection, now)
            taken.proposed.append(field)
        else:
            if new != present:
                setattr(record, field, value)
                taken.changed.append(field)
                changes.append((field, present, new))
            stamp(record, field, new, said, known=origins.get(field))
    if taken.changed:
        record.save(update_fields=[*taken.changed, *_besides(record, taken.changed), "updated_at"])
        if isinstance(record, Contact):
            rows = history(record, changes, source=said.source, by=None, at=said.at)
            ContactChange.objects.bulk_create(rows)
        overtake(record, taken.changed, now)
    return taken


def propose(
    record: Record, field: str, new: str, present: str, said: Said, because: str, now: datetime
) -> None:
    """Keep the newest that a source says about a field, for a person to decide; once."""
    mine = {"contact": record} if isinstance(record, Contact) else {"account": record}
    known = Proposal.objects.filter(**mine, field=field, source=said.source)
    if known.filter(value=new[:LONGEST_VALUE], state=Proposal.State.DECLINED).exists():
        return
    waiting = known.filter(state=Proposal.State.OPEN).first()
    if waiting is not None and (waiting.at, waiting.rank) > (said.at, said.rank):
        return
    if waiting is not None and waiting.value == new[:LONGEST_VALUE]:
        known.filter(pk=waiting.pk).update(at=said.at, rank=said.rank, because=because)
        return
    known.filter(state=Proposal.State.OPEN).update(state=Proposal.State.OVERTAKEN, decided_at=now)
    Proposal.objects.create(
        **mine,
        field=field,
        value=new[:LONGEST_VALUE],
        present=present[:LONGEST_VALUE],
        source=said.source,
        rank=said.rank,
        because=because,
        at=said.at,
        created_at=now,
    )


def overtake(record: Record, fields: Iterable[str], now: datetime) -> None:
    """What was proposed for these fields is settled by a newer value."""
    record.proposals.filter(field__in=list(fields), state=Proposal.State.OPEN).update(
        state=Proposal.State.OVERTAKEN, decided_at=now
    )


def text_of(value: Any) -> str:
    """A field's value as it is compared and shown."""
    return "" if value is None else str(value)


def checked_by_us(contact: Contact, field: str, value: str) -> datetime | None:
    """When one of ours last found that this value of a verifiable field is right."""
    return (
        contact.verifications.filter(
            field=field,
            value=value,
            method__in=OWN_EYES,
            result=Verification.Result.VALID,
            verified_by__isnull=False,
        )
        .order_by("-verified_at")
        .values_list("verified_at", flat=True)
        .first()
    )


def is_newer(said: Said, origin: ValueOrigin | None) -> bool:
    """Whether this was said after what gave the field its value."""
    return origin is None or (said.at, said.rank) > (origin.at, origin.rank)


def stamp(
    record: Record,
    field: str,
    value: str,
    said: Said,
    *,
    by: User | None = None,
    known: ValueOrigin | None = None,
) -> None:
    """Remember who gave a field its value. `known` saves the look for the row that is there."""
    origin = known or record.origins.filter(field=field).first()
    if origin is None:
        mine = {"contact": record} if isinstance(record, Contact) else {"account": record}
        origin = ValueOrigin(**mine, field=field)
    origin.value, origin.source, origin.rank = value[:LONGEST_VALUE], said.source[:80], said.rank
    origin.by, origin.at = by, said.at
    origin.save()


def _objection(
    record: Record, field: str, present: str, new: str, said: Said, origin: ValueOrigin | None
) -> str | None:
    """Why a person has to decide; "" where it is simply taken, None where it is older."""
    by_hand = origin is not None and bool(origin.by_id) and origin.value == present
    if new == present:
        return "" if is_newer(said, origin) else None
    if by_hand and origin is not None and (later := said.unless_newer(origin.at)):
        return f"{origin.source} entered ours on {origin.at:%-d %b %Y}, {later}"
    if not is_newer(said, origin):
        return None
    if isinstance(record, Contact) and field in WATCHED and present:
        checked = checked_by_us(record, WATCHED[field], present)
        if checked and (later := said.unless_newer(checked)):
            return f"We checked ours on {checked:%-d %b %Y}, {later}"
    if field in UNIQUE:
        others = type(record)._default_manager.filter(**{field: new}).exclude(pk=record.pk)
        if other := others.first():
            return f"{other} already has it. Merge the two, or decline."
    return ""


def _besides(record: Record, changed: list[str]) -> list[str]:
    """Columns that follow from others."""
    return ["name_key"] if isinstance(record, Account) and "name" in changed else []
