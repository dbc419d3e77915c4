"""The one exception of the house that carries a sentence for the person who tried."""

from typing import Any


class TransitionRefused(Exception):
    """A move that may not be. `gaps` holds what the package lacks, where that is why."""

    def __init__(self, sentence: str, gaps: Any = ()) -> None:
        super().__init__(sentence)
        self.gaps = list(gaps)
