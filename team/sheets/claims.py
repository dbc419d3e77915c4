"""Remembers which keys the rows of a file have used, in bounded memory however long the file is."""

import sqlite3

MOST_IN_MEMORY = 250_000  # keys, about 25 MB


class Claims:
    """The first row that used each key. Keys are kept as 64-bit hashes of one process.

    Of ten million keys two collide with a chance of about one in 400,000; a row would then be
    called a repetition, never be lost silently. Beyond MOST_IN_MEMORY they go to a temporary file.
    """

    def __init__(self, most_in_memory: int = MOST_IN_MEMORY) -> None:
        self._most = most_in_memory
        self._recent: dict[int, int] = {}
        self._file: sqlite3.Connection | None = None

    def first(self, kind: str, key: object, row: int) -> int:
        """The row that used the key first: `row` itself if none has."""
        number = hash((kind, key))
        if self._file is not None and number not in self._recent:
            found = self._file.execute("SELECT row FROM seen WHERE key = ?", (number,)).fetchone()
            if found:
                return int(found[0])
        first = self._recent.setdefault(number, row)
        if len(self._recent) > self._most:
            self._spill()
        return first

    def _spill(self) -> None:
        if self._file is None:
            # An empty name is a file of its own that SQLite removes by itself
            self._file = sqlite3.connect("", isolation_level=None)
            self._file.executescript(
                "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-8000;"
                "CREATE TABLE seen (key INTEGER PRIMARY KEY, row INTEGER)"
            )
        self._file.execute("BEGIN")
        self._file.executemany("INSERT INTO seen VALUES (?, ?)", sorted(self._recent.items()))
        self._file.execute("COMMIT")
        self._recent.clear()
