"""The demo's calibrations: last month's scored by both sides, this month's still to do."""

from datetime import datetime, timedelta
from random import Random

from handoffs import calibration
from handoffs.models import Answer, CalibrationRound, MustHave
from team.models import User

# How often the AE leader sees it otherwise: the timeline's definition is the unclear one
DIFFERS = {MustHave.TIMELINE.value: 0.5}
ELSEWHERE = 0.08
LENIENT = 0.75  # how often both find met what the SDR called confirmed


def calibrate(random: Random, people: dict[str, User], now: datetime) -> None:
    """Draw two months as far as there are packages, and score the first."""
    before = now.replace(day=1) - timedelta(days=2)
    past = calibration.open_round(before)
    if past is not None:
        _score(random, past, people["theo"], people["manager"], before)
    calibration.open_round(now)


def _score(
    random: Random, past: CalibrationRound, sdr_leader: User, ae_leader: User, at: datetime
) -> None:
    for case in past.cases.all():
        known = {answer.criterion_id: answer for answer in case.handoff.answers.all()}
        ours, theirs = {}, {}
        for criterion in past.version.criteria.all():
            answer = known.get(criterion.pk)
            confirmed = answer is not None and answer.status == Answer.Status.CONFIRMED
            met = confirmed and random.random() < LENIENT
            differs = random.random() < DIFFERS.get(criterion.must_have, ELSEWHERE)
            ours[criterion.pk], theirs[criterion.pk] = met, met != differs
        calibration.score(case, by=sdr_leader, met=ours, at=at)
        calibration.score(case, by=ae_leader, met=theirs, at=at)
