"""Everything we hold about a person, as plain data and as a page to read; changes nothing."""

import io
import json
import zipfile
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Prefetch
from django.template.loader import render_to_string
from phonenumber_field.phonenumber import PhoneNumber

from accounts.models import Contact
from handoffs.models import Answer, CommitteeMember, Handoff, HandoffEvent, Letter, Meeting, Quote
from handoffs.snapshot import package_of
from messaging.models import Message
from privacy import rows
from privacy.person import Person
from privacy.register import personal

NOT_SHOWN = {"id", "account", "contact"}


@rows.unhurried()
def everything_about(person: Person, *, at: datetime) -> dict[str, Any]:
    """JSON-ready; instants are ISO 8601 in UTC. Empty lists where nothing is held."""
    seen = _Seen()
    found: dict[str, Any] = {
        "about": person.email,
        "made_at": at.isoformat(),
        "contacts": [_contact(contact, seen) for contact in person.contacts],
        "records": _records(person, seen),
        "handoffs": [_handoff(handoff, seen) for handoff in _theirs(person)],
        "seats": [_seat(member) for member in seen.all(_seats(person))],
        "said_elsewhere": _said_elsewhere(person, seen),
        "messages": [_message(message) for message in seen.all(_messages(person))],
    }
    found["mentions"] = _mentions(person, seen)
    return found


def archive(found: dict[str, Any]) -> bytes:
    """A zip with the data as JSON and as a page that needs nothing but a browser."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("data.json", as_json(found))
        page = render_to_string("privacy/export.html", {"found": found, "parts": _parts(found)})
        bundle.writestr("data.html", page)
    return packed.getvalue()


def as_json(found: dict[str, Any]) -> str:
    return json.dumps(found, ensure_ascii=False, indent=2)


class _Seen:
    """Which rows are in the export already, so that a mention is not told twice."""

    def __init__(self) -> None:
        self.rows: set[tuple[type[models.Model], Any]] = set()

    def is_new(self, row: models.Model) -> bool:
        new = (type(row), row.pk) not in self.rows
        self.rows.add((type(row), row.pk))
        return new

    def all(self, found: Iterable[Any]) -> list[Any]:
        listed = list(found)
        self.rows |= {(type(row), row.pk) for row in listed}
        return listed


def _theirs(person: Person) -> Iterable[Handoff]:
    """Their handoffs with all that `_handoff` tells of them, in as many queries as for one."""
    theirs = Handoff.objects.filter(pk__in=person.handoffs).select_related(
        "account", "contact", "sdr", "owner"
    )
    return theirs.prefetch_related(
        "answers__criterion",
        "quotes",
        "objections",
        "committee",
        "triggers",
        Prefetch("meetings", Meeting.objects.select_related("previous")),
        Prefetch("letters", Letter.objects.select_related("meeting", "sent_by")),
        Prefetch("events", HandoffEvent.objects.select_related("actor", "reason")),
    )


def _seats(person: Person) -> Iterable[CommitteeMember]:
    seats = CommitteeMember.objects.filter(handoff_id__in=person.seats)
    known = set(person.ids)
    return [
        member
        for member in seats.select_related("handoff__account")
        if member.contact_id in known or person.nearby.stand_in(member.name)
    ]


def _messages(person: Person) -> Iterable[Message]:
    about = [f"handoff:{pk}" for pk in person.handoffs]
    to_them = models.Q(recipient__in=person.emails)
    of_theirs = models.Q(about__in=about, audience=Message.Audience.PROSPECT)
    return Message.objects.filter(to_them | of_theirs).order_by("pk")


def _contact(contact: Contact, seen: _Seen) -> dict[str, Any]:
    seen.all([contact])
    return {
        **_plain(contact),
        "company": str(contact.account or ""),
        "checks": [_plain(row) for row in seen.all(contact.verifications.all())],
        "changes": [_plain(row) for row in seen.all(contact.changes.all())],
    }


def _records(person: Person, seen: _Seen) -> list[dict[str, Any]]:
    """Whatever else is kept under their contact: where values come from, what a vendor sent."""
    return [
        {"what": str(row._meta.verbose_name), **_plain(row)}
        for queryset in rows.of_contacts(person.ids)
        if queryset.model is not CommitteeMember
        for row in queryset.order_by("pk")
        if seen.is_new(row)
    ]


def _handoff(handoff: Handoff, seen: _Seen) -> dict[str, Any]:
    seen.all([handoff])
    for related in ("answers", "quotes", "objections", "committee", "triggers"):
        seen.all(getattr(handoff, related).all())
    return {
        "number": handoff.pk,
        "status": handoff.get_status_display(),
        "lead_source": handoff.get_lead_source_display(),
        "campaign": handoff.original_source,
        "created_at": handoff.created_at.isoformat(),
        "sdr": str(handoff.sdr),
        "ae": str(handoff.owner or ""),
        "package": package_of(handoff),
        "meetings": [_plain(row) for row in seen.all(handoff.meetings.all())],
        "letters": [_plain(row) for row in seen.all(handoff.letters.all())],
        "what_happened": [
            {
                "at": event.occurred_at.isoformat(),
                "who": str(event.actor or "Handoff Desk"),
                "what": event.get_kind_display(),
                "reason": str(event.reason or ""),
                "note": event.note,
            }
            for event in seen.all(handoff.events.all())
        ],
    }


def _seat(member: CommitteeMember) -> dict[str, Any]:
    return {
        "handoff": member.handoff_id,
        "company": str(member.handoff.account or ""),
        **_plain(member),
    }


def _said_elsewhere(person: Person, seen: _Seen) -> list[dict[str, Any]]:
    """Their quotes and answers in handoffs where somebody else is the prospect."""
    pks = person.seats - person.handoffs
    quotes = Quote.objects.filter(handoff_id__in=pks)
    answers = Answer.objects.filter(handoff_id__in=pks).select_related("criterion")
    said = [quote for quote in quotes if quote.speaker and person.nearby.stand_in(quote.speaker)]
    told = [row for row in answers if row.said_by and person.nearby.stand_in(row.said_by)]
    return [
        {"handoff": row.handoff_id, **_plain(row)} for row in [*seen.all(said), *seen.all(told)]
    ]


def _message(message: Message) -> dict[str, Any]:
    return {
        "to": message.recipient,
        "by": message.get_medium_display(),
        "state": message.get_state_display(),
        "sent_at": message.sent_at.isoformat() if message.sent_at else "",
        "subject": message.subject,
        "body": message.body,
    }


def _mentions(person: Person, seen: _Seen) -> list[dict[str, Any]]:
    """Any other text that names them, wherever it stands."""
    found = []
    for queryset in rows.mentioning(person.everywhere):
        for row in queryset.order_by("pk").iterator(chunk_size=500):
            if (queryset.model, row.pk) in seen.rows:
                continue
            for name in personal(queryset.model):
                text = _text(getattr(row, name))
                if person.everywhere.stand_in(text):
                    where = str(row._meta.verbose_name)
                    found.append(
                        {"where": where, "number": str(row.pk), "field": name, "text": text}
                    )
    return found


def _plain(row: models.Model) -> dict[str, Any]:
    """The columns of a row that say something, with choices in words."""
    found = {}
    for column in row._meta.concrete_fields:
        value = getattr(row, column.attname)
        if column.name in NOT_SHOWN or value in (None, "", [], {}):
            continue
        if column.is_relation:
            found[column.name] = str(getattr(row, column.name))
        elif column.choices:
            found[column.name] = str(getattr(row, f"get_{column.name}_display")())
        else:
            found[column.name] = _json_ready(value)
    return found


def _json_ready(value: Any) -> Any:
    if isinstance(value, PhoneNumber):
        return value.as_e164
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value if isinstance(value, (str, int, float, bool, list, dict)) else str(value)


def _text(value: Any) -> str:
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False)
    return str(value or "")


def _parts(found: dict[str, Any]) -> list[tuple[str, list[Any]]]:
    """The sections of the page to read: a title and its rows as (name, value) pairs."""
    titles = {
        "contacts": "What we know about you",
        "records": "Where it comes from",
        "handoffs": "Conversations about your company",
        "seats": "Where you are named as taking part in a decision",
        "said_elsewhere": "What was noted as said by you",
        "messages": "Messages to you",
        "mentions": "Other places where you are named",
    }
    return [
        (title, [list(_lines(row)) for row in found[key]])
        for key, title in titles.items()
        if found[key]
    ]


def _lines(value: Any, name: str = "") -> Iterable[tuple[str, str]]:
    """Nested data as lines: `package · quotes 1 · text`, and the text."""
    if isinstance(value, dict):
        for key, item in value.items():
            words = str(key).replace("_", " ")
            yield from _lines(item, f"{name} · {words}" if name else words)
    elif isinstance(value, list):
        for number, item in enumerate(value, 1):
            yield from _lines(item, f"{name} {number}")
    elif value not in (None, ""):
        yield name, str(value)
