"""How old the evidence behind an answer is, and how long it counts; the gate's use of it is there.

A criterion says for how many days its evidence keeps: budgets change sooner than who decides.
"""

from datetime import date
from typing import NamedTuple

from accounts.freshness import State
from handoffs.models import Answer, Criterion


class Age(NamedTuple):
    """How old something the prospect said is, beside how long it counts; both in days."""

    days: int
    limit: int

    @property
    def state(self) -> State:
        """Ageing from half of the limit, stale from the day after it."""
        if self.days > self.limit:
            return State.STALE
        return State.AGEING if self.days * 2 >= self.limit else State.FRESH

    @property
    def words(self) -> str:
        """For the chip beside the answer; nothing while it is fresh."""
        ago = f"{self.days} days old"
        if self.state is State.STALE:
            return f"{ago}, counts for {self.limit}"
        return ago if self.state is State.AGEING else ""


def age(criterion: Criterion, answer: Answer, today: date) -> Age | None:
    """How old the evidence of `answer` is on `today`; None where nothing ages or nobody said it."""
    if criterion.keeps_days is None or answer.said_on is None or answer.status not in Answer.CLAIMS:
        return None
    return Age(max(0, (today - answer.said_on).days), criterion.keeps_days)


def standing(criterion: Criterion, answer: Answer, today: date) -> str:
    """The status that counts on `today`: what was confirmed too long ago is only stated."""
    known = age(criterion, answer, today)
    is_old = known is not None and known.state is State.STALE
    if is_old and answer.status == Answer.Status.CONFIRMED:
        return Answer.Status.STATED.value
    return answer.status
