"""Takes a person out of every row, in place: ids, dates, statuses and counts stay as they were.

The log keeps that something happened and no longer says about whom, so every figure stays equal.
May be interrupted and run again: the contact itself, whose name leads to the rest, goes last.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.sessions.models import Session
from django.core.files.storage import default_storage
from django.db import models, transaction
from django.db.models.functions import Lower

from accounts import erased
from accounts.models import (
    Attitude,
    CommitteeRole,
    Contact,
    FileRow,
    InboundEvent,
    Lookup,
    SourceRecord,
)
from handoffs.models import Answer, Handoff, HandoffEvent, Letter, Objection, Quote
from messaging.models import Message
from privacy import rows
from privacy.person import Person, Words
from privacy.register import personal
from reports.models import Review
from reports.review import digest as seal
from team.models import AuditEntry, User
from team.sheets import runs, uploads

AT_ONCE = 500  # rows in one transaction
UNSENT = (Message.State.PENDING, Message.State.RETRY)
# What the prospect said or what was noted while they spoke: theirs as a whole, not by the word
THEIR_WORDS: dict[type[models.Model], tuple[str, ...]] = {
    Handoff: ("call_notes", "next_step", "next_step_who"),
    Letter: ("subject", "body"),
    Objection: ("said", "left_note"),
}
# The same inside the packages that the log keeps
PACKAGE_WORDS = ("call_notes", "next_step", "next_step_who")


class NotErasable(Exception):
    """Nothing was changed; the text says why."""


@dataclass
class Result:
    """What was, or would be, done; no personal data, so it may be printed and logged."""

    changed: Counter[str] = field(default_factory=Counter)
    cancelled: int = 0
    sessions: int = 0
    files: int = 0
    # What stays to be done by people: handoffs in work, mail that is in somebody's mailbox
    open_handoffs: list[int] = field(default_factory=list)
    letters_out: int = 0
    has_namesakes: bool = False

    def as_data(self) -> dict[str, Any]:
        return {
            "rows": dict(sorted(self.changed.items())),
            "unsent_messages_cancelled": self.cancelled,
            "sessions_ended": self.sessions,
            "waiting_uploads_removed": self.files,
            "open_handoffs": self.open_handoffs,
            "letters_already_sent": self.letters_out,
            "somebody_else_has_the_same_name": self.has_namesakes,
        }


def why_not(person: Person) -> str:
    """Why this person cannot be erased here; empty if they can."""
    ours = User.objects.annotate(address=Lower("email"))
    if ours.filter(address__in=person.emails).exists():
        return "This is the address of one of our own people: deactivate them under People instead."
    return ""


@rows.unhurried()
def erase(person: Person, *, at: datetime, dry_run: bool = False) -> Result:
    """Erase `person` everywhere and keep their addresses from coming back.

    With `dry_run` the same rows are read and counted, and nothing is written. Raises NotErasable.
    """
    if sentence := why_not(person):
        raise NotErasable(sentence)
    result = Result(has_namesakes=person.has_namesakes)
    theirs = Handoff.objects.filter(pk__in=person.handoffs)
    result.open_handoffs = sorted(
        theirs.filter(status__in=Handoff.OPEN).values_list("pk", flat=True)
    )
    result.letters_out = Message.objects.filter(
        audience=Message.Audience.PROSPECT,
        state__in=(Message.State.SENT, Message.State.UNKNOWN),
        recipient__in=person.emails,
    ).count()
    work = _Work(person, at=at, dry_run=dry_run, result=result)
    if not dry_run:
        erased.remember(_known_as(person), at=at)
    work.cancel_mail()
    work.their_words()
    work.trail()
    sealed = [one for one in Review.objects.exclude(digest="") if one.digest == seal(one)]
    work.single_words()
    work.reseal(sealed)
    work.contact_rows()
    work.contacts()
    work.sessions()
    work.files()
    return result


class _Work:
    """One erasure. Each step may run again."""

    def __init__(self, person: Person, *, at: datetime, dry_run: bool, result: Result) -> None:
        self.person, self.at, self.dry_run, self.result = person, at, dry_run, result
        self.mark = f"[erased {at:%Y-%m-%d}]"
        self.seen: set[tuple[str, Any]] = set()

    def cancel_mail(self) -> None:
        """Nothing leaves for them any more, nor an invitation or package with their data."""
        about = [f"handoff:{pk}" for pk in self.person.handoffs]
        to_them = models.Q(audience=Message.Audience.PROSPECT, recipient__in=self.person.emails)
        carries = ~models.Q(calendar="") | models.Q(medium=Message.Medium.WEBHOOK)
        unsent = Message.objects.filter(
            to_them | (models.Q(about__in=about) & carries), state__in=UNSENT
        )
        self.result.cancelled = unsent.count()
        if not self.dry_run:
            unsent.update(state=Message.State.CANCELLED, next_try_at=None)
            # Nor is anybody else asked about them
            asked = Lookup.objects.filter(contact_id__in=self.person.ids)
            asked.filter(state=Lookup.State.WAITING).update(
                state=Lookup.State.FAILED, next_try_at=None
            )

    def their_words(self) -> None:
        """What they said goes as a whole, in the package and in the log's copies of it."""
        theirs = self.person.handoffs
        for model, columns in THEIR_WORDS.items():
            key = "pk__in" if model is Handoff else "handoff_id__in"
            self._write(rows.all_of(model).filter(**{key: theirs}), self._whole(columns))
        self._write(rows.all_of(Quote).filter(handoff_id__in=theirs), self._quote)
        self._write(rows.all_of(Answer).filter(handoff_id__in=theirs), self._answer)
        self._write(rows.all_of(HandoffEvent).filter(handoff_id__in=theirs), self._event)
        about = [f"handoff:{pk}" for pk in theirs]
        mail = rows.all_of(Message).filter(
            models.Q(about__in=about) | models.Q(recipient__in=self.person.emails)
        )
        self._write(mail, self._message)

    def trail(self) -> None:
        """The audit trail keeps that something about them was changed, not what."""
        about = models.Q(model="accounts.contact", object_id__in=map(str, self.person.ids))
        about |= models.Q(model="handoffs.handoff", object_id__in=map(str, self.person.handoffs))
        self._write(rows.all_of(AuditEntry).filter(about), self._entry)

    def single_words(self) -> None:
        """Names, addresses and numbers: in and around their handoffs, then everywhere."""
        for queryset in rows.nearby(self.person):
            self._write(queryset, self._replacing(self.person.nearby))
        for queryset in rows.mentioning(self.person.everywhere):
            if queryset.model is InboundEvent:
                self._write(queryset, self._delivery)
            elif queryset.model is FileRow:
                self._write(queryset, self._file_row)
            elif queryset.model is not Contact:
                self._write(queryset, self._replacing(self.person.everywhere))

    def reseal(self, reviews: list[Review]) -> None:
        """A signed review whose notes named them keeps its signatures and gets a new seal."""
        for review in reviews:
            review.refresh_from_db()
            if not self.dry_run and review.digest != (new := seal(review)):
                Review.objects.filter(pk=review.pk).update(digest=new)

    def contact_rows(self) -> None:
        """Checks, changes and seats: their values go; where each came from loses the words only."""
        for queryset in rows.of_contacts(self.person.ids):
            if queryset.model is InboundEvent:
                self._write(queryset, self._delivery)
            elif queryset.model is SourceRecord:
                self._write(queryset, lambda record: {"key": f"erased {record.pk}"})
            else:
                columns = set(personal(queryset.model)) - {"source"}
                self._write(queryset, self._replacing(self.person.nearby))
                self._write(queryset, self._whole(columns))

    def contacts(self) -> None:
        known = rows.all_of(Contact).filter(pk__in=self.person.ids)
        self._write(known, self._nobody)

    def _nobody(self, contact: Contact) -> dict[str, Any]:
        """A contact without anything personal, in the place of this one."""
        empty: dict[str, Any] = dict.fromkeys(personal(Contact), "")
        return {
            **empty,
            "last_name": self.mark,
            "title": self.mark if contact.title else "",
            "role": CommitteeRole.UNKNOWN,
            "attitude": Attitude.UNKNOWN,
            "updated_at": self.at,
        }

    def sessions(self) -> None:
        """End the sessions that hold something about them, such as a message not yet shown."""
        words = self.person.nearby
        holding = [
            session.pk
            for session in Session.objects.filter(expire_date__gt=self.at).iterator()
            if words.stand_in(str(session.get_decoded()))
        ]
        self.result.sessions = len(holding)
        if not self.dry_run:
            Session.objects.filter(pk__in=holding).delete()

    def files(self) -> None:
        """Uploads wait an hour for their confirmation; whoever loses one uploads it again.

        With them goes what earlier imports wrote down for their undoing.
        """
        for folder in (uploads.FOLDER, runs.FOLDER):
            names = default_storage.listdir(folder)[1] if default_storage.exists(folder) else []
            self.result.files += len(names)
            if not self.dry_run:
                for name in names:
                    default_storage.delete(f"{folder}/{name}")

    # --- What becomes of a row -------------------------------------------------------------------

    def _whole(self, columns: Iterable[str]) -> "Change":
        def change(row: Any) -> dict[str, Any]:
            return {name: self._empty(row, name) for name in columns if getattr(row, name)}

        return change

    def _empty(self, row: Any, name: str) -> Any:
        """What a column holds that said something: the mark, or no data where it holds data."""
        column = row._meta.get_field(name)
        return column.get_default() if isinstance(column, models.JSONField) else self.mark

    def _file_row(self, row: FileRow) -> dict[str, Any]:
        """A row of a vendor's file about them is found by nobody any more."""
        if row.email in self.person.emails:
            return {"key": "", "email": "", "person": "", "data": "{}"}
        return self._replacing(self.person.everywhere)(row)

    def _quote(self, quote: Quote) -> dict[str, Any]:
        if not self._spoke(quote.speaker):
            return {}
        return self._whole(("text", "speaker", "topic"))(quote)

    def _answer(self, answer: Answer) -> dict[str, Any]:
        return self._whole(("evidence", "said_by"))(answer) if self._spoke(answer.said_by) else {}

    def _event(self, event: HandoffEvent) -> dict[str, Any]:
        package = (event.data or {}).get("package")
        if not isinstance(package, dict):
            return {}
        return {"data": {**event.data, "package": self._package(package)}}

    def _package(self, package: dict[str, Any]) -> dict[str, Any]:
        whole = {name: self.mark for name in PACKAGE_WORDS if package.get(name)}
        contact = package.get("contact") or {}
        person = {key: value if key == "id" else self.mark for key, value in contact.items()}
        return {
            **package,
            **whole,
            "contact": person,
            "answers": [
                self._inside(row, "said_by", ("evidence",)) for row in package.get("answers", [])
            ],
            "quotes": [
                self._inside(row, "speaker", ("text", "topic")) for row in package.get("quotes", [])
            ],
            "objections": [
                {**row, **{name: self.mark for name in ("said", "left_note") if row.get(name)}}
                for row in package.get("objections", [])
            ],
        }

    def _inside(self, row: dict[str, Any], by: str, columns: tuple[str, ...]) -> dict[str, Any]:
        if not self._spoke(row.get(by, "")):
            return row
        return {**row, **{name: self.mark for name in (by, *columns) if row.get(name)}}

    def _spoke(self, speaker: str) -> bool:
        """Whether these are the words of the person; unsigned ones are the prospect's."""
        return not speaker or self.mark in speaker or self.person.nearby.stand_in(speaker)

    def _entry(self, entry: AuditEntry) -> dict[str, Any]:
        changes = [
            {**change, **{side: self.mark for side in ("before", "after") if change.get(side)}}
            for change in entry.changes
        ]
        name = self.mark if entry.model == "accounts.contact" else entry.name
        return {"changes": changes, "name": name, "note": self.mark if entry.note else ""}

    def _delivery(self, event: InboundEvent) -> dict[str, Any]:
        """What a vendor sent goes as a whole, and is not read any more."""
        change: dict[str, Any] = {"body": "", "record_key": ""}
        if event.state in (InboundEvent.State.WAITING, InboundEvent.State.PARKED):
            change |= {"state": InboundEvent.State.REFUSED, "next_try_at": None}
        return {**change, "outcome": erased.SENTENCE}

    def _message(self, message: Message) -> dict[str, Any]:
        """Mail to the prospect or another system goes as a whole; ours loses the words alone."""
        change: dict[str, Any] = {"calendar": ""} if message.calendar else {}
        whole = message.audience == Message.Audience.PROSPECT
        if whole or message.medium == Message.Medium.WEBHOOK:
            change |= {"subject": self.mark, "body": self.mark, "headers": {}}
        if message.recipient.lower() in self.person.emails:
            change["recipient"] = f"erased-{message.pk}@erased.invalid"
        return change

    def _replacing(self, words: Words) -> "Change":
        def change(row: Any) -> dict[str, Any]:
            found = {}
            for name in personal(type(row)):
                value = getattr(row, name)
                new = _walk(value, lambda text: words.replaced(text, self.mark))
                if new != value:
                    found[name] = new
            return found

        return change

    def _write(self, queryset: "models.QuerySet[Any]", change: "Change") -> None:
        """Change each row that has to change, a few hundred in a transaction."""
        model = queryset.model
        pks = list(queryset.order_by("pk").values_list("pk", flat=True))
        for start in range(0, len(pks), AT_ONCE):
            with transaction.atomic():
                for row in rows.all_of(model).filter(pk__in=pks[start : start + AT_ONCE]):
                    new = _different(row, change(row))
                    if not new:
                        continue
                    self._count(row)
                    if model is Handoff:  # an edit page that is open holds the old words
                        new["version"] = models.F("version") + 1
                    if not self.dry_run:
                        rows.all_of(model).filter(pk=row.pk).update(**new)

    def _count(self, row: Any) -> None:
        label = str(row._meta.verbose_name_plural)
        if (label, row.pk) not in self.seen:
            self.seen.add((label, row.pk))
            self.result.changed[label] += 1


def _known_as(person: Person) -> Iterable[str]:
    """Every address and id by which they could come back."""
    yield from person.emails
    for contact in person.contacts:
        yield from erased.names_of(contact)
    for record in SourceRecord.objects.filter(contact_id__in=person.ids):
        if not record.key.startswith("erased "):
            yield erased.record_name(record.source_id, record.key)


Change = Callable[[Any], dict[str, Any]]


def _walk(value: Any, change: Callable[[str], str]) -> Any:
    """`value` with every text in it changed, however deep it sits."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_walk(item, change) for item in value]
    if isinstance(value, dict):
        return {change(str(key)): _walk(item, change) for key, item in value.items()}
    return value


def _different(row: Any, new: dict[str, Any]) -> dict[str, Any]:
    """What really changes, with texts cut to the length of their column."""
    found = {}
    for name, value in new.items():
        most = getattr(row._meta.get_field(name), "max_length", None)
        fitting = value[:most] if most and isinstance(value, str) else value
        if fitting != getattr(row, name):
            found[name] = fitting
    return found
