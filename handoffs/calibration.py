"""Do both sides read the standard alike? Draws packages, takes blind scores, measures agreement.

Cohen’s kappa per criterion (Cohen 1960): how much more often two people agree than chance alone
would have them. So the definition that is unclear is found, not the person.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse

from handoffs.models import (
    CalibrationCase,
    CalibrationRound,
    CalibrationScore,
    Criterion,
    FrameworkVersion,
    HandoffEvent,
)
from handoffs.models.event import EventKind
from handoffs.refusal import TransitionRefused
from messaging import outbox
from team.models import Role, User

CASES = 10
FEWEST = 10  # packages that both sides scored, before agreement is said
UNCLEAR, CLEAR = 0.4, 0.6  # Landis and Koch 1977: below is no more than fair, above is substantial
Side = CalibrationScore.Side


class Table(NamedTuple):
    """How two sides scored the same cases: how often both said met, only one of them, neither."""

    both: int
    sdr_only: int
    ae_only: int
    neither: int

    @property
    def cases(self) -> int:
        return sum(self)

    @property
    def agreement(self) -> float:
        return (self.both + self.neither) / self.cases

    def kappa(self) -> float | None:
        """Cohen's kappa; None where everybody always said the same, so that chance explains all.

        Both 20, only one side 5, only the other 10, neither 15, of 50: they agree in 35, which is
        0.7. By chance: 25 and 30 said met, so 0.5 x 0.6 + 0.5 x 0.4 = 0.5. (0.7 - 0.5) / 0.5 = 0.4.
        """
        n = self.cases
        sdr, ae = (self.both + self.sdr_only) / n, (self.both + self.ae_only) / n
        chance = sdr * ae + (1 - sdr) * (1 - ae)
        return None if chance == 1 else (self.agreement - chance) / (1 - chance)


class Reading(NamedTuple):
    """How alike one criterion is read. `table` is None with fewer than FEWEST cases."""

    criterion: Criterion
    table: Table | None
    disputed: list[int]  # the numbers of the cases they differ on

    @property
    def kappa(self) -> float | None:
        return self.table.kappa() if self.table else None

    @property
    def verdict(self) -> tuple[str, str]:
        """A word and the colour of its chip."""
        if self.table is None:
            return "too few scores", ""
        kappa = self.kappa
        if kappa is None or kappa >= CLEAR:
            return "read alike", "is-good"
        return ("unclear", "is-bad") if kappa < UNCLEAR else ("worth a talk", "is-warn")


def side_of(user: User) -> Side | None:
    """The side this leader scores for: the SDRs' where they lead both, None where neither."""
    if user.leads(Role.SDR):
        return Side.SDR
    return Side.AE if user.leads(Role.AE) else None


def open_round(now: datetime) -> CalibrationRound | None:
    """Draw this month's packages, once, and tell the leaders; None where there is nothing to do.

    Ten packages that were submitted last month under the standard in force, chosen by chance but
    the same however often it is asked. With fewer than ten there is no round.
    """
    month = now.astimezone(UTC).date().replace(day=1)
    version = FrameworkVersion.objects.active().first()
    if version is None or CalibrationRound.objects.filter(month=month).exists():
        return None
    submitted = HandoffEvent.objects.filter(
        kind=EventKind.SUBMITTED,
        occurred_at__gte=_midnight((month - timedelta(days=1)).replace(day=1)),
        occurred_at__lt=_midnight(month),
        handoff__framework_version=version,
    )
    found = sorted(set(submitted.order_by().values_list("handoff_id", flat=True)))
    if len(found) < CASES:
        return None
    drawn = random.Random(f"calibration {month}").sample(found, CASES)  # noqa: S311  no secret
    try:
        with transaction.atomic():
            new = CalibrationRound.objects.create(month=month, version=version, opened_at=now)
            CalibrationCase.objects.bulk_create(
                CalibrationCase(round=new, handoff_id=pk, number=number)
                for number, pk in enumerate(drawn, start=1)
            )
            _tell_leaders(new, now)
    except IntegrityError:  # another worker drew it at the same moment
        return None
    return new


def is_over(one: CalibrationRound, now: datetime) -> bool:
    """Whether its month is over, so that nobody scores any more."""
    return one.month < now.astimezone(UTC).date().replace(day=1)


def next_case(one: CalibrationRound, user: User) -> CalibrationCase | None:
    """The first case that this leader has not scored."""
    done = CalibrationScore.objects.filter(case__round=one, scorer=user).values("case")
    return one.cases.exclude(pk__in=done).first()


def score(
    case: CalibrationCase, *, by: User, met: Mapping[int, bool], at: datetime
) -> list[CalibrationScore]:
    """Record what one leader finds met, for every criterion at once. Said once, it stays."""
    side = side_of(by)
    if side is None:
        raise TransitionRefused("Only who leads SDRs or AEs scores packages.")
    if is_over(case.round, at):
        raise TransitionRefused("This month is over: its scores stay as they are.")
    criteria = list(case.round.version.criteria.all())
    if missing := [str(one) for one in criteria if one.pk not in met]:
        raise TransitionRefused(f"Say for each criterion whether it is met: {', '.join(missing)}.")
    try:
        with transaction.atomic():
            return CalibrationScore.objects.bulk_create(
                CalibrationScore(
                    case=case,
                    criterion=one,
                    scorer=by,
                    side=side,
                    is_met=met[one.pk],
                    scored_at=at,
                )
                for one in criteria
            )
    except IntegrityError:
        raise TransitionRefused("You have scored this one already.") from None


def finished(one: CalibrationRound) -> dict[str, list[User]]:
    """Who has scored every case, by side."""
    cases = one.cases.count()
    done: dict[int, set[int]] = defaultdict(set)
    sides: dict[int, str] = {}
    rows = CalibrationScore.objects.filter(case__round=one).order_by()
    for scorer, side, case in rows.values_list("scorer_id", "side", "case_id").distinct():
        done[scorer].add(case)
        sides[scorer] = side
    people = User.objects.in_bulk([pk for pk, seen in done.items() if len(seen) == cases])
    found: dict[str, list[User]] = {side.value: [] for side in Side}
    for pk, person in sorted(people.items()):
        found[sides[pk]].append(person)
    return found


def readings(one: CalibrationRound) -> list[Reading]:
    """How alike each criterion was read, the most unclear first.

    Every SDR leader is set beside every AE leader on each case that both have scored.
    """
    scores: dict[int, dict[int, dict[str, list[bool]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(list))
    )
    rows = CalibrationScore.objects.filter(case__round=one).order_by()
    for criterion, number, side, is_met in rows.values_list(
        "criterion_id", "case__number", "side", "is_met"
    ):
        scores[criterion][number][side].append(is_met)
    found = [_reading(one_, scores[one_.pk]) for one_ in one.version.criteria.all()]
    return sorted(found, key=_by_kappa)


def said_of(case: CalibrationCase) -> dict[int, list[tuple[str, list[bool]]]]:
    """What each side said of one case, by criterion: (the side in words, met or not)."""
    rows = case.scores.order_by("scorer_id").values_list("criterion_id", "side", "is_met")
    found: dict[int, dict[str, list[bool]]] = defaultdict(lambda: {side.value: [] for side in Side})
    for criterion, side, is_met in rows:
        found[criterion][side].append(is_met)
    return {
        criterion: [(str(Side(side).label), said) for side, said in sides.items()]
        for criterion, sides in found.items()
    }


def table_of(pairs: Iterable[tuple[bool, bool]]) -> Table:
    """Counts pairs of (SDR leader, AE leader) scores."""
    counted = list(pairs)
    return Table(
        both=counted.count((True, True)),
        sdr_only=counted.count((True, False)),
        ae_only=counted.count((False, True)),
        neither=counted.count((False, False)),
    )


def _reading(criterion: Criterion, by_case: Mapping[int, Mapping[str, Sequence[bool]]]) -> Reading:
    pairs: list[tuple[bool, bool]] = []
    disputed, scored = [], 0
    for number, sides in sorted(by_case.items()):
        here = [(a, b) for a in sides.get(Side.SDR, ()) for b in sides.get(Side.AE, ())]
        scored += bool(here)
        pairs += here
        if any(a != b for a, b in here):
            disputed.append(number)
    enough = scored >= FEWEST
    return Reading(criterion, table_of(pairs) if enough else None, disputed if enough else [])


def _by_kappa(reading: Reading) -> tuple[bool, float, int]:
    kappa = reading.kappa
    return reading.table is None, 2.0 if kappa is None else kappa, reading.criterion.position


def _tell_leaders(new: CalibrationRound, now: datetime) -> None:
    fields = {"count": str(CASES), "link": settings.BASE_URL + reverse("calibration")}
    for manager in User.objects.active().filter(is_manager=True).exclude(email=""):
        if side_of(manager) is None:
            continue
        key = f"calibration:{new.pk}:{manager.pk}"
        outbox.tell(manager, event_key=key, text="calibration_open", fields=fields, now=now)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
