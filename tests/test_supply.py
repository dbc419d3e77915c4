"""What Handoff Desk is built from: an audit that cannot pass by not having looked."""

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("base.txt", "dev.txt", "tools.txt")


def audit() -> Any:
    """The script, which belongs to no package."""
    spec = importlib.util.spec_from_file_location("audit", ROOT / "requirements" / "audit.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def report(*rows: dict[str, Any]) -> str:
    return json.dumps({"dependencies": list(rows), "fixes": []})


DJANGO = {"name": "Django", "version": "5.2.1", "vulns": []}
HTTPX = {"name": "httpx", "version": "1.0", "vulns": []}
SKIPPED = {"name": "httpx", "skip_reason": "could not be audited"}
BAD = {"name": "httpx", "version": "1.0", "vulns": [{"id": "PYSEC-1"}]}


@pytest.mark.parametrize(
    ("said", "code", "words"),
    [
        (report(DJANGO, HTTPX), 0, "2 of 2 packages audited"),
        (report(DJANGO, BAD), 1, "httpx 1.0: PYSEC-1"),
        (report(DJANGO, SKIPPED), 3, "NOT AUDITED: 1 of 2 not looked up"),
        (report(DJANGO), 3, "NOT AUDITED"),
        (report(), 3, "NOT AUDITED"),
        ("", 3, "NOT AUDITED"),
        ("Failed to resolve 'api.osv.dev'", 3, "api.osv.dev"),
    ],
)
def test_only_an_audit_that_looked_at_everything_is_clean(said: str, code: int, words: str) -> None:
    found, told = audit().verdict({"django", "httpx"}, said)
    assert (found, words in told) == (code, True), told


def test_an_empty_lock_is_not_clean_either() -> None:
    assert audit().verdict(set(), report())[0] == 3


@pytest.mark.parametrize("name", LOCKS)
def test_every_line_of_a_lock_is_pinned_with_hashes_and_names_no_registry(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text()
    entries = re.split(r"\n(?=\S)", text.strip())
    assert len(entries) > 20
    for entry in entries:
        assert re.match(r"[A-Za-z0-9._-]+(\[[^]]*\])?==\S+", entry), entry[:80]
        assert "--hash=sha256:" in entry, entry[:80]
    assert "://" not in text
    assert len(audit().locked(text)) == len(entries)
