"""The verb behind “Enrich now”, and the worker's part: ask each source, take what it says.

A question is a row, claimed with a lease and counted before the work; nothing is asked inside a
transaction. What comes back goes the way of every vendor's value: newer than ours it is taken,
against a person's newer one it is proposed.
"""

import logging
import time
import uuid
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from accounts import origins
from accounts.enrichment.files import FileProvider
from accounts.enrichment.providers import (
    Finding,
    NotNow,
    NoUse,
    Provider,
    Record,
    question_about,
)
from accounts.enrichment.web import WebProvider
from accounts.erased import SENTENCE, is_erased, record_name
from accounts.hooks import payloads
from accounts.hooks.updates import take_about_contact
from accounts.models import Account, Contact, EnrichmentSource, Lookup
from accounts.origins import Said
from team.bounds import EARLIEST
from team.models import User

log = logging.getLogger("handoffdesk.enrichment")
State = Lookup.State

PROVIDERS: dict[str, Callable[[EnrichmentSource], Provider]] = {
    EnrichmentSource.Asked.FILE: FileProvider,
    EnrichmentSource.Asked.WEB: WebProvider,
}
# The wait before each further try; after the last the question is given up.
WAITS = [timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30)]
LONGEST_WAIT = timedelta(hours=6)
LEASE = timedelta(seconds=120)
PASS_SECONDS = 40.0  # a task of the worker is ended after 60; one question takes 15 at most
MOST_PEOPLE = 50  # of an account, asked about at once
KEPT = timedelta(days=90)
NOBODY = (
    "No data source can be asked about this. A RevOps admin sets one up under Data sources, "
    "“How we ask”."
)


def ask(records: Iterable[Record], *, by: User, now: datetime) -> int:
    """Have every source that covers them asked about `records`; how many questions wait for it.

    What waits already is not asked twice.

    Raises ValidationError where no source covers any of them.
    """
    covering = {
        about: [source for source in asked_sources() if provider_of(source).covers(about)]
        for about in ("contact", "account")
    }
    wanted = []
    for record in records:
        about = "contact" if isinstance(record, Contact) else "account"
        mine = {about: record}
        wanted += [
            Lookup(source=source, **mine, asked_by=by, asked_at=now, next_try_at=now)
            for source in covering[about]
        ]
    if not wanted:
        raise ValidationError(NOBODY)
    Lookup.objects.bulk_create(wanted, ignore_conflicts=True)
    return len(wanted)


def asked_sources() -> QuerySet[EnrichmentSource]:
    """The sources that can be asked."""
    return EnrichmentSource.objects.exclude(asked=EnrichmentSource.Asked.NOT)


def provider_of(source: EnrichmentSource) -> Provider:
    return PROVIDERS[source.asked](source)


def people_of(account: Account, seen: QuerySet[Contact]) -> list[Contact]:
    """Those of an account's people that one press asks about: still there, of `seen`."""
    return list(seen.filter(account=account, left_on=None).order_by("pk")[:MOST_PEOPLE])


def answer_due(now: datetime | None = None, seconds: float = PASS_SECONDS) -> dict[str, int]:
    """Ask what waits: {"answered": n, "unknown": n, "failed": n, "later": n}.

    With `now` given, time stands still at it.
    """
    results = dict.fromkeys(("answered", "unknown", "failed", "later"), 0)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        at = now or timezone.now()
        lookup = _claim(at)
        if lookup is None:
            break
        results[_work(lookup, at)] += 1
    return results


def clean(now: datetime) -> int:
    """Forget questions after 90 days."""
    old = Lookup.objects.filter(asked_at__lt=now - KEPT).exclude(state=State.WAITING)
    return old.delete()[0]


def _claim(now: datetime) -> Lookup | None:
    """Make the next question ours for 120 s."""
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    due = Lookup.objects.filter(free, state=State.WAITING, next_try_at__lte=now)
    token = uuid.uuid4()
    with transaction.atomic():
        rows = due.order_by("next_try_at", "pk")
        if connection.features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True, of=("self",))
        pk = rows.values_list("pk", flat=True).first()
        if pk is None:
            return None
        due.filter(pk=pk).update(
            lease_until=now + LEASE, lease_token=token, attempts=F("attempts") + 1
        )
    mine = Lookup.objects.filter(pk=pk, lease_token=token)
    return mine.select_related("source", "contact__account", "account").first()


def _work(lookup: Lookup, now: datetime) -> str:
    """Ask one claimed question; under which count it goes."""
    source = lookup.source
    if lookup.attempts > len(WAITS) + 1:
        return _settle(lookup, State.FAILED, "It ended the worker several times.", now)
    if source.asked == EnrichmentSource.Asked.NOT:
        return _settle(lookup, State.FAILED, f"{source} is not asked any more.", now)
    if _asked_today(source, now) >= source.per_day:
        words = f"{source} is asked {source.per_day:,} times a day at most: it waits for tomorrow."
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        return _put_off(lookup, words, midnight, counts=False)
    record: Record | None = lookup.contact or lookup.account
    assert record is not None  # noqa: S101  the database holds it to one of the two
    try:
        found = provider_of(source).look_up(question_about(record, source.pk))
        if found is None:
            words = f"{source} knows nothing about {'them' if lookup.contact else 'it'}."
            return _settle(lookup, State.UNKNOWN, words, now)
        with transaction.atomic():
            words = _take(lookup, found, now)
            if not _is_settled(lookup, State.ANSWERED, words, now):
                raise _TakenOver
        return State.ANSWERED.value
    except _TakenOver:
        return "later"
    except NotNow as error:
        return _again(lookup, error, now)
    except (NoUse, payloads.Unreadable) as error:
        return _settle(lookup, State.FAILED, str(error), now)
    except Exception as error:
        # One question that breaks must not keep the others from being asked.
        log.exception("question %s broke", lookup.pk)
        return _again(lookup, NotNow(f"Something broke on our side: {type(error).__name__}."), now)


class _TakenOver(Exception):
    """Another worker has the question, or it was withdrawn: the person was erased meanwhile."""


def _take(lookup: Lookup, found: Finding, now: datetime) -> str:
    """Put what they say into the record; what became of it, in words."""
    said_at = found.at or now
    if said_at > now + payloads.AHEAD:
        raise NoUse(f"{lookup.source} dates it {said_at:%-d %b %Y}, which lies in the future.")
    if said_at < EARLIEST:
        raise NoUse(f"{lookup.source} dates it before 2000.")
    said = Said(lookup.source.name, said_at, f"lookup-{lookup.pk:012d}", found.at is not None)
    if lookup.contact_id:
        contact = Contact.objects.select_for_update().get(pk=lookup.contact_id)
        update, problems = payloads.answer("contact", found.data, said_at)
        if is_erased(update.values.get("email", ""), record_name(lookup.source_id, update.key)):
            raise NoUse(SENTENCE)
        if is_somebody_else(contact, update):
            raise NoUse(f"{lookup.source} answered about somebody with another name.")
        words = take_about_contact(contact, update, said, now)
    else:
        account = Account.objects.select_for_update().get(pk=lookup.account_id or 0)
        update, problems = payloads.answer("account", found.data, said_at)
        words = origins.take(account, update.values, said, now).words
    left_out = [problem.removeprefix("data.").split(":")[0] for problem in problems]
    if left_out:
        words += f" Left out, as it cannot be read: {', '.join(left_out)}."
    return words


def is_somebody_else(contact: Contact, update: payloads.Update) -> bool:
    """Whether an answer is about another person: another last name at another address."""
    last, email = update.values.get("last_name", ""), update.values.get("email", "")
    return bool(
        last
        and contact.last_name
        and last.casefold() != contact.last_name.casefold()
        and not (email and email == contact.email)
    )


def _asked_today(source: EnrichmentSource, now: datetime) -> int:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return source.lookups.filter(answered_at__gte=midnight).count()


def _again(lookup: Lookup, error: NotNow, now: datetime) -> str:
    if lookup.attempts > len(WAITS):
        words = f"{error} Asked {lookup.attempts} times. Press “Enrich now” to ask again."
        return _settle(lookup, State.FAILED, words, now)
    wait = WAITS[lookup.attempts - 1]
    if error.seconds is not None:
        wait = max(wait, min(timedelta(seconds=error.seconds), LONGEST_WAIT))
    return _put_off(lookup, f"{error} It is asked again by itself.", now + wait)


def _settle(lookup: Lookup, state: Lookup.State, words: str, now: datetime) -> str:
    """Write the end of it, unless it is not ours any more; under which count it goes."""
    _is_settled(lookup, state, words, now)
    return state.value


def _is_settled(lookup: Lookup, state: Lookup.State, words: str, now: datetime) -> bool:
    return bool(
        _mine(lookup).update(
            state=state,
            outcome=words[:300],
            answered_at=now,
            next_try_at=None,
            lease_until=None,
            lease_token=None,
        )
    )


def _put_off(lookup: Lookup, words: str, until: datetime, *, counts: bool = True) -> str:
    _mine(lookup).update(
        outcome=words[:300],
        next_try_at=until,
        attempts=F("attempts") - (0 if counts else 1),
        lease_until=None,
        lease_token=None,
    )
    return "later"


def _mine(lookup: Lookup) -> QuerySet[Lookup]:
    return Lookup.objects.filter(pk=lookup.pk, lease_token=lookup.lease_token, state=State.WAITING)
