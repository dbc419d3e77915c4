"""Tells those who work with a contact that the contact changed, left or cannot be reached.

Changes are written by imports, updates from vendors and people, each in their own way; here the
log of changes is read, so that none of them has to know who works with whom.
"""

import logging
import time
from collections.abc import Iterable
from datetime import datetime
from itertools import groupby

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Q, QuerySet
from django.urls import reverse

from accounts import champions
from accounts.models import Contact, ContactChange, EnrichmentSource, InboundEvent, VerifiedField
from handoffs.completeness import SECTIONS, gaps
from handoffs.handover import HANDED_OVER, gaps_since_handover
from handoffs.models import Handoff, Meeting
from handoffs.notices import fields_of
from messaging import outbox
from team.models import User
from team.turns import give_way

log = logging.getLogger("handoffdesk.news")

OPEN = (
    Handoff.Status.DRAFT,
    Handoff.Status.SUBMITTED,
    Handoff.Status.RETURNED,
    Handoff.Status.ACCEPTED,
)
COMING = (Meeting.Status.TENTATIVE, Meeting.Status.CONFIRMED)
BATCH = 500
ENOUGH = 40.0  # seconds for one task, which the worker ends after 60
Kind = ContactChange.Kind


def tell_due(now: datetime, seconds: float = ENOUGH) -> int:
    """Tell of every change that nobody was told of, once; how many changes were looked at."""
    until, count, last = time.monotonic() + seconds, 0, 0
    while time.monotonic() < until:
        batch = ContactChange.objects.filter(told_at=None, pk__gt=last).order_by("pk")[:BATCH]
        found = sorted(batch.values_list("contact_id", "pk"))
        if not found:
            break
        last = max(pk for _, pk in found)
        for contact_id, group in groupby(found, key=lambda pair: pair[0]):
            try:
                count += _tell(contact_id, [pk for _, pk in group], now)
            except Exception:
                # News that cannot be told must not keep others from being told.
                log.exception("changes of contact %s could not be told", contact_id)
            give_way()
    return count


def tell_at_once(change: ContactChange, now: datetime, *, but: Iterable[int]) -> None:
    """Tell of one change in the caller’s transaction: all but those who know from elsewhere."""
    ContactChange.objects.filter(pk=change.pk).update(told_at=now)
    _tell_people([change], now, but)


def about(handoff: Handoff) -> list[ContactChange]:
    """What changed about its people since it left the SDR’s hands, newest first.

    While it is being written, what others than its author changed.
    """
    people = [handoff.contact_id, *(member.contact_id for member in handoff.committee.all())]
    known = [pk for pk in people if pk]
    if not known:
        return []
    since = handoff.submitted_at or handoff.created_at
    found = ContactChange.objects.filter(
        Q(changed_at__gte=since) | Q(told_at__gte=since), contact__in=known
    )
    if handoff.submitted_at is None:
        found = found.exclude(changed_by=handoff.sdr)
    return [change for change in found.select_related("contact") if champions.matters(change)]


def report_unmatched(now: datetime) -> int:
    """Tell every admin of updates that were given up for want of their record; once a day."""
    told = 0
    lost = Q(events__state=InboundEvent.State.UNMATCHED, events__reported_at=None)
    sources = EnrichmentSource.objects.annotate(lost=Count("events", filter=lost))
    for source in sources.filter(lost__gt=0):
        path = reverse("admin:accounts_inboundevent_changelist")
        fields = {
            "source": source.name,
            "count": str(source.lost),
            "link": f"{settings.BASE_URL}{path}?state__exact=unmatched",
        }
        with transaction.atomic():
            source.events.filter(state=InboundEvent.State.UNMATCHED, reported_at=None).update(
                reported_at=now
            )
            for admin in User.objects.admins():
                key = f"unmatched:{source.pk}:{now:%Y-%m-%d}"
                outbox.tell(admin, event_key=key, text="updates_unmatched", fields=fields, now=now)
        told += source.lost
    return told


def _tell(contact_id: int, ids: list[int], now: datetime) -> int:
    """One contact’s changes, with what follows from them, in one transaction."""
    with transaction.atomic():
        rows = ContactChange.objects.filter(pk__in=ids, told_at=None).order_by("pk")
        if connection.features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True, of=("self",))
        changes = list(rows.select_related("contact__account", "changed_by"))
        ContactChange.objects.filter(pk__in=[change.pk for change in changes]).update(told_at=now)
        for change in changes:
            champions.follow(change, now)
        news = [change for change in changes if champions.matters(change)]
        if news:
            _tell_people(news, now)
    return len(changes)


def _tell_people(news: list[ContactChange], now: datetime, but: Iterable[int] = ()) -> None:
    contact = news[0].contact
    told = set(but)
    # Told by the mail that somebody gets, not by each of the handoffs that they share with us.
    key = f"contact-change:{news[0].pk}"
    makers = {change.changed_by for change in news}
    for handoff in _handoffs_with(contact):
        for person in (handoff.owner, handoff.sdr):
            if person is None or person.pk in told or makers == {person}:
                continue
            told.add(person.pk)
            outbox.tell(
                person,
                event_key=key,
                text="contact_changed",
                fields=_fields(handoff, contact, news),
                about=f"handoff:{handoff.pk}",
                now=now,
            )


def _handoffs_with(contact: Contact) -> QuerySet[Handoff]:
    """Where somebody works with the contact: open, or with a meeting to come."""
    with_them = Q(contact=contact) | Q(committee__contact=contact)
    at_work = Q(status__in=OPEN) | Q(meetings__status__in=COMING)
    found = Handoff.objects.filter(with_them, at_work).distinct()
    return found.select_related("owner", "sdr", "account", "territory").due_next_first()


def _fields(handoff: Handoff, contact: Contact, news: list[ContactChange]) -> dict[str, str]:
    """Words without the contact’s name: mail and Slack say which company, the page says who."""
    who = "the primary contact" if handoff.contact_id == contact.pk else "somebody in the committee"
    return fields_of(handoff) | {
        "news": f"{who} {_in_short(news[-1])}",
        "change": "\n".join(f"{who.capitalize()} {in_full(change)}." for change in news),
        "missing": _missing(handoff),
    }


def _in_short(change: ContactChange) -> str:
    if change.kind == Kind.LEFT:
        return "has left"
    if change.kind == Kind.BACK:
        return "is still there after all"
    if change.kind == Kind.WRONG:
        label = VerifiedField(change.field).label.lower()
        return "cannot be reached" if change.field in REACHED else f"has another {label}"
    return "has a new title" if change.field == VerifiedField.TITLE else "has a new employer"


REACHED = (VerifiedField.EMAIL, VerifiedField.DIAL)


def in_full(change: ContactChange) -> str:
    """What changed, as the end of a sentence about the person."""
    if change.kind == Kind.LEFT:
        to = f" for {change.new}" if change.new else ""
        return f"has left{f' {change.old}' if change.old else ''}{to}"
    if change.kind == Kind.BACK:
        return f"is still at {change.new}"
    if change.kind == Kind.WRONG and change.field == VerifiedField.EMAIL:
        return "has an e-mail address that no longer works"
    if change.kind == Kind.WRONG and change.field == VerifiedField.DIAL:
        return "has a direct dial that is wrong"
    if change.kind == Kind.WRONG:
        return f"has another {VerifiedField(change.field).label.lower()} than “{change.old}”"
    if change.field == VerifiedField.TITLE:
        return f"is now “{change.new}”, no longer “{change.old}”"
    return f"is now at {change.new}, no longer at {change.old}"


def _missing(handoff: Handoff) -> str:
    """The parts of the package that no longer hold, now that the gate has looked again."""
    found = gaps_since_handover(handoff) if handoff.status in HANDED_OVER else gaps(handoff)
    return ", ".join(_labels(gap.section for gap in found))


def _labels(keys: Iterable[str]) -> list[str]:
    missing = set(keys)
    return [section.label.lower() for section in SECTIONS if section.key in missing]
