"""Who hears of each move of a handoff, and with which text; the words live in messaging."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.urls import reverse

from handoffs.models import Contest, Handoff, HandoffEvent, Meeting
from handoffs.models.event import EventKind
from handoffs.models.meeting import MOST_NO_SHOWS
from messaging import outbox
from team.models import User


class Notice(NamedTuple):
    person: User
    text: str


def announce(event: HandoffEvent) -> None:
    """Put the messages of this move into the outbox, in the transaction of the move.

    Nobody is told what they did themselves, nor anybody who is deactivated. A backfilled event
    is history and told to nobody.
    """
    if event.backfilled:
        return
    told = [notice for notice in recipients(event) if notice.person != event.actor]
    if not told:
        return
    fields = fields_of(event.handoff, event)
    key, about = f"event:{event.pk}", f"handoff:{event.handoff_id}"
    sack = outbox.Sack(event.recorded_at)
    for person, text in told:
        sack.tell(person, event_key=key, text=text, fields=fields, about=about)
    sack.drop()


def tell_of_contest(case: Contest) -> None:
    """The managers hear that a rejection is contested, and the AE who rejected it."""
    fields = fields_of(case.handoff) | {"actor": str(case.raised_by), "note": case.argument}
    judges = responsible_managers(case.handoff)
    for person in dict.fromkeys([*judges, case.rejection.actor]):
        if person is not None:
            key = f"contest:{case.pk}"
            _tell(person, "handoff_contested", fields, key, case.handoff, case.raised_at)


def tell_of_ruling(case: Contest) -> None:
    """Both sides hear how the manager ruled."""
    fields = fields_of(case.handoff) | {
        "actor": str(case.ruled_by),
        "reason": case.get_ruling_display(),
        "note": case.because,
    }
    for person in dict.fromkeys([case.raised_by, case.rejection.actor]):
        if person is not None:
            at = case.ruled_at or case.raised_at
            _tell(person, "handoff_ruled", fields, f"ruling:{case.pk}", case.handoff, at)


def _tell(
    person: User, text: str, fields: dict[str, str], key: str, handoff: Handoff, now: datetime
) -> None:
    about = f"handoff:{handoff.pk}"
    outbox.tell(person, event_key=key, text=text, fields=fields, about=about, now=now)


def recipients(event: HandoffEvent) -> Iterator[Notice]:
    """Who hears of what, on one screen."""
    handoff = event.handoff
    kind = EventKind(event.kind)
    if kind is EventKind.SUBMITTED and handoff.owner:
        yield Notice(handoff.owner, "handoff_submitted")
    elif kind is EventKind.SUBMITTED:
        for manager in responsible_managers(handoff):
            yield Notice(manager, "handoff_unassigned")
    elif kind is EventKind.RETURNED:
        yield Notice(handoff.sdr, "handoff_returned")
    elif kind is EventKind.ANSWERED and handoff.owner:
        yield Notice(handoff.owner, "handoff_answered")
    elif kind is EventKind.ACCEPTED:
        yield Notice(handoff.sdr, "handoff_accepted")
        if event.data.get("on_behalf_of"):
            yield from _accepted_for(event)
    elif kind is EventKind.REJECTED:
        yield Notice(handoff.sdr, "handoff_rejected")
    elif kind is EventKind.WITHDRAWN and handoff.owner:
        yield Notice(handoff.owner, "handoff_withdrawn")
    elif kind is EventKind.REASSIGNED:
        # Whom an escalation hands it to hears of it from the escalation.
        if handoff.owner and event.actor:
            yield Notice(handoff.owner, "handoff_reassigned")
        if before := User.objects.filter(pk=event.data.get("from")).first():
            yield Notice(before, "handoff_taken_away")
    elif kind is EventKind.MEETING_HELD:
        yield Notice(handoff.sdr, "meeting_held")
    elif kind is EventKind.MEETING_MISSED:
        yield from _missed(event)
    elif kind is EventKind.MEETING_CANCELLED and handoff.is_open:
        # Whatever ends the handoff calls its meeting off, and is told of by itself
        for person in filter(None, [handoff.sdr, handoff.owner]):
            yield Notice(person, "meeting_cancelled")
    elif kind is EventKind.QUALIFIED:
        yield Notice(handoff.sdr, "handoff_qualified")
    elif kind is EventKind.DISQUALIFIED:
        yield Notice(handoff.sdr, "handoff_disqualified")


def _accepted_for(event: HandoffEvent) -> Iterator[Notice]:
    """A manager accepted it in somebody's name: they hear of it, and whoever had it before."""
    owner, before = event.handoff.owner, event.data.get("from")
    if owner is not None:
        yield Notice(owner, "handoff_accepted_for")
    if before not in (None, event.data["on_behalf_of"]):
        yield Notice(User.objects.get(pk=before), "handoff_taken_away")


def _missed(event: HandoffEvent) -> Iterator[Notice]:
    """A no-show goes back to the SDR; at the limit both read that it ends here."""
    handoff = event.handoff
    if event.data.get("side") == Meeting.Side.OURS:
        yield Notice(handoff.sdr, "meeting_missed_by_us")
    elif event.data.get("no_shows", 0) < MOST_NO_SHOWS:
        yield Notice(handoff.sdr, "meeting_missed")
    else:
        for person in filter(None, [handoff.sdr, handoff.owner]):
            yield Notice(person, "meeting_no_more")


def responsible_managers(handoff: Handoff) -> list[User]:
    """Who owns what nobody else can take: the territory's manager, the author's, all admins."""
    territory = handoff.territory
    for manager in (territory.manager if territory else None, handoff.sdr.reports_to):
        if manager and manager.is_active:
            return [manager]
    return list(User.objects.admins())


def fields_of(handoff: Handoff, event: HandoffEvent | None = None) -> dict[str, str]:
    """What a text about this handoff may name; no data of the prospect beyond the company."""
    fields = {
        "company": str(handoff.account or "an account without a name yet"),
        "lead_source": handoff.get_lead_source_display(),
        "sdr": str(handoff.sdr),
        "owner": str(handoff.owner or "nobody yet"),
        "territory": str(handoff.territory or "no territory"),
        "link": settings.BASE_URL + reverse("handoff", args=[handoff.pk]),
    }
    if event is not None:
        fields |= {
            "actor": str(event.actor or "Handoff Desk"),
            "question": event.note,
            "note": event.note,
            "reason": str(event.reason or ""),
        }
    return fields
