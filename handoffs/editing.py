"""Saving a package: the one verb behind every door that edits one. It writes no status.

A package is plain data here: single fields, answers by criterion, and lists of rows. Merging two
versions of it is `handoffs.merging`; turning typed text into it is `handoffs.forms`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db import models, transaction
from django.db.models import F
from django.utils import timezone

from handoffs import edit_trail, rights
from handoffs.models import Answer, CommitteeMember, Handoff, Objection, Quote, Trigger
from handoffs.refusal import TransitionRefused
from team.models import User

Values = dict[str, Any]

FIELDS = (
    "account",
    "framework_version",
    "contact",
    "lead_source",
    "original_source",
    "company_size",
    "industry",
    "tech_stack",
    "growth_signals",
    "why_targeted",
    "call_notes",
    "no_objections",
    "nobody_else",
    "next_step",
    "next_step_at",
    "next_step_who",
)
ANSWER_FIELDS = ("status", "value", "evidence", "said_by", "said_on", "channel")
SPEAKERS = ("said_by", "speaker", "mentioned_by")
ROW_FIELDS: dict[str, tuple[str, ...]] = {
    "triggers": ("kind", "happened_on", "detail", "source_url"),
    "quotes": ("text", "speaker", "topic"),
    "objections": ("category", "said", "competitor", "left", "left_note"),
    "committee": (
        "contact_id",
        "name",
        "title",
        "role",
        "attitude",
        "engaged",
        "mentioned_by",
    ),
}
ROW_MODELS: dict[str, type[models.Model]] = {
    "triggers": Trigger,
    "quotes": Quote,
    "objections": Objection,
    "committee": CommitteeMember,
}
MOST_ROWS = 50  # of one list

# The database holds these once a package was handed over, so a returned one may not lose them.
HELD_AFTER_SUBMISSION = (
    "contact",
    "company_size",
    "industry",
    "tech_stack",
    "growth_signals",
    "why_targeted",
    "call_notes",
    "next_step",
    "next_step_at",
    "next_step_who",
)


class EditConflict(Exception):
    """Somebody saved the package after it was read; nothing was written."""


class Row(NamedTuple):
    """One row of a list. `key` is what the page calls it; `pk` is None while it is new."""

    key: str
    pk: int | None
    values: Values


@dataclass
class Package:
    """What may be edited. A field, answer or list that is left out stays as it is."""

    fields: Values = field(default_factory=dict)
    answers: dict[int, Values] = field(default_factory=dict)
    lists: dict[str, list[Row]] = field(default_factory=dict)

    def name_speaker(self, name: str) -> None:
        """Whatever has nobody who said it was said by `name`."""
        rows = [row.values for each in self.lists.values() for row in each]
        for values in (*self.answers.values(), *rows):
            for column in SPEAKERS:
                if values.get(column) == "":
                    values[column] = name


class Saved(NamedTuple):
    """The handoff as it stands now, and the ids that new rows were given, by list and key."""

    handoff: Handoff
    ids: dict[tuple[str, str], int]
    changed: bool


def read(handoff: Handoff) -> Package:
    """The package as it stood when `handoff` was read; no query for a handoff of the gate's."""
    package = Package(
        fields={name: getattr(handoff, name) for name in FIELDS},
        answers={
            answer.criterion_id: {name: getattr(answer, name) for name in ANSWER_FIELDS}
            for answer in handoff.answers.all()
        },
    )
    for name, fields in ROW_FIELDS.items():
        package.lists[name] = [
            Row(str(row.pk), row.pk, {column: getattr(row, column) for column in fields})
            for row in getattr(handoff, name).all()
        ]
    return package


def save(
    handoff: Handoff,
    package: Package,
    *,
    by: User,
    version: int,
    at: datetime | None = None,
) -> Saved:
    """Write `package` if nobody saved since `version`; all of it or nothing.

    Saving what already stands there changes nothing, whatever the version: a second click on
    Save, or a retry after a lost answer, is no conflict. `handoff` is taken for what stands there
    where it is of that version: if it is no longer, nothing is written. Raises EditConflict, and
    TransitionRefused with a sentence where `by` may not edit or the package is out of hand.
    """
    at = at or timezone.now()
    if sentence := rights.why_not(by, rights.EDIT, handoff):
        raise TransitionRefused(sentence)
    standing = handoff if handoff.version == version else _fresh(handoff)
    before = read(standing)
    if known := _already_there(package, before):
        return Saved(standing, known.ids, changed=False)
    with transaction.atomic():
        written = Handoff.objects.filter(
            pk=handoff.pk,
            version=version,
            status__in=(Handoff.Status.DRAFT, Handoff.Status.RETURNED),
        ).update(version=F("version") + 1, updated_at=at, **package.fields)
        if not written:
            standing = _fresh(handoff)
            if known := _already_there(package, read(standing)):
                return Saved(standing, known.ids, changed=False)
            if not standing.is_editable_package:
                raise TransitionRefused(out_of_hand(standing))
            raise EditConflict
        _write_answers(standing, package.answers)
        ids: dict[tuple[str, str], int] = {}
        for name, rows in package.lists.items():
            ids |= _write_rows(standing, name, rows)
        if edit_trail.is_kept(standing, by):
            edit_trail.write_down(
                standing,
                by=by,
                at=at,
                fields=(before.fields, package.fields),
                answers=(before.answers, package.answers),
                lists=(_values(before), _values(package)),
            )
        return Saved(_fresh(handoff), ids, changed=True)


def out_of_hand(handoff: Handoff) -> str:
    """Why this package cannot be changed now."""
    return {
        Handoff.Status.SUBMITTED: "This handoff was submitted, so its package is with the AE now. "
        "Ask them to return it if something has to change.",
        Handoff.Status.REJECTED: "This handoff was rejected, so its package stays as it was.",
        Handoff.Status.WITHDRAWN: "This handoff was withdrawn, so its package stays as it was.",
    }.get(
        Handoff.Status(handoff.status),
        f"{handoff.owner or 'An AE'} has accepted this handoff, so its package stays as it was.",
    )


def _values(package: Package) -> dict[str, list[Values]]:
    return {name: [row.values for row in rows] for name, rows in package.lists.items()}


# --- Below the verb ------------------------------------------------------------------------------


class _Known(NamedTuple):
    ids: dict[tuple[str, str], int]


def _already_there(package: Package, standing: Package) -> _Known | None:
    """The ids of the rows where everything in `package` stands there already, else None."""
    if any(standing.fields[name] != value for name, value in package.fields.items()):
        return None
    for criterion, values in package.answers.items():
        if standing.answers.get(criterion, {}) != values:
            return None
    ids: dict[tuple[str, str], int] = {}
    for name, rows in package.lists.items():
        there = standing.lists[name]
        if [row.values for row in rows] != [row.values for row in there]:
            return None
        ids |= {
            (name, row.key): stored.pk
            for row, stored in zip(rows, there, strict=True)
            if row.pk is None and stored.pk is not None
        }
    return _Known(ids)


def _write_answers(handoff: Handoff, answers: dict[int, Values]) -> None:
    """Store each answer; one without any content is taken away."""
    standing = {answer.criterion_id: answer for answer in handoff.answers.all()}
    new = []
    for criterion, values in answers.items():
        answer = standing.get(criterion)
        if not values:
            if answer is not None:
                answer.delete()
        elif answer is None:
            new.append(Answer(handoff=handoff, criterion_id=criterion, **values))
        else:
            _update(answer, values)
    Answer.objects.bulk_create(new)


def _write_rows(handoff: Handoff, name: str, rows: list[Row]) -> dict[tuple[str, str], int]:
    """Make the list what `rows` says: update, add, take away. Returns the new ids.

    A row whose id is gone was removed by somebody meanwhile: its text is kept as a new row.
    """
    model = ROW_MODELS[name]
    related = getattr(handoff, name)
    standing = {row.pk: row for row in related.all()}
    kept = {row.pk for row in rows if row.pk in standing}
    if gone := set(standing) - kept:
        related.filter(pk__in=gone).delete()
    ids: dict[tuple[str, str], int] = {}
    for row in rows:
        if row.pk in standing:
            _update(standing[row.pk], row.values)
        else:
            added = model(handoff=handoff, **row.values)
            added.save(force_insert=True)
            ids[name, row.key] = added.pk
    return ids


def _update(row: models.Model, values: Values) -> None:
    """Save the columns of `row` that differ."""
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    if changed:
        row.save(update_fields=changed)


def _fresh(handoff: Handoff) -> Handoff:
    fresh = (
        Handoff.objects.select_related(
            "sdr", "owner", "account", "contact__account", "framework_version", "territory"
        )
        .filter(pk=handoff.pk)
        .first()
    )
    if not isinstance(fresh, Handoff):
        raise TransitionRefused("This handoff does not exist any more.")
    return fresh
