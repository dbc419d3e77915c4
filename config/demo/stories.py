"""What happens to each demo handoff: a plan of moves in time, played through the real verbs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from config.demo.moves import Moves
from handoffs.models.meeting import MOST_NO_SHOWS

# How many SDRs submit before the package is whole
HURRIED = 0.3
# How a handoff ends, in parts of a hundred
ENDINGS = [("qualified", 56), ("disqualified", 26), ("rejected", 12), ("withdrawn", 6)]


@dataclass(order=True)
class Act:
    """One thing that happens to one handoff at one moment."""

    at: datetime
    order: int
    run: Callable[[datetime], None] = field(compare=False)


class Story(Moves):
    """One handoff from its first draft to wherever it stands at the end of the demo."""

    def acts(self, number: int) -> Iterator[Act]:
        """Its acts in order of time; a later one is skipped when an earlier one made it moot."""
        order = number * 100
        at = self._later(self.begins, 0)
        yield Act(at, order, self._write)
        if self.ending == "draft":
            return
        hurried = self.random.random() < HURRIED
        if hurried:
            yield Act(self._later(at, 10), order + 1, self._try_too_early)
        at = self._later(at, 25)
        yield Act(at, order + 1, self._submit)
        if self.ending == "waiting":
            return
        if self.ending == "withdrawn":
            yield Act(self._later(at, 40), order + 2, self._withdraw)
            return
        if self.ending == "returned" or self.random.random() < (0.25 if hurried else 0.08):
            at = self._later(at, self.random.randrange(20, 180))
            yield Act(at, order + 2, self._return)
            if self.ending == "returned":
                return
            at = self._later(at, self.random.randrange(60, 420))
            yield Act(at, order + 3, self._answer)
        at = self._later(at, int(self.random.lognormvariate(3.5, 0.8) * self.pace))
        if self.ending in ("rejected", "contested"):
            yield Act(at, order + 4, self._reject)
            if self.ending == "contested":
                yield Act(self._later(at, 30), order + 5, self._contest)
            elif self.random.random() < 0.4:
                yield Act(self._later(at, 150), order + 5, self._contest)
                yield Act(self._later(at, 900), order + 6, self._rule)
            if self.random.random() < 0.6:
                yield Act(self._later(at, 480), order + 7, self._talk)
            return
        yield Act(at, order + 5, self._accept)
        if self.ending == "accepted":
            return
        if self.random.random() < 0.85:
            yield Act(self._later(at, self.random.randrange(3, 60)), order + 6, self._introduce)
        if self.random.random() > 0.15:
            at = self._later(at, self.random.randrange(5, 90))
            yield Act(at, order + 7, self._prepare)
        at = self._later(at, int(self.random.lognormvariate(3.7, 0.8) * self.pace))
        yield Act(at, order + 8, self._contact)
        if self.ending == "missed":
            yield Act(self.meets_at + timedelta(minutes=20), order + 9, self._miss)
        if self.ending == "gone":
            yield from self._never_come(order + 9)
        if self.ending in ("contacted", "met", "missed", "gone"):
            return
        yield from self._meet(order + 9)

    def _meet(self, order: int) -> Iterator[Act]:
        """The meeting that was agreed: held at once, moved, or missed and held later."""
        at = self.meets_at
        luck = self.random.random()
        won = self.ending == "qualified"
        if luck < 0.10:
            yield Act(at - timedelta(hours=5), order, self._move_meeting)
            at = self._later(at, 60 * 8 * 2)
        elif luck < (0.20 if won else 0.50):
            yield Act(at + timedelta(minutes=20), order, self._miss)
            if not won and luck > 0.32:
                yield Act(self._later(at, 60 * 8 * 6), order + 3, self._close)
                return
            yield Act(at + timedelta(minutes=50), order + 1, self._move_meeting)
            at = self._later(at + timedelta(minutes=50), 60 * 8 * 2)
        yield Act(at + timedelta(minutes=45), order + 2, self._hold)
        end = self._later(at + timedelta(minutes=45), self.random.randrange(20, 900))
        yield Act(end, order + 3, self._close)

    def _never_come(self, order: int) -> Iterator[Act]:
        """The prospect joins none of the meetings, as often as we try."""
        at = self.meets_at
        for attempt in range(MOST_NO_SHOWS):
            yield Act(at + timedelta(minutes=20), order + 2 * attempt, self._miss)
            if attempt + 1 < MOST_NO_SHOWS:
                moved = at + timedelta(minutes=50)
                yield Act(moved, order + 2 * attempt + 1, self._move_meeting)
                at = self._next_meeting(at)
