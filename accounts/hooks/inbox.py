"""The inbox: keeps each delivery once, and reads what waits; what an update does is in updates.

A delivery is claimed with a lease, counted before the work, and read in one transaction with
everything it changes. A worker that dies in between leaves it to the next pass, undone.
"""

import logging
import time
import uuid
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from accounts.hooks import payloads
from accounts.hooks.updates import ErasedPerson, NotHere, Outcome, RefusedUpdate, apply
from accounts.models import EnrichmentSource, InboundEvent
from team.turns import give_way

log = logging.getLogger("handoffdesk.hooks")
State = InboundEvent.State

KEPT = timedelta(days=30)  # the specification: ids are remembered for a while; ours for 30 days
PATIENCE = timedelta(hours=24)  # for a record that an update came before
LOOK_AGAIN = timedelta(minutes=15)  # how often a parked one looks whether it has come
LEASE = timedelta(seconds=120)
PASS_SECONDS = 40.0  # a task of the worker is ended after 60
BATCH = 25  # read to their end even where that takes most of a second each
MOST_TRIES = 5
OPEN = (State.WAITING, State.PARKED)


class Kept(StrEnum):
    """What became of a delivery at the door."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"
    ANOTHER = "another"  # the id is known, with another body


def store(
    source: EnrichmentSource,
    *,
    event_id: str,
    body: str,
    digest: str,
    kind: str,
    update: payloads.Update | None,
    now: datetime,
) -> Kept:
    """Keep a checked delivery, once per id. `update` None: of a kind that is not read."""
    event = InboundEvent(
        source=source,
        event_id=event_id,
        digest=digest,
        body=body,
        kind=kind,
        record_key=update.record_key if update else "",
        occurred_at=update.at if update else None,
        received_at=now,
        state=State.WAITING if update else State.IGNORED,
        next_try_at=now if update else None,
        processed_at=None if update else now,
        outcome="" if update else "We do not read updates of this kind.",
    )
    known = InboundEvent.objects.filter(source=source, event_id=event_id)
    kept = known.values_list("digest", flat=True).first()
    if kept is None:
        try:
            with transaction.atomic():
                event.save(force_insert=True)
        except IntegrityError:  # of a hundred at once, one gets in
            kept = known.values_list("digest", flat=True).get()
        else:
            return Kept.ACCEPTED if update else Kept.IGNORED
    return Kept.DUPLICATE if kept == digest else Kept.ANOTHER


def waiting(source: EnrichmentSource) -> int:
    return InboundEvent.objects.filter(source=source, state__in=OPEN).count()


def process_due(
    now: datetime | None = None, seconds: float = PASS_SECONDS, limit: int = 100_000
) -> dict[str, int]:
    """Read what waits, oldest happening first: {"done": n, "parked": n, "refused": n, …}.

    With `now` given, time stands still at it.
    """
    results = dict.fromkeys(("done", "parked", "refused", "unmatched", "retry", "failed"), 0)
    until = time.monotonic() + seconds
    while limit > 0 and time.monotonic() < until:
        at, token = now or timezone.now(), uuid.uuid4()
        claimed = _claim(min(BATCH, limit), token, at)
        if not claimed:
            break
        limit -= len(claimed)
        for event in claimed:
            results[_read(event, at)] += 1
            give_way()
    return results


def clean(now: datetime) -> int:
    """Forget deliveries after 30 days, with what they said; a thousand at a time."""
    old = InboundEvent.objects.filter(received_at__lt=now - KEPT).exclude(state__in=OPEN)
    count = 0
    while ids := list(old.order_by().values_list("pk", flat=True)[:1000]):
        count += InboundEvent.objects.filter(pk__in=ids).delete()[0]
        give_way()
    return count


def try_again(events: QuerySet[InboundEvent], now: datetime) -> int:
    """Put those that were not done back among those that wait; how many.

    What was emptied, as somebody asked to be forgotten, has nothing left to read.
    """
    again = (State.REFUSED, State.UNMATCHED, State.FAILED, State.PARKED)
    return (
        events.filter(state__in=again)
        .exclude(body="")
        .update(state=State.WAITING, attempts=0, next_try_at=now, reported_at=None, outcome="")
    )


def _due(now: datetime) -> QuerySet[InboundEvent]:
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    return InboundEvent.objects.filter(free, state__in=OPEN, next_try_at__lte=now)


def _claim(most: int, token: uuid.UUID, now: datetime) -> list[InboundEvent]:
    """Make up to `most` due deliveries ours for 120 s."""
    with transaction.atomic():
        found = _due(now).order_by("occurred_at", "pk")
        if connection.features.has_select_for_update_skip_locked:
            found = found.select_for_update(skip_locked=True, of=("self",))
        ids = list(found.values_list("pk", flat=True)[:most])
        if not ids:
            return []
        # Counted before the work: one that kills its worker is given up in the end.
        _due(now).filter(pk__in=ids).update(
            lease_until=now + LEASE, lease_token=token, attempts=F("attempts") + 1
        )
    mine = InboundEvent.objects.filter(pk__in=ids, lease_token=token).select_related("source")
    return sorted(mine, key=lambda event: (event.occurred_at, event.event_id))


def _read(event: InboundEvent, now: datetime) -> str:
    """Read one claimed delivery; under which count it goes."""
    if event.attempts > MOST_TRIES:
        _settle(event, State.FAILED, "It ended the worker or failed five times.", now)
        return "failed"
    try:
        with transaction.atomic():
            outcome = _apply(event, now)
            about = {"contact": outcome.contact, "account": outcome.account}
            if not _settle(event, State.DONE, outcome.words, now, **about):
                raise _TakenOver
            if outcome.created:
                _wake_parked(event, now)
        return "done"
    except _TakenOver:
        return "retry"
    except NotHere as missing:
        if now - event.received_at >= PATIENCE:
            _settle(event, State.UNMATCHED, str(missing), now)
            return "unmatched"
        # A look that ended well is no failed try
        _put_off(event, State.PARKED, str(missing), now + LOOK_AGAIN, attempts=0)
        return "parked"
    except ErasedPerson as refusal:
        _settle(event, State.REFUSED, str(refusal), now, body="", record_key="")
        return "refused"
    except (RefusedUpdate, payloads.Unreadable) as refusal:
        _settle(event, State.REFUSED, str(refusal), now)
        return "refused"
    except Exception as error:
        # One delivery that cannot be read must not keep the others from being read.
        log.exception("delivery %s could not be read", event.pk)
        return _failed(event, error, now)


class _TakenOver(Exception):
    """The lease ran out, and another worker has the delivery."""


def _apply(event: InboundEvent, now: datetime) -> Outcome:
    update = payloads.read(event.body)
    if update is None:
        raise RefusedUpdate("We no longer read updates of this kind.")
    return apply(update, source=event.source, rank=event.event_id, now=now)


def _failed(event: InboundEvent, error: Exception, now: datetime) -> str:
    words = f"Something broke on our side: {type(error).__name__}."
    if event.attempts >= MOST_TRIES:
        _settle(event, State.FAILED, words, now)
        return "failed"
    _put_off(event, State(event.state), words, now + timedelta(seconds=2**event.attempts))
    return "retry"


def _settle(
    event: InboundEvent, state: InboundEvent.State, words: str, now: datetime, **besides: Any
) -> bool:
    """Write the end of it, unless somebody else has it by now."""
    return bool(
        InboundEvent.objects.filter(
            pk=event.pk, lease_token=event.lease_token, state__in=OPEN
        ).update(
            state=state,
            outcome=words[:300],
            processed_at=now,
            next_try_at=None,
            lease_until=None,
            lease_token=None,
            **besides,
        )
    )


def _put_off(
    event: InboundEvent,
    state: InboundEvent.State,
    words: str,
    next_try_at: datetime,
    **besides: Any,
) -> None:
    InboundEvent.objects.filter(pk=event.pk, lease_token=event.lease_token).update(
        state=state,
        outcome=words[:300],
        next_try_at=next_try_at,
        lease_until=None,
        lease_token=None,
        **besides,
    )


def _wake_parked(event: InboundEvent, now: datetime) -> None:
    """The record has come: what waited for it is read next."""
    InboundEvent.objects.filter(
        source=event.source, record_key=event.record_key, state=State.PARKED
    ).update(next_try_at=now)
