"""The clock of real processes, set forward and back while they run, by libfaketime.

Only what time of day it is changes. The machine's own clock is never touched.
"""

import os
from pathlib import Path

from tests.faults.harness import ROOT
from tests.postgres import missing

# Debian's package libfaketime; the build for programs with several threads
LIBRARY = "*/faketime/libfaketimeMT.so.1"


class FakeClock:
    """Read by every process that is started with its `environment`."""

    def __init__(self, folder: Path) -> None:
        found = sorted(Path("/usr/lib").glob(LIBRARY))
        if not found:
            missing("libfaketime")
        self.file = folder / "clock"
        self.set("+0")
        self.environment = {
            "LD_PRELOAD": str(found[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "PYTHONPATH": str(ROOT / "tests/faults/monotonic"),
        }

    def set(self, offset: str) -> None:
        """From now on it is `offset` from the true time, such as +0, +3h or -1d."""
        fresh = self.file.with_suffix(".fresh")
        fresh.write_text(f"{offset}\n")
        os.replace(fresh, self.file)
