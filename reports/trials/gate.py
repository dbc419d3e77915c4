"""A standard, or one more rule, tried on the packages that were handed over: which of them the gate
would have stopped, and what became of those."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from handoffs.completeness import PREFETCH, gaps, gaps_under
from handoffs.models import FrameworkVersion, Handoff, LeadSource, LeadSourceRule
from reports.figures import rate
from reports.models import Fact
from reports.periods import Period
from reports.rules import SECTION_NAMES, criteria_names, name_of, rule_of
from reports.tables import RATE, TEXT, Column, Row, Table

MOST_HANDOFFS = 5000  # the newest of a window; each package is read whole
BATCH = 200


@dataclass
class GateTrial:
    """What a standard would have said to the packages of a window.

    `stopped` and `passed` are handoffs; `rules` counts by section and field what was missing.
    """

    handoffs: int = 0
    is_cut: bool = False  # there were more than MOST_HANDOFFS
    stopped: list[int] = field(default_factory=list)
    passed: list[int] = field(default_factory=list)
    rules: Counter[tuple[str, str]] = field(default_factory=Counter)
    sources: Counter[tuple[str, bool]] = field(default_factory=Counter)
    changed: int = 0  # its own standard would no longer let it through: it has changed since


def try_out(
    standard: FrameworkVersion,
    period: Period,
    *,
    rules: Sequence[LeadSourceRule] = (),
    lead_source: str = "",
) -> GateTrial:
    """Read every package submitted in the period as it stands, at the moment of its submission.

    `rules` are asked for besides. What does not pass under the standard it was written under,
    because the package, its contact or its account changed since, is counted apart, not judged.
    """
    trial = GateTrial()
    rows = Handoff.objects.filter(submitted_at__gte=period.start, submitted_at__lt=period.end)
    if lead_source:
        rows = rows.filter(lead_source=lead_source)
    found = rows.order_by("-submitted_at", "-pk").values_list("pk", flat=True)
    ids = list(found[: MOST_HANDOFFS + 1])
    trial.is_cut = len(ids) > MOST_HANDOFFS
    joined = Handoff.objects.select_related(
        "account", "contact__account", "sdr", "framework_version__framework"
    )
    for batch in _batches(ids[:MOST_HANDOFFS]):
        for handoff in joined.filter(pk__in=batch).prefetch_related(*PREFETCH):
            trial.handoffs += 1
            at: Any = handoff.submitted_at
            if gaps(handoff, at):
                trial.changed += 1
                continue
            missing = gaps_under(handoff, standard, at, rules)
            for place in {(gap.section, rule_of(gap.field)) for gap in missing}:
                trial.rules[place] += 1
            (trial.stopped if missing else trial.passed).append(handoff.pk)
            trial.sources[handoff.lead_source, bool(missing)] += 1
    return trial


def became(trial: GateTrial) -> Table:
    """What became of the packages that would have been stopped, beside those that pass."""
    stopped, passed = _fates(trial.stopped), _fates(trial.passed)
    names = {
        "won": "Became an opportunity",
        "lost": "Disqualified after the call",
        "rejected": "Rejected by the AE",
        "returned": "Returned for information at least once",
        "withdrawn": "Withdrawn",
        "open": "Not over yet",
    }
    rows = tuple(
        Row((words, rate(stopped[key], len(trial.stopped)), rate(passed[key], len(trial.passed))))
        for key, words in names.items()
    )
    columns = (
        Column("What became of them", TEXT),
        Column("Would have been stopped", RATE),
        Column("Would have passed", RATE),
    )
    note = (
        "A rule is worth its trouble where what it stops ends worse than what it lets through. "
        "Stopped does not mean lost: the SDR would have been asked for what is missing."
    )
    return Table("became", "What became of them", columns, rows, note)


def by_rule(trial: GateTrial) -> Table:
    """What would have been missing, by field."""
    total = len(trial.stopped) + len(trial.passed)
    criteria = criteria_names()
    rows = tuple(
        Row((SECTION_NAMES.get(section, section), name_of(rule, criteria), rate(count, total)))
        for (section, rule), count in trial.rules.most_common()
    )
    columns = (Column("Section", TEXT), Column("What", TEXT), Column("Packages without it", RATE))
    return Table("rules", "What would have been missing", columns, rows, "", "Nothing.")


def by_source(trial: GateTrial) -> Table:
    """What would have been stopped, by lead source; history stopped none of these."""
    rows = []
    for source, label in LeadSource.choices:
        stopped, passed = trial.sources[source, True], trial.sources[source, False]
        if stopped or passed:
            rows.append(
                Row((str(label), rate(0, stopped + passed), rate(stopped, stopped + passed)))
            )
    columns = (
        Column("Lead source", TEXT),
        Column("Stopped under their own standard", RATE),
        Column("Stopped as tried", RATE),
    )
    return Table("sources", "Side by side", columns, tuple(rows))


def _fates(ids: list[int]) -> Counter[str]:
    found: Counter[str] = Counter()
    for batch in _batches(ids):
        rows = Fact.objects.filter(pk__in=batch)
        for outcome, closed, qualified, returns in rows.values_list(
            "outcome", "closed_at", "qualified_at", "returns"
        ):
            found[_fate(outcome, closed, qualified)] += 1
            found["returned"] += returns > 0
    return found


def _fate(outcome: str, closed: datetime | None, qualified: datetime | None) -> str:
    if qualified is not None:
        return "won"
    if outcome == Fact.Outcome.REJECTED:
        return "rejected"
    if closed is None:
        return "open"
    return "lost" if outcome == Fact.Outcome.ACCEPTED else "withdrawn"


def _batches(ids: Iterable[int]) -> Iterator[list[int]]:
    feed = iter(ids)
    while batch := list(islice(feed, BATCH)):
        yield batch
