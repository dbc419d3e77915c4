"""Keeps who changed a package, with before and after, once it was handed over.

While the author writes the first draft there is nobody to tell: what is submitted stands in the log
as a whole. From then on, and whenever somebody else edits it, each save is an entry of the trail.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from handoffs.models import Answer, Criterion, Handoff
from team.audit import Change, in_words, note
from team.models import Deed, User

Values = Mapping[str, Any]
# What says which row of a list it is, to whoever reads the trail
TITLES = {
    "triggers": "trigger",
    "quotes": "quote",
    "objections": "objection",
    "committee": "person",
}


def is_kept(handoff: Handoff, by: User) -> bool:
    """Whether an edit of this package now is worth an entry."""
    return handoff.submitted_at is not None or by.pk != handoff.sdr_id


def write_down(
    handoff: Handoff,
    *,
    by: User,
    at: datetime,
    fields: tuple[Values, Values],
    answers: tuple[Mapping[int, Values], Mapping[int, Values]],
    lists: tuple[Mapping[str, Sequence[Values]], Mapping[str, Sequence[Values]]],
) -> None:
    """One entry for one save; each pair is what stood there, and what stands there now."""
    changes = [
        *_fields(*fields),
        *_answers(*answers),
        *(change for name in lists[1] for change in _rows(name, lists[0][name], lists[1][name])),
    ]
    if changes:
        note(Deed.CHANGED, by=by, about=handoff, changes=changes, words="The package.", at=at)


def _fields(before: Values, after: Values) -> Iterator[Change]:
    for name, value in after.items():
        if before[name] != value:
            field = Handoff._meta.get_field(name)
            label = str(getattr(field, "verbose_name", name))
            yield Change(label, in_words(name, before[name], field), in_words(name, value, field))


def _answers(before: Mapping[int, Values], after: Mapping[int, Values]) -> Iterator[Change]:
    changed = [pk for pk, values in after.items() if before.get(pk, {}) != values]
    names = dict(Criterion.objects.filter(pk__in=changed).values_list("pk", "name"))
    for pk in changed:
        was, now = before.get(pk, {}), after[pk]
        for column in dict.fromkeys([*was, *now]):
            field = Answer._meta.get_field(column)
            old = in_words(column, was.get(column), field)
            new = in_words(column, now.get(column), field)
            if old != new:
                yield Change(f"{names.get(pk, 'answer')}, {field.verbose_name}", old, new)  # type: ignore[union-attr]


def _rows(name: str, before: Sequence[Values], after: Sequence[Values]) -> Iterator[Change]:
    """Rows that went, came or read otherwise, told in the order in which they stand."""
    was, now = [_line(row) for row in before], [_line(row) for row in after]
    gone = [line for line in was if line not in now]
    new = [line for line in now if line not in was]
    for number in range(max(len(gone), len(new))):
        old = gone[number] if number < len(gone) else ""
        yield Change(TITLES[name], old, new[number] if number < len(new) else "")


def _line(row: Values) -> str:
    return " · ".join(in_words(name, value) for name, value in row.items() if value)
