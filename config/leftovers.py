"""A note in a file of which processes a supervisor started, so that the next one can end them.

On Linux the kernel ends them already (config/processes.py); this is for what it misses.
"""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from config import processes


class Note:
    """One file per supervisor and database; several supervisors may work on one database."""

    def __init__(self, folder: Path, database: dict[str, Any]) -> None:
        where = "|".join(str(database.get(part, "")) for part in ("HOST", "PORT", "NAME"))
        self.folder = folder
        self.stem = f"worker-{hashlib.sha256(where.encode()).hexdigest()[:12]}"
        self.path = folder / f"{self.stem}-{os.getpid()}.json"

    def write(self, group: int) -> None:
        """Note that we lead process group `group`."""
        pids = {"supervisor": os.getpid(), "group": group}
        self.path.write_text(
            json.dumps({name: [pid, processes.born_at(pid)] for name, pid in pids.items()})
        )

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)

    def living(self) -> list[int]:
        """The supervisors on this machine that work on our database."""
        found = []
        for path in self.folder.glob(f"{self.stem}-*.json"):
            try:
                pid, since = json.loads(path.read_text())["supervisor"]
            except (OSError, ValueError, KeyError):
                continue
            if processes.born_at(pid) == since:
                found.append(pid)
        return found

    def end_left_overs(self) -> list[int]:
        """Kill the groups whose supervisor is gone; returns them."""
        ended = []
        for path in self.folder.glob(f"{self.stem}-*.json"):
            try:
                note = json.loads(path.read_text())
                (supervisor, since), (group, begun) = note["supervisor"], note["group"]
            except (OSError, ValueError, KeyError):  # half written: its writer was killed
                path.unlink(missing_ok=True)
                continue
            if processes.born_at(supervisor) == since:
                continue
            if begun is not None and processes.members(group, begun):
                processes.kill_group(group)
                ended.append(group)
            path.unlink(missing_ok=True)
        return ended
