"""Asks an advisory database about every locked package: `make audit`.

pip-audit ends happily when it could not look anything up, so its word is not enough: each package
of the lock has to be in the answer, looked up, or nothing has been audited and this says so.
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

HOME = Path(__file__).resolve().parent
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==(\S+)", re.MULTILINE)
CLEAN, VULNERABLE, NOT_AUDITED = 0, 1, 3


def main() -> int:
    worst = CLEAN
    for name in ("base.txt", "dev.txt"):
        lock = HOME / name
        code, words = verdict(locked(lock.read_text()), _ask(lock))
        sys.stdout.write(f"{name}: {words}\n")
        worst = max(worst, code)
    return worst


def locked(text: str) -> set[str]:
    """The names in a lock, as advisory databases write them."""
    return {_plain(name) for name, _ in PINNED.findall(text)}


def verdict(wanted: set[str], report: str) -> tuple[int, str]:
    """The code to end with and why, from pip-audit’s own report."""
    try:
        rows: list[dict[str, Any]] = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return NOT_AUDITED, f"NOT AUDITED: no advisory database answered. {report.strip()[-300:]}"
    found = {_plain(row["name"]) for row in rows if "vulns" in row and "skip_reason" not in row}
    open_ones = [
        f"{row['name']} {row['version']}: {', '.join(one['id'] for one in row['vulns'])}"
        for row in rows
        if row.get("vulns")
    ]
    missed = wanted - found
    if open_ones:
        return VULNERABLE, f"{len(open_ones)} vulnerable: " + "; ".join(open_ones)
    if missed or not found:
        names = ", ".join(sorted(missed)[:5])
        return NOT_AUDITED, f"NOT AUDITED: {len(missed)} of {len(wanted)} not looked up ({names})"
    return CLEAN, f"{len(wanted)} of {len(wanted)} packages audited, no known vulnerability"


def _ask(lock: Path) -> str:
    """pip-audit’s report on a lock, or what it said instead of one."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(lock), "--disable-pip"]
    command += ["--require-hashes", "--vulnerability-service", "osv", "--format", "json"]
    done = subprocess.run(  # noqa: S603  our own words only
        [*command, "--progress-spinner", "off"], capture_output=True, text=True, check=False
    )
    last = done.stderr.strip().splitlines()[-1:] or [""]
    return done.stdout if done.stdout.strip() else last[0]


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    sys.exit(main())
