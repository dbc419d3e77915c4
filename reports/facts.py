"""Keeps the facts in line with the log: reads what is new, or everything anew; counts nothing.

Nothing is written while a handoff moves, so the floors below are as fast as without reports: a
page, the digest or the worker reads on from where the last reading stopped.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, tzinfo
from itertools import islice
from typing import Any

from django.db import models, transaction
from django.db.models import F, Max

from accounts.models import Verification, VerifiedField
from handoffs.models import Handoff, HandoffEvent, Reason
from reports import days, unread
from reports.models import Chain, Day, Fact, Reading, Tally
from reports.reading import Line, read
from sla.models import Clock, ClockKind
from team.business_time import BusinessHours
from team.models import CalendarVersion
from team.zones import zone_named

BATCH = 1000
EVENTS = 2000  # of the log in one transaction: on SQLite nobody else can write meanwhile
AROUND_THE_CLOCK = BusinessHours.around_the_clock()
OLDEST = 32_767  # days, what the column holds
NO_AGES: dict[str, int | None] = dict.fromkeys(f"{field}_age" for field in VerifiedField.values)


def catch_up() -> int:
    """Read what the log has gained since the last time; how many handoffs were read."""
    reading = Reading.objects.filter(pk=1).first()
    if reading is None:
        return _read_all()
    count = 0
    while unread.events(reading).exists():
        with transaction.atomic():
            # One at a time: of two who read the same handoff, the one who saw less of its log
            # might write last
            reading = Reading.objects.select_for_update().filter(pk=1).first()
            if reading is None:
                break  # somebody has just read all of it anew
            count += _read_on(reading)
    return count


def rebuild() -> int:
    """Drop every fact and read the whole log anew; the same rows come of it."""
    with transaction.atomic():
        Tally.objects.all().delete()
        Day.objects.all().delete()
        Chain.objects.all().delete()
        Fact.objects.all().delete()
        Reading.objects.all().delete()
        return _read_all()


def _read_all() -> int:
    with transaction.atomic():
        end = unread.end_of_log()
    changed = HandoffEvent.objects.filter(pk__lte=end.event_id).order_by("handoff_id")
    count = _write(changed.values_list("handoff_id", flat=True).distinct())
    with transaction.atomic():
        Reading.objects.get_or_create(pk=1, defaults={"event_id": end.event_id})
        before = Reading.objects.select_for_update().get(pk=1)
        # Another first reading may have got further, and been overwritten by this one
        if before.event_id >= end.event_id:
            end.save()
    return count


def _read_on(reading: Reading) -> int:
    """Read the next events, oldest first; how many handoffs they belong to."""
    oldest = unread.oldest_running()
    found = list(unread.events(reading).values_list("pk", "handoff_id")[:EVENTS])
    if not found:
        return 0
    handoffs = sorted({handoff for _, handoff in found})
    _write(handoffs)
    unread.advance(reading, [pk for pk, _ in found], oldest)
    reading.save()
    return len(handoffs)


def forget(handoff: int) -> None:
    """Count the days of this handoff anew, because it is about to be deleted."""
    rows: list[Fact | Chain] = [*Fact.objects.filter(pk=handoff)]
    rows += Chain.objects.filter(fact=handoff)
    days.touch(at for row in rows for at in _dates(row))


def _write(handoff_ids: Iterable[int]) -> int:
    count = 0
    hours = _Hours()
    for batch in _batches(handoff_ids, BATCH):
        facts, chains = _read(batch, hours)
        before: dict[Any, Fact | Chain] = {
            **Fact.objects.in_bulk(batch),
            **{(row.fact_id, row.uid): row for row in Chain.objects.filter(fact__in=batch)},
        }
        facts = [row for row in facts if _differs(row, before.get(row.pk))]
        chains = [row for row in chains if _differs(row, before.get((row.fact_id, row.uid)))]
        if facts or chains:
            _store(facts, chains, before)
        count += len(batch)
    return count


def _store(facts: list[Fact], chains: list[Chain], before: dict[Any, Fact | Chain]) -> None:
    with transaction.atomic():
        Fact.objects.bulk_create(
            facts,
            update_conflicts=True,
            unique_fields=["handoff"],
            update_fields=_columns(Fact, "handoff"),
        )
        Chain.objects.bulk_create(
            chains,
            update_conflicts=True,
            unique_fields=["fact", "uid"],
            update_fields=_columns(Chain, "id", "fact", "uid"),
        )
        keys = [*(row.pk for row in facts), *((row.fact_id, row.uid) for row in chains)]
        old = [before[key] for key in keys if key in before]
        days.touch(at for row in (*facts, *chains, *old) for at in _dates(row))


def _differs(row: models.Model, before: models.Model | None) -> bool:
    if before is None:
        return True
    names = [field.attname for field in row._meta.concrete_fields if field.name != "id"]
    return any(getattr(row, name) != getattr(before, name) for name in names)


def _dates(row: Fact | Chain) -> Iterator[datetime | None]:
    """The dates that decide which days a row is counted on."""
    if isinstance(row, Chain):
        return iter((row.first_slot, row.held_at, row.qualified_at))
    return iter((row.submitted_at, row.accepted_at, row.decided_at, row.contacted_at))


def _read(batch: list[int], hours: "_Hours") -> tuple[list[Fact], list[Chain]]:
    logs = _logs(batch)
    clocks = {
        row[0]: row[1:]
        for row in Clock.objects.filter(
            handoff__in=batch, kind=ClockKind.FIRST_CONTACT, cycle=0
        ).values_list("handoff_id", "state", "elapsed_seconds", "limit_seconds")
    }
    ages = _ages(batch)
    facts, chains = [], []
    handoffs = Handoff.objects.filter(pk__in=batch).order_by("pk")
    for pk, sdr, territory, source, standard, contact, calendar in handoffs.values_list(
        "pk",
        "sdr_id",
        "territory_id",
        "lead_source",
        "framework_version_id",
        "contact_id",
        "spans__calendar_version_id",
    ):
        version, working, zone = hours.of(calendar)
        values, rows = read(logs[pk], working, zone)
        in_time = None
        if clock := clocks.get(pk):
            state, elapsed, limit = clock
            in_time = elapsed <= limit if state == Clock.State.STOPPED else None
        whose = {
            "sdr_id": sdr,
            "ae_id": values.pop("ae_id"),
            "territory_id": territory,
            "lead_source": source,
            "framework_version_id": standard,
            "is_duplicate": values.pop("is_duplicate"),
        }
        facts.append(
            Fact(
                handoff_id=pk,
                calendar_version_id=version,
                in_time=in_time,
                is_promised=clock is not None,
                has_contact=contact is not None,
                **ages.get(pk, NO_AGES),
                **whose,
                **values,
            )
        )
        chains += [Chain(fact_id=pk, **whose, **row) for row in rows]
    return facts, chains


def _ages(batch: list[int]) -> dict[int, dict[str, int | None]]:
    """How old the newest check of each field of the contact was, in days, at the submission."""
    rows = (
        Verification.objects.filter(
            contact__handoffs__in=batch,
            contact__handoffs__submitted_at__gte=F("verified_at"),
            result=Verification.Result.VALID,
        )
        .order_by()
        .values_list("contact__handoffs", "field", "contact__handoffs__submitted_at")
        .annotate(newest=Max("verified_at"))
    )
    found: dict[int, dict[str, int | None]] = {}
    for pk, field, submitted, newest in rows:
        days_old = min((submitted - newest).days, OLDEST)
        found.setdefault(pk, dict(NO_AGES))[f"{field}_age"] = days_old
    return found


def _logs(batch: list[int]) -> dict[int, list[Line]]:
    reasons = dict(Reason.objects.values_list("pk", "code"))
    logs: dict[int, list[Line]] = defaultdict(list)
    rows = HandoffEvent.objects.filter(handoff__in=batch).order_by("handoff", "occurred_at", "pk")
    for (
        pk,
        kind,
        at,
        actor,
        owner,
        reason,
        counts,
        unprepared,
        gaps,
        meeting,
        uid,
        slot,
        side,
    ) in rows.values_list(
        "handoff_id",
        "kind",
        "occurred_at",
        "actor_id",
        "owner_id",
        "reason_id",
        "data__counts",
        "data__unprepared",
        "data__gaps",
        "data__meeting",
        "data__uid",
        "data__starts_at",
        "data__side",
    ).iterator(chunk_size=5000):
        logs[pk].append(
            Line(
                kind=kind,
                at=at,
                actor=actor,
                owner=owner,
                reason=reasons.get(reason, ""),
                reason_id=reason,
                counts=counts,
                unprepared=unprepared,
                gaps=len(gaps or ()),
                meeting=meeting,
                uid=uid or "",
                starts_at=datetime.fromisoformat(slot) if slot else None,
                side=side or "",
            )
        )
    return logs


class _Hours:
    """Working hours by calendar version, each read once."""

    def __init__(self) -> None:
        self._known: dict[int | None, tuple[int | None, BusinessHours, tzinfo]] = {
            None: (None, AROUND_THE_CLOCK, UTC)
        }

    def of(self, version: int | None) -> tuple[int | None, BusinessHours, tzinfo]:
        """The version, its hours and its zone; around the clock in UTC where there are none."""
        if version is not None and version not in self._known:
            self.learn(CalendarVersion.objects.get(pk=version))
        return self._known[version]

    def learn(self, row: CalendarVersion) -> None:
        self._known[row.pk] = row.pk, row.hours(), zone_named(row.time_zone)


def hours_by_version(versions: Iterable[int | None]) -> dict[int | None, BusinessHours]:
    """The working hours of these calendar versions, in one query."""
    wanted = set(versions)
    known = _Hours()
    if rows := [version for version in wanted if version is not None]:
        for row in CalendarVersion.objects.filter(pk__in=rows):
            known.learn(row)
    return {version: known.of(version)[1] for version in wanted}


def _columns(model: type[models.Model], *but: str) -> list[str]:
    return [field.name for field in model._meta.concrete_fields if field.name not in but]


def _batches(ids: Iterable[int], size: int) -> Iterator[list[int]]:
    feed = iter(ids)
    while batch := list(islice(feed, size)):
        yield batch
