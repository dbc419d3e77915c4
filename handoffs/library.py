"""What the library offers for a package, and why: competitor notes and customer stories by tags.

An entry fits by the industry, the trigger and the objections it is tagged with; RevOps keeps them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from accounts.models import SignalKind
from accounts.names import name_key
from handoffs.models import CaseStudy, CompetitorNote, Handoff, Objection
from handoffs.models.preparation import LibraryEntry
from handoffs.preparation import competitors_of

INDUSTRY, ANY_INDUSTRY, TRIGGER, OBJECTION = 4, 1, 2, 1  # what a shared tag is worth

Entry = TypeVar("Entry", bound=LibraryEntry)


@dataclass(frozen=True)
class Suggestion(Generic[Entry]):
    """An entry, and the tags it shares with the package in words; none when it fits everybody."""

    entry: Entry
    because: list[str] = field(default_factory=list)
    worth: int = 0


def stories_for(handoff: Handoff) -> list[Suggestion[CaseStudy]]:
    """Every customer story that is offered, the best match first."""
    return _ranked(handoff, CaseStudy.objects.current())


def notes_on_named(handoff: Handoff) -> list[Suggestion[CompetitorNote]]:
    """What the library says about the competitors they named, however the name is written."""
    wanted = {name_key(name) for name in competitors_of(handoff)}
    return [note for note in _notes(handoff) if name_key(note.entry.competitor) in wanted]


def notes_on_likely(handoff: Handoff) -> list[Suggestion[CompetitorNote]]:
    """Competitors they did not name, but whose tags say that they come up in such a case.

    In their industry, that is; a shared trigger or objection alone says too little.
    """
    named = {name_key(name) for name in competitors_of(handoff)}
    return [
        note
        for note in _notes(handoff)
        if note.worth >= INDUSTRY and name_key(note.entry.competitor) not in named
    ]


def without_note(handoff: Handoff) -> list[str]:
    """The competitors they named that nobody has written about yet."""
    known = {name_key(note.competitor) for note in CompetitorNote.objects.current()}
    return [name for name in competitors_of(handoff) if name_key(name) not in known]


def _notes(handoff: Handoff) -> list[Suggestion[CompetitorNote]]:
    return _ranked(handoff, CompetitorNote.objects.current())


def _ranked(handoff: Handoff, entries: Iterable[Entry]) -> list[Suggestion[Entry]]:
    industry = handoff.industry.strip()
    triggers = set(handoff.triggers.values_list("kind", flat=True))
    objections = set(handoff.objections.values_list("category", flat=True))
    found = [_judged(entry, industry, triggers, objections) for entry in entries]
    return sorted(found, key=lambda one: (-one.worth, str(one.entry)))


def _judged(
    entry: Entry, industry: str, triggers: set[str], objections: set[str]
) -> Suggestion[Entry]:
    worth, because = 0, []
    industries = entry.industry_list()
    if not industries:
        worth += ANY_INDUSTRY
    elif industry.lower() in industries:
        worth += INDUSTRY
        because.append(industry)
    if shared := [kind for kind in SignalKind if kind in triggers & set(entry.triggers)]:
        worth += TRIGGER
        because += [str(kind.label) for kind in shared]
    raised = objections & set(entry.objections)
    if raised:
        worth += OBJECTION
        because += [
            f"Objection: {str(kind.label).lower()}" for kind in Objection.Category if kind in raised
        ]
    return Suggestion(entry, because, worth)
