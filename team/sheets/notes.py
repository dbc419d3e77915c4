"""The note beside a running import: who holds it, how far they are, whether they should stop."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from django.core.files.storage import default_storage


class Cancelled(Exception):
    """Somebody asked to stop; everything so far is undone."""


class Progress(NamedTuple):
    """Rows done of how many; 0 of 0 before they are counted."""

    done: int = 0
    total: int = 0


class Note:
    """A file that its import is known by. The lock on it ends with the process that holds it."""

    def __init__(self, name: str) -> None:
        self.path = Path(default_storage.path(name))
        self.stop = self.path.with_suffix(".stop")
        self.lock = self.path.with_suffix(".lock")

    @contextmanager
    def locked(self) -> Iterator[bool]:
        """Whether this process has it now."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(self.lock, "w", opener=private) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True

    @property
    def is_held(self) -> bool:
        """Whether a living process is at it."""
        if not self.lock.exists():
            return False
        with self.locked() as is_ours:
            return not is_ours

    def say(self, done: int, total: int) -> None:
        """Write down how far it is. Raises Cancelled."""
        if self.stop.exists():
            raise Cancelled
        fresh = self.path.with_suffix(".fresh")
        with open(fresh, "w", opener=private) as file:
            json.dump([done, total], file)
        os.replace(fresh, self.path)

    def read(self) -> Progress:
        try:
            return Progress(*json.loads(self.path.read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return Progress()

    def begin_anew(self) -> None:
        """Forget how far the step before was."""
        self.path.unlink(missing_ok=True)

    def ask_to_stop(self) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.stop.touch(mode=0o600)

    def drop(self) -> None:
        """Remove it, unless somebody is still at it: they do so when they have stopped."""
        if not self.is_held:
            for path in (self.path, self.lock, self.stop):
                path.unlink(missing_ok=True)


def private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
