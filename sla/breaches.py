"""Missed promises: a failure of the process each, with the cause we can see and the one given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils import timezone

from handoffs.models.event import EventKind
from handoffs.routing import load_of
from messaging.models import Message
from sla.models import Breach, Clock, ClockKind
from sla.script import Entry
from team.models import Absence, User
from team.zones import zone_named

Cause = Breach.Cause
FAILED = (Message.State.DEAD, Message.State.UNKNOWN)
NO_BACKUP = "Nobody could take it over"  # how the outcome of such a step begins


class Records:
    """What is on record about some handoffs and their people, each question asked once."""

    def __init__(self, handoffs: Iterable[int]) -> None:
        self._about = [f"handoff:{pk}" for pk in handoffs]
        self._lost: dict[tuple[str, int | None], list[datetime]] | None = None
        self._people: dict[int, User] = {}
        self._absences: dict[int, list[Absence]] = {}
        self._loads: dict[int, int] = {}

    def person(self, pk: int) -> User:
        if pk not in self._people:
            self._people[pk] = User.objects.get(pk=pk)
        return self._people[pk]

    def absences(self, pk: int) -> list[Absence]:
        if pk not in self._absences:
            self._absences[pk] = list(Absence.objects.filter(user=pk).order_by("starts_at"))
        return self._absences[pk]

    def load(self, person: User) -> int:
        if person.pk not in self._loads:
            self._loads[person.pk] = load_of(person)
        return self._loads[person.pk]

    def lost(self, handoff: int, person: int) -> list[datetime]:
        """When messages to this person about this handoff were written that did not arrive."""
        if self._lost is None:
            self._lost = {}
            rows = Message.objects.filter(about__in=self._about, state__in=FAILED)
            for about, person_id, at in rows.values_list("about", "person_id", "created_at"):
                self._lost.setdefault((about, person_id), []).append(at)
        return self._lost.get((f"handoff:{handoff}", person), [])


def stamp(
    clock: Clock,
    due_at: datetime,
    holder: int | None,
    *,
    log: Sequence[Entry],
    no_backup: bool,
    records: Records,
) -> Breach:
    """The record that a clock was missed at the instant it fell due, not saved yet.

    With the cause that the records speak for: `holder` had it then, `log` says what happened to
    the handoff, `no_backup` that nobody could take it over.
    """
    cause, because = next(_causes(clock, due_at, holder, log, no_backup, records))
    return Breach(
        clock=clock,
        fell_due_at=due_at,
        holder_id=holder,
        proposed_cause=cause,
        proposed_because=because[:200],
    )


def explain(
    breach: Breach, *, cause: str, note: str = "", by: User, at: datetime | None = None
) -> Breach:
    """Record the cause as a manager sees it. ValidationError in words if it is not one.

    Said again, it replaces what was said before.
    """
    if cause not in Cause.values:
        raise ValidationError({"cause": "Choose a cause from the list."})
    breach.cause, breach.cause_note = cause, note.strip()
    breach.explained_by, breach.explained_at = by, at or timezone.now()
    breach.clean_fields(exclude=["clock", "holder"])
    breach.clean()
    breach.save(update_fields=["cause", "cause_note", "explained_by", "explained_at"])
    return breach


def _causes(
    clock: Clock,
    due_at: datetime,
    holder_id: int | None,
    log: Sequence[Entry],
    no_backup: bool,
    records: Records,
) -> Iterator[tuple[Breach.Cause, str]]:
    """What the records say about why, the most telling first; at last, that it was simply late."""
    if holder_id is None:
        yield Cause.ROUTING, "Nobody had it when it fell due."
        return
    holder = records.person(holder_id)
    for away in records.absences(holder_id):
        if away.starts_at < due_at and away.ends_at > clock.started_at:
            notice = "" if away.created_at <= clock.started_at else ", entered only afterwards"
            yield Cause.ABSENCE, f"{holder} was away from {_when(away.starts_at, holder)}{notice}."
    if not holder.is_active:
        yield Cause.ABSENCE, f"{holder} is deactivated."
    if clock.kind != ClockKind.ANSWER and (load := records.load(holder)) > holder.capacity:
        yield Cause.OVERLOAD, f"{holder} holds {load} open handoffs; {holder.capacity} are set."
    if no_backup:
        yield Cause.ROUTING, "No backup could take it over."
    if any(at <= due_at for at in records.lost(clock.handoff_id, holder_id)):
        yield Cause.TOOLING, f"A message to {holder} about it did not arrive."
    returns = sum(entry.kind == EventKind.RETURNED and entry.at <= due_at for entry in log)
    if returns and clock.kind != ClockKind.ANSWER:
        times = "once" if returns == 1 else f"{returns} times"
        yield Cause.PACKAGE, f"It was returned for information {times}."
    yield Cause.LATE, "Nothing on record explains it."


def _when(at: datetime, holder: User) -> str:
    return f"{at.astimezone(zone_named(holder.time_zone)):%-d %b %H:%M %Z}"
