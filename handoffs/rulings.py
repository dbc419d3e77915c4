"""Rulings on contested rejections as precedents: what counts as a criterion met, in earlier cases.

Everybody with a role may learn from all of them, so whoever may not see a handoff reads its ruling
without the company and without anybody's name.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.db.models import QuerySet

from handoffs.masking import Reader, veil_for
from handoffs.models import Contest, Criterion, Handoff
from team.models import User

MOST = 200  # the newest that a page looks through
BESIDE_A_CRITERION = 3


class Precedent(NamedTuple):
    """One ruling, as its reader may see it; `handoff` is None where they may not open it."""

    code: str
    criterion: str
    reason: str
    rejection: str
    argument: str
    ruling: str
    is_overturned: bool
    because: str
    by: str
    at: datetime | None
    company: str
    handoff: int | None

    def speaks_of(self, words: str) -> bool:
        """Whether all of `words` stand in what the reader sees of it."""
        text = " ".join([self.company, self.rejection, self.argument, self.because]).casefold()
        return all(word in text for word in words.casefold().split())


def ruled() -> QuerySet[Contest]:
    """Every ruling, the newest first."""
    return Contest.objects.exclude(ruling="").order_by("-ruled_at", "-pk")


def precedents(reader: Reader, cases: QuerySet[Contest], most: int = MOST) -> list[Precedent]:
    """The newest `most` of these cases for this reader. Seven queries, however many there are."""
    joined = cases.select_related(
        "criterion",
        "rejection__reason",
        "ruled_by",
        "handoff__account",
        "handoff__contact",
        "handoff__territory",
    ).prefetch_related("handoff__committee", "handoff__quotes", "handoff__answers")
    found = list(joined[:most])
    pks = [case.handoff_id for case in found]
    seen = set(
        Handoff.objects.visible_to(reader.user).filter(pk__in=pks).values_list("pk", flat=True)
    )
    return [_precedent(reader, case, is_seen=case.handoff_id in seen) for case in found]


class OnCriterion(NamedTuple):
    """How one criterion was ruled on before, the newest first."""

    criterion: Criterion
    rows: list[Precedent]


def beside(user: User, criteria: Iterable[Criterion]) -> list[OnCriterion]:
    """The newest rulings on each of these criteria, also under other versions of the standard."""
    asked = {criterion.code: OnCriterion(criterion, []) for criterion in criteria}
    cases = ruled().filter(criterion__code__in=asked)
    for precedent in precedents(Reader(user), cases, most=len(asked) * BESIDE_A_CRITERION):
        rows = asked[precedent.code].rows
        if len(rows) < BESIDE_A_CRITERION:
            rows.append(precedent)
    return [found for found in asked.values() if found.rows]


def _precedent(reader: Reader, case: Contest, *, is_seen: bool) -> Precedent:
    handoff = case.handoff
    veil = veil_for(reader, handoff)
    company = str(handoff.account or "")

    def told(text: str) -> str:
        text = veil.text(text)
        if is_seen or not company:
            return text
        return re.sub(re.escape(company), "the company", text, flags=re.IGNORECASE)

    return Precedent(
        code=case.criterion.code if case.criterion else "",
        criterion=case.criterion.name if case.criterion else "No criterion in particular",
        reason=str(case.rejection.reason or ""),
        rejection=told(case.rejection.note),
        argument=told(case.argument),
        ruling=case.get_ruling_display(),
        is_overturned=case.ruling == Contest.Ruling.OVERTURNED,
        because=told(case.because),
        by=str(case.ruled_by),
        at=case.ruled_at,
        company=company if is_seen else "",
        handoff=handoff.pk if is_seen else None,
    )
